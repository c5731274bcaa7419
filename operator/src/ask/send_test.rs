//! A message for a try: by SMTP through the frontend's Service, as a stranger would send it, to a box of whoever asks.

use std::time::Duration;

use postern_core::{Address, Timestamp};
use postern_crds::k8s_openapi::jiff;
use postern_inspect::Scope;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

use super::Desk;

/// For the whole dialogue.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest reply line (RFC 5321 §4.5.3.1.5 has 512; some send more).
const LINE: usize = 4096;

/// What was sent and what was said to it.
pub struct Sent {
    /// By which it is found in the trail.
    pub message_id: String,
    /// The reply to the message.
    pub reply: String,
}

/// Sends it.
///
/// # Errors
/// A sentence for whoever asked.
pub async fn send(desk: &Desk, scope: Scope<'_>, to: &str) -> Result<Sent, String> {
    let to: Address = to.parse().map_err(|error| format!("{to} is no address: {error}"))?;
    let found = desk.directory.domain(to.domain()).await.map_err(|error| format!("the directory cannot be read now: {error}"))?;
    let allowed = found.is_some_and(|domain| match scope {
        Scope::All => true,
        Scope::Tenant(tenant) => domain.record.tenant == tenant,
    });
    // The same words for a domain of others and for one of nobody.
    if !allowed {
        return Err(format!("{} is not served here for this namespace; `kubectl get domains` lists what is", to.domain()));
    }
    let (door, host) = door(desk).ok_or("there is no MailCluster, so there is no door to knock at")?;
    let message_id = format!("{}@{host}", desk.ids.trace());
    let message = format!(
        "Date: {}\r\nFrom: Postern <postmaster@{host}>\r\nTo: <{to}>\r\nSubject: A test by kubectl postern send-test\r\n\
         Message-ID: <{message_id}>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=us-ascii\r\n\r\nWho reads this has a box that takes mail.\r\n",
        date(desk.clock.now()),
    );
    let reply = timeout(PATIENCE, speak(&door, &host, &to, &message)).await.map_err(|_| format!("{door} did not answer in time"))??;
    Ok(Sent { message_id, reply })
}

/// RFC 5322 §3.3
fn date(now: Timestamp) -> String {
    let now = jiff::Timestamp::from_microsecond(now.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    now.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// The Service's door for strangers and the installation's name.
fn door(desk: &Desk) -> Option<(String, String)> {
    let tables = desk.cache.read();
    let (id, entry) = tables.clusters.in_namespace(&desk.namespace).next()?;
    Some((format!("{}-frontend.{}.svc:25", id.name, desk.namespace), entry.object.spec.hostnames.mail.0.clone()))
}

async fn speak(door: &str, host: &str, to: &Address, message: &str) -> Result<String, String> {
    let stream = TcpStream::connect(door).await.map_err(|error| format!("{door} cannot be reached: {error}"))?;
    let mut stream = BufReader::new(stream);
    reply(&mut stream, '2').await?;
    for (command, expected) in [
        (format!("EHLO {host}\r\n"), '2'),
        // From nobody, so that nothing answers to it (RFC 5321 §4.5.5).
        ("MAIL FROM:<>\r\n".to_owned(), '2'),
        (format!("RCPT TO:<{to}>\r\n"), '2'),
        ("DATA\r\n".to_owned(), '3'),
    ] {
        write(&mut stream, &command).await?;
        reply(&mut stream, expected).await?;
    }
    write(&mut stream, message).await?;
    write(&mut stream, ".\r\n").await?;
    let taken = reply(&mut stream, '2').await?;
    let _ = write(&mut stream, "QUIT\r\n").await;
    Ok(taken)
}

async fn write(stream: &mut BufReader<TcpStream>, text: &str) -> Result<(), String> {
    stream.get_mut().write_all(text.as_bytes()).await.map_err(|error| format!("the connection broke: {error}"))
}

/// The last line of a reply, if it begins with the expected digit.
async fn reply(stream: &mut BufReader<TcpStream>, expected: char) -> Result<String, String> {
    loop {
        let mut line = Vec::new();
        let mut bounded = tokio::io::AsyncReadExt::take(&mut *stream, LINE as u64);
        bounded.read_until(b'\n', &mut line).await.map_err(|error| format!("the connection broke: {error}"))?;
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        match line.chars().nth(3) {
            Some('-') => {}
            _ if line.starts_with(expected) => return Ok(line),
            _ if line.is_empty() => return Err("the connection ended".to_owned()),
            _ => return Err(format!("refused: {line}")),
        }
    }
}
