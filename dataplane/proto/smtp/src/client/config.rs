//! How our client introduces itself and what it insists on.

use postern_core::Secret;

/// Settings of the client's machine for one connection.
#[derive(Clone, Debug)]
pub struct Config {
    /// Our name in EHLO; the source address's reverse name.
    pub hostname: String,
    /// What to do about STARTTLS. [`StartTls::Never`] where TLS was there from the start.
    pub starttls: StartTls,
    /// The PLAIN message (RFC 4616) to log in with, for smarthosts; sent only where PLAIN is offered.
    pub auth: Option<Secret<Vec<u8>>>,
    /// Prefer BDAT to DATA where CHUNKING is offered.
    pub chunking: bool,
    /// Keep the dialogue for the trail.
    pub record: bool,
}

impl Config {
    /// TLS if offered, no login, DATA, no record.
    #[must_use]
    pub fn new(hostname: impl Into<String>) -> Self {
        Self { hostname: hostname.into(), starttls: StartTls::IfOffered, auth: None, chunking: false, record: false }
    }
}

/// Whether the session moves to TLS (RFC 3207).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StartTls {
    /// Stays as it is.
    Never,
    /// Where offered; a refusal is put up with.
    #[default]
    IfOffered,
    /// Or not at all (MTA-STS, DANE, REQUIRETLS).
    Required,
}
