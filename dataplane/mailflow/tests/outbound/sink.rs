//! A mail server that does as it is told: a reply for each stage, TLS or what looks like it, and a list of what it took.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use postern_net::{Stream, tls::ServerTls};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Notify,
};

/// A mail that was taken.
#[derive(Clone, Debug)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    pub body: String,
    pub helo: String,
    pub peer: SocketAddr,
    pub tls: bool,
}

/// What to answer. An empty text closes the connection instead.
#[derive(Clone)]
pub struct Script {
    pub greeting: &'static str,
    pub offers: &'static [&'static str],
    pub mail: &'static str,
    /// By the recipient's address.
    pub rcpt: fn(&str) -> &'static str,
    pub data: &'static str,
    pub end: &'static str,
    pub tls: Option<ServerTls>,
    /// After STARTTLS, talks nonsense instead of TLS.
    pub spoils_tls: bool,
    /// Transactions after which it closes.
    pub closes_after: usize,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            greeting: "220 sink.example ESMTP",
            offers: &["PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 1000000"],
            mail: "250 2.1.0 ok",
            rcpt: |_| "250 2.1.5 ok",
            data: "354 go on",
            end: "250 2.0.0 taken",
            tls: None,
            spoils_tls: false,
            closes_after: usize::MAX,
        }
    }
}

/// The server. It ends with its test.
#[derive(Clone)]
pub struct Sink {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    script: Mutex<Script>,
    mails: Mutex<Vec<Mail>>,
    connections: AtomicUsize,
    /// Something happened.
    moved: Notify,
    /// Lets transactions go on that wait before their end.
    gate: tokio::sync::Semaphore,
    gated: std::sync::atomic::AtomicBool,
}

impl Sink {
    pub async fn start(address: &str, script: Script) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            script: Mutex::new(script),
            mails: Mutex::default(),
            connections: AtomicUsize::new(0),
            moved: Notify::new(),
            gate: tokio::sync::Semaphore::new(0),
            gated: false.into(),
        });
        let sink = Self { address, shared: shared.clone() };
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let shared = shared.clone();
                tokio::spawn(async move { serve(Stream::plain(tcp).unwrap(), &shared).await });
            }
        });
        sink
    }

    pub fn set(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.shared.script.lock().unwrap());
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.shared.mails.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Transactions wait with the whole message received until they are let go.
    pub fn hold_ends(&self) {
        self.shared.gated.store(true, Ordering::SeqCst);
    }

    pub fn let_go(&self, transactions: usize) {
        self.shared.gate.add_permits(transactions);
    }

    /// Waits until so many messages came to their end.
    pub async fn wait_for(&self, count: usize) -> Vec<Mail> {
        loop {
            let moved = self.shared.moved.notified();
            let mails = self.mails();
            if mails.len() >= count {
                return mails;
            }
            tokio::time::timeout(std::time::Duration::from_secs(20), moved)
                .await
                .unwrap_or_else(|_| panic!("{} of {count} mails came", mails.len()));
        }
    }
}

/// One connection; `None` is its end.
async fn serve(mut stream: Stream, shared: &Shared) -> Option<()> {
    let mut script = shared.script.lock().unwrap().clone();
    let peer = stream.peer();
    let mut input = Vec::new();
    let (mut from, mut to, mut helo, mut tls, mut done) = (String::new(), Vec::new(), String::new(), false, 0);
    say(&mut stream, script.greeting).await?;
    loop {
        let line = read_until(&mut stream, &mut input, "\r\n").await?;
        script = shared.script.lock().unwrap().clone();
        let (verb, rest) = line.split_once([' ', ':']).unwrap_or((&line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" | "HELO" => {
                helo = rest.to_owned();
                let mut lines: Vec<String> = vec!["sink.example".to_owned()];
                lines.extend(script.offers.iter().map(ToString::to_string));
                if (script.tls.is_some() || script.spoils_tls) && !tls {
                    lines.push("STARTTLS".to_owned());
                }
                let last = lines.len() - 1;
                let reply: Vec<String> =
                    lines.iter().enumerate().map(|(i, l)| format!("250{}{l}", if i == last { ' ' } else { '-' })).collect();
                say(&mut stream, &reply.join("\r\n")).await?;
            }
            "STARTTLS" => {
                say(&mut stream, "220 go on").await?;
                if script.spoils_tls {
                    return say(&mut stream, "this is not TLS").await;
                }
                stream = stream.accept_tls(script.tls.as_ref()?).await.ok()?;
                tls = true;
            }
            "MAIL" => {
                from = path(rest);
                to.clear();
                say(&mut stream, script.mail).await?;
            }
            "RCPT" => {
                let address = path(rest);
                let reply = if script.mail.starts_with('2') { (script.rcpt)(&address) } else { "503 5.5.1 MAIL first" };
                if reply.starts_with('2') {
                    to.push(address);
                }
                say(&mut stream, reply).await?;
            }
            "DATA" => {
                if to.is_empty() || !script.data.starts_with('3') {
                    say(&mut stream, if to.is_empty() { "554 5.5.1 nobody to send to" } else { script.data }).await?;
                    continue;
                }
                say(&mut stream, script.data).await?;
                let body = read_until(&mut stream, &mut input, "\r\n.\r\n").await?;
                let mail = Mail { from: from.clone(), to: to.clone(), body, helo: helo.clone(), peer, tls };
                if script.end.starts_with('2') {
                    shared.mails.lock().unwrap().push(mail);
                }
                shared.moved.notify_waiters();
                if shared.gated.load(Ordering::SeqCst) {
                    shared.gate.acquire().await.unwrap().forget();
                }
                say(&mut stream, script.end).await?;
                done += 1;
                if done >= script.closes_after {
                    return None;
                }
            }
            "RSET" => say(&mut stream, "250 ok").await?,
            "QUIT" => return say(&mut stream, "221 bye").await,
            _ => say(&mut stream, "500 what").await?,
        }
    }
}

async fn say(stream: &mut Stream, text: &str) -> Option<()> {
    if text.is_empty() {
        return None;
    }
    stream.write_all(format!("{text}\r\n").as_bytes()).await.ok()?;
    stream.flush().await.ok()
}

async fn read_until(stream: &mut Stream, input: &mut Vec<u8>, end: &str) -> Option<String> {
    let mut buffer = [0; 8192];
    loop {
        if let Some(at) = input.windows(end.len()).position(|w| w == end.as_bytes()) {
            let taken: Vec<u8> = input.drain(..at + end.len()).collect();
            return Some(String::from_utf8_lossy(&taken[..at]).into_owned());
        }
        let read = stream.read(&mut buffer).await.ok().filter(|n| *n > 0)?;
        input.extend_from_slice(&buffer[..read]);
    }
}

fn path(rest: &str) -> String {
    rest.split_once('<').and_then(|(_, r)| r.split_once('>')).map(|(p, _)| p.to_owned()).unwrap_or_default()
}
