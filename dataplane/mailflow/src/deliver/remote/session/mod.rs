//! One SMTP session with another server, over a real connection: connect, STARTTLS, any number of transactions, QUIT.
//!
//! ```text
//! open ─▶ next address ─▶ connect ─▶ greeting, EHLO, STARTTLS ─▶ Link ─▶ send … send ─▶ quit
//!              ▲                          │ TLS failed: once more in the clear
//!              └── no, later, 4xx, 5xx ───┘
//! ```
//! The dialogue is the machine's (`postern_proto_smtp::client`); here are sockets and patience. TLS is opportunistic
//! (RFC 3207): any certificate serves, and what it was worth is recorded.

pub mod link;
mod open;

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use postern_core::{Outcome, Secret};
use postern_net::tls::ClientTls;
use postern_proto_smtp::client::{RecipientOutcome, StartTls};

pub use self::{
    link::Link,
    open::{Cursor, open},
};
use super::egress::Egress;

/// How sessions are held.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// Our name where the source address has none of its own.
    pub hostname: String,
    /// How long to wait for a connection, and for a TLS handshake.
    pub connect: Duration,
    /// No reply is awaited for longer than this; `None` is the patience of RFC 5321 §4.5.3.2.
    pub reply: Option<Duration>,
    /// TLS as a client.
    pub tls: ClientTls,
    /// Keep what was said.
    pub record: bool,
    /// The way out for pools whose addresses other nodes own; without it, every address is the sender's own.
    pub egress: Option<Arc<Egress>>,
}

/// What a relay of ours demands; a domain's own MX demands nothing.
#[derive(Clone, Debug, Default)]
pub struct Demands {
    /// What to do about STARTTLS.
    pub starttls: StartTls,
    /// The PLAIN message (RFC 4616) to log in with.
    pub auth: Option<Arc<Secret<Vec<u8>>>>,
}

/// The other end of a session, and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its host name as DNS gave it.
    pub host: String,
    /// Its address.
    pub address: SocketAddr,
    /// Where we come from; unknown when there was no connection.
    pub source: Option<IpAddr>,
    /// What protects it.
    pub tls: Tls,
}

/// What protects a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Nothing: not offered, or not begun yet.
    Clear,
    /// Nothing, for TLS was offered and failed: why.
    Failed(String),
    /// TLS.
    On {
        /// `TLSv1.3`.
        version: &'static str,
        /// The cipher suite.
        cipher: &'static str,
        /// Why the certificate proves nothing; `None` when it was verified.
        unverified: Option<String>,
    },
}

/// A host or address that did not become a session.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Where.
    pub peer: Peer,
    /// Why.
    pub outcome: Outcome,
    /// The server's own words, if it spoke.
    pub reply: Option<String>,
    /// What was said.
    pub dialogue: String,
}

/// What became of a transaction.
#[derive(Clone, Debug)]
pub struct Sent {
    /// One of each recipient, in the envelope's order.
    pub outcomes: Vec<RecipientOutcome>,
    /// What was said since the last transaction.
    pub dialogue: String,
    /// The connection ended with it.
    pub broken: bool,
}

/// Asked before a message's last octets go out: after them the server may have the message, whatever we are told.
#[async_trait]
pub trait Permit: Send + Sync {
    /// Whether the message is still ours to send, for as long as the answer to its end may take.
    async fn may_finish(&self) -> bool;
}
