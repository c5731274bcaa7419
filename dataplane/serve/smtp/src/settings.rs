//! What a listener offers and bears.

use std::{sync::Arc, time::Duration};

use postern_proto_sasl::Mechanism;
use postern_proto_smtp::{limits, server::Config};

use crate::Memory;

/// Whose door it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Port 25: strangers bring mail for our boxes.
    Exchanger,
    /// Ports 587 and 465: our users send.
    Submission,
}

/// What decides about the logins on offer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Channel {
    /// TLS stands.
    pub encrypted: bool,
    /// A password may be sent on it.
    pub private: bool,
    /// There is something to bind a login to (RFC 9266).
    pub bound: bool,
    /// SCRAM is offered.
    pub scram: bool,
    /// An issuer's tokens are taken.
    pub tokens: bool,
}

/// Settings of one listener.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whose door it is.
    pub kind: Kind,
    /// Our name in the greeting.
    pub hostname: String,
    /// Largest message (RFC 1870), octets.
    pub max_message_size: u64,
    /// What messages may take of memory while they come; listeners of a process share one.
    pub memory: Arc<Memory>,
    /// Recipients of a transaction at most.
    pub max_recipients: u32,
    /// Refused commands since the last good message before 421.
    pub max_errors: u32,
    /// Messages of a connection at most.
    pub max_transactions: u32,
    /// Time for the next command (RFC 5321 §4.5.3.2.7).
    pub command_timeout: Duration,
    /// Time for the next 64 KiB of a message.
    pub data_timeout: Duration,
    /// Whether a certificate is there: STARTTLS is offered then.
    pub tls: bool,
    /// Whether passwords are taken without TLS from others than this machine.
    pub allow_plaintext: bool,
    /// SCRAM-SHA-256 is offered, though an account may be unable to use it. Without this it is offered while every account has
    /// a verifier ([`postern_access::Authenticator::offers_scram`]).
    pub scram: bool,
}

impl Settings {
    /// The usual ones: 50 MiB a message and 512 MiB for all that come at once, 1000 recipients, 50 errors, 10 000 messages, 5 minutes, no TLS, no SCRAM.
    #[must_use]
    pub fn new(kind: Kind, hostname: impl Into<String>) -> Self {
        Self {
            kind,
            hostname: hostname.into(),
            max_message_size: 50 << 20,
            memory: Memory::new(512 << 20),
            max_recipients: 1000,
            max_errors: 50,
            max_transactions: 10_000,
            command_timeout: limits::SERVER_TIMEOUT,
            data_timeout: limits::SERVER_TIMEOUT,
            tls: false,
            allow_plaintext: false,
            scram: false,
        }
    }

    /// The machine's settings for a channel.
    pub(crate) fn machine(&self, channel: Channel) -> Config {
        let offered = |m: &Mechanism| {
            (channel.scram || !m.needs_verifier()) && (channel.tokens || !m.needs_issuer()) && (channel.bound || !m.binds_channel())
        };
        let auth = match self.kind {
            Kind::Submission if channel.private => Mechanism::ALL.into_iter().filter(offered).map(Mechanism::as_str).collect(),
            _ => Vec::new(),
        };
        Config {
            max_size: self.max_message_size,
            max_recipients: self.max_recipients,
            max_errors: self.max_errors,
            starttls: self.tls && !channel.encrypted,
            auth,
            auth_required: self.kind == Kind::Submission,
            // What REQUIRETLS promises, the sender does not keep yet.
            require_tls: false,
            record: true,
            ..Config::new(self.hostname.clone())
        }
    }
}
