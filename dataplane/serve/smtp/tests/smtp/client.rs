//! A client that says exactly what a test tells it to.

use std::{net::SocketAddr, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use postern_net::Stream;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::room::{HOST, PASSWORD, Room};

pub struct Client {
    stream: Stream,
    buffer: Vec<u8>,
}

impl Client {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = postern_net::connect::connect(address, None, Duration::from_secs(5)).await.unwrap();
        Self { stream, buffer: Vec::new() }
    }

    pub async fn greeted(address: SocketAddr) -> Self {
        let mut client = Self::connect(address).await;
        assert_eq!(client.reply().await, format!("220 {HOST} ESMTP Postern"));
        client
    }

    pub async fn send(&mut self, octets: impl AsRef<[u8]>) {
        self.stream.write_all(octets.as_ref()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// The last line of the next reply; `closed` at the end.
    pub async fn reply(&mut self) -> String {
        loop {
            let Some(line) = self.line().await else { return "closed".into() };
            if line.as_bytes().get(3) != Some(&b'-') {
                return line;
            }
        }
    }

    /// All lines of the next reply.
    pub async fn lines(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(line) = self.line().await {
            let last = line.as_bytes().get(3) != Some(&b'-');
            lines.push(line);
            if last {
                break;
            }
        }
        lines
    }

    async fn line(&mut self) -> Option<String> {
        let reading = async {
            loop {
                if let Some(end) = self.buffer.windows(2).position(|w| w == b"\r\n") {
                    let line: Vec<u8> = self.buffer.drain(..end + 2).collect();
                    return Some(String::from_utf8(line[..end].to_vec()).unwrap());
                }
                if self.stream.read_buf(&mut self.buffer).await.unwrap_or(0) == 0 {
                    return None;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), reading).await.unwrap()
    }

    /// One command, one reply.
    pub async fn say(&mut self, command: &str) -> String {
        self.send(format!("{command}\r\n")).await;
        self.reply().await
    }

    /// One command, whose reply begins so.
    pub async fn expect(&mut self, command: &str, begin: &str) {
        let reply = self.say(command).await;
        assert!(reply.starts_with(begin), "{command}: {reply}, not {begin}");
    }

    /// EHLO, and one message from `from` to each of `to`; the reply to its end.
    pub async fn deliver(&mut self, from: &str, to: &[&str], message: &str) -> String {
        self.expect("EHLO client.example.net", "250 ").await;
        self.mail(from, to, message).await
    }

    /// The same without EHLO.
    pub async fn mail(&mut self, from: &str, to: &[&str], message: &str) -> String {
        self.expect(&format!("MAIL FROM:<{from}>"), "250 2.1.0").await;
        for recipient in to {
            self.expect(&format!("RCPT TO:<{recipient}>"), "250 2.1.5").await;
        }
        self.data(message).await
    }

    /// DATA, the message, the dot.
    pub async fn data(&mut self, message: &str) -> String {
        self.expect("DATA", "354 ").await;
        self.send(format!("{message}\r\n.\r\n")).await;
        self.reply().await
    }

    pub async fn login(&mut self, user: &str) {
        self.expect("EHLO client.example.net", "250 ").await;
        self.expect(&format!("AUTH PLAIN {}", plain(user, PASSWORD)), "235 2.7.0").await;
    }

    /// What this TLS connection exports for channel binding (RFC 9266).
    pub fn exporter(&self) -> [u8; 32] {
        self.stream.tls().unwrap().exporter.unwrap()
    }

    pub async fn start_tls_after_hello(mut self, room: &Room) -> Self {
        self.expect("EHLO client.example.net", "250 ").await;
        self.start_tls(room).await
    }

    pub async fn start_tls(mut self, room: &Room) -> Self {
        self.expect("STARTTLS", "220 2.0.0").await;
        self.tls(room).await
    }

    pub async fn tls(self, room: &Room) -> Self {
        assert!(self.buffer.is_empty());
        let (stream, _) = self.stream.connect_tls(&room.client_tls, HOST).await.unwrap();
        Self { stream, buffer: Vec::new() }
    }
}

/// An initial response of PLAIN.
pub fn plain(user: &str, password: &str) -> String {
    STANDARD.encode(format!("\0{user}\0{password}"))
}

pub fn encoded(text: &str) -> String {
    STANDARD.encode(text)
}

pub fn decoded(text: &str) -> String {
    String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
}

/// The client's last message of SCRAM-SHA-256, bound to a channel by the header and data in `binding`.
pub fn scram_final(binding: &[u8], client_first_bare: &str, server_first: &str, password: &str) -> String {
    let field = |name: &str| server_first.split(',').find_map(|f| f.strip_prefix(name)).unwrap().to_owned();
    let salt = STANDARD.decode(field("s=")).unwrap();
    let mac = |key: &[u8], text: &[u8]| -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(text);
        mac.finalize().into_bytes().into()
    };
    let mut round = mac(password.as_bytes(), &[&salt[..], &[0, 0, 0, 1]].concat());
    let mut salted = round;
    for _ in 1..field("i=").parse::<u32>().unwrap() {
        round = mac(password.as_bytes(), &round);
        salted.iter_mut().zip(round).for_each(|(all, one)| *all ^= one);
    }
    let client_key = mac(&salted, b"Client Key");
    let without_proof = format!("c={},r={}", STANDARD.encode(binding), field("r="));
    let stored: [u8; 32] = Sha256::digest(client_key).into();
    let signature = mac(&stored, format!("{client_first_bare},{server_first},{without_proof}").as_bytes());
    let proof: Vec<u8> = client_key.iter().zip(signature).map(|(key, sign)| key ^ sign).collect();
    format!("{without_proof},p={}", STANDARD.encode(proof))
}

pub const MAIL: &str = "From: Friend <friend@elsewhere.example>\r\nTo: alice@example.org\r\nSubject: hello\r\n\
                        Message-ID: <1@elsewhere.example>\r\nDate: Sun, 22 Nov 2026 00:00:00 +0000\r\n\r\nHi.";
