//! What a server offers and bears; one value shared by all sessions of a listener, another for what it offers under TLS.

/// Settings of the server's machine.
#[derive(Clone, Debug)]
pub struct Config {
    /// Our name in the greeting and the reply to EHLO.
    pub hostname: String,
    /// SIZE (RFC 1870): octets of a message, without our trace headers.
    pub max_size: u64,
    /// Recipients of one transaction; at least [`crate::limits::MIN_RECIPIENTS`] (told by LIMITS, RFC 9422).
    pub max_recipients: u32,
    /// Refused commands since the last good message before 421.
    pub max_errors: u32,
    /// STARTTLS: a certificate is there and the channel is not encrypted yet.
    pub starttls: bool,
    /// AUTH mechanisms allowed in this state, in the order offered. Empty: no AUTH.
    pub auth: Vec<&'static str>,
    /// MAIL needs AUTH: a submission port (RFC 6409 §4.3).
    pub auth_required: bool,
    /// CHUNKING and BINARYMIME (RFC 3030).
    pub chunking: bool,
    /// SMTPUTF8 (RFC 6531).
    pub smtputf8: bool,
    /// DSN (RFC 3461).
    pub dsn: bool,
    /// REQUIRETLS (RFC 8689): only where the channel is encrypted.
    pub require_tls: bool,
    /// Keep the dialogue for the trail.
    pub record: bool,
}

impl Config {
    /// A mail exchanger's settings: 50 MiB, 1000 recipients, 50 errors, everything but STARTTLS, AUTH and REQUIRETLS.
    #[must_use]
    pub fn new(hostname: impl Into<String>) -> Self {
        Self {
            hostname: hostname.into(),
            max_size: 50 << 20,
            max_recipients: 1000,
            max_errors: 50,
            starttls: false,
            auth: Vec::new(),
            auth_required: false,
            chunking: true,
            smtputf8: true,
            dsn: true,
            require_tls: false,
            record: false,
        }
    }
}
