//! A client that reads whole responses, literals and all, and fails a test that waits for nothing.

use std::{net::SocketAddr, time::Duration};

use postern_net::{Stream, tls::ClientTls};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

/// Longer than anything a test waits for.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Client {
    stream: Stream,
    buffer: Vec<u8>,
    tag: u32,
}

impl Client {
    pub async fn connect(address: SocketAddr) -> Self {
        Self { stream: postern_net::connect::connect(address, None, PATIENCE).await.unwrap(), buffer: Vec::new(), tag: 0 }
    }

    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Puts TLS on.
    pub async fn start_tls(self, tls: &ClientTls) -> Self {
        let (stream, _) = self.stream.connect_tls(tls, "mail.example.org").await.unwrap();
        Self { stream, ..self }
    }

    /// What a login can be bound to, under TLS (RFC 9266).
    pub fn exporter(&self) -> [u8; 32] {
        self.stream.tls().unwrap().exporter.unwrap()
    }

    /// The next response without its CRLF: a line, and the literals that it goes on behind. Octets that are no text become `�`.
    pub async fn line(&mut self) -> String {
        String::from_utf8_lossy(&self.response().await.expect("the server is still there")).into_owned()
    }

    /// The next response as octets; `None` at the end.
    pub async fn response(&mut self) -> Option<Vec<u8>> {
        let mut from = 0;
        loop {
            let end = loop {
                if let Some(at) = self.buffer[from..].windows(2).position(|w| w == b"\r\n") {
                    break from + at + 2;
                }
                if !self.fill().await {
                    return None;
                }
            };
            let Some(size) = literal(&self.buffer[from..end - 2]) else {
                let mut whole: Vec<u8> = self.buffer.drain(..end).collect();
                whole.truncate(end - 2);
                return Some(whole);
            };
            from = end + size;
            while self.buffer.len() < from {
                if !self.fill().await {
                    return None;
                }
            }
        }
    }

    async fn fill(&mut self) -> bool {
        timeout(PATIENCE, self.stream.read_buf(&mut self.buffer)).await.expect("the server says something").unwrap_or(0) > 0
    }

    /// Sends a command and returns its tag.
    pub async fn begin(&mut self, command: &str) -> String {
        self.tag += 1;
        let tag = format!("a{}", self.tag);
        self.send(format!("{tag} {command}\r\n")).await;
        tag
    }

    /// Everything up to the tagged answer, which comes last and without its tag.
    pub async fn until(&mut self, tag: &str) -> Vec<String> {
        let mut answers = Vec::new();
        loop {
            let line = self.line().await;
            match line.strip_prefix(tag).and_then(|rest| rest.strip_prefix(' ')) {
                Some(status) => {
                    answers.push(status.to_owned());
                    return answers;
                }
                None => answers.push(line),
            }
        }
    }

    /// A command with all its answers, the tagged one last.
    pub async fn command(&mut self, command: &str) -> Vec<String> {
        let tag = self.begin(command).await;
        self.until(&tag).await
    }

    /// The untagged answers of a command that must succeed.
    pub async fn ok(&mut self, command: &str) -> Vec<String> {
        let mut answers = self.command(command).await;
        let last = answers.pop().unwrap();
        assert!(last.starts_with("OK"), "{command}: {last} after {answers:?}");
        answers
    }

    /// The tagged answer of a command that must fail.
    pub async fn fails(&mut self, command: &str) -> String {
        let last = self.command(command).await.pop().unwrap();
        assert!(last.starts_with("NO") || last.starts_with("BAD"), "{command}: {last}");
        last
    }

    /// APPEND with a literal that waits for no `+`.
    pub async fn append(&mut self, arguments: &str, body: &[u8]) -> String {
        self.tag += 1;
        let tag = format!("a{}", self.tag);
        self.send(format!("{tag} APPEND {arguments} {{{}+}}\r\n", body.len())).await;
        self.send(body).await;
        self.send("\r\n").await;
        self.until(&tag).await.pop().unwrap()
    }

    /// Enters IDLE; returns its tag.
    pub async fn idle(&mut self) -> String {
        let tag = self.begin("IDLE").await;
        assert_eq!(self.line().await, "+ idling");
        tag
    }

    /// Leaves IDLE.
    pub async fn done(&mut self, tag: &str) -> Vec<String> {
        self.send("DONE\r\n").await;
        self.until(tag).await
    }
}

fn literal(line: &[u8]) -> Option<usize> {
    let inside = line.strip_suffix(b"}")?;
    let open = inside.iter().rposition(|&b| b == b'{')?;
    std::str::from_utf8(&inside[open + 1..]).ok()?.parse().ok()
}
