//! How a listener serves IMAP.

use std::time::Duration;

use postern_proto_sasl::Mechanism;

/// What one listener's sessions go by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// STARTTLS is offered: the listener begins in the clear and has a certificate.
    pub starttls: bool,
    /// Passwords may be sent without TLS by peers that are not this machine.
    pub allow_plaintext: bool,
    /// SCRAM-SHA-256 is offered beside PLAIN and LOGIN, though an account may be unable to use it. Without this it is offered
    /// while every account has a verifier ([`postern_access::Authenticator::offers_scram`]).
    pub scram: bool,
    /// Largest message of APPEND in octets (RFC 7889); the same as SMTP takes.
    pub append_limit: u64,
    /// Most messages that one command works on (RFC 9738, which asks for 1000 at least); all when `None`.
    pub message_limit: Option<u32>,
    /// Octets of messages that one connection may have us hold at once; an APPEND of several messages counts whole.
    pub literal_budget: u64,
    /// Time from the connection to the end of a login.
    pub login_timeout: Duration,
    /// Time without a command after which a session ends, in IDLE too; RFC 9051 §5.4 asks for 30 minutes at least.
    pub idle_timeout: Duration,
    /// How long the answer to a failed login waits.
    pub failed_login_delay: Duration,
    /// Time after which a command says that it is still at work, and how far (RFC 9585 §3).
    pub progress: Duration,
    /// Searches of one process that read bodies at the same time.
    pub body_searches: usize,
}

impl Default for Config {
    /// No STARTTLS, no SCRAM, 50 MiB, no limit of messages, 64 MiB, 1 min, 31 min, 1 s, 10 s, two.
    fn default() -> Self {
        Self {
            starttls: false,
            allow_plaintext: false,
            scram: false,
            append_limit: 50 << 20,
            message_limit: None,
            literal_budget: 64 << 20,
            login_timeout: Duration::from_mins(1),
            idle_timeout: Duration::from_mins(31),
            failed_login_delay: Duration::from_secs(1),
            progress: Duration::from_secs(10),
            body_searches: 2,
        }
    }
}

impl Config {
    /// Octets of messages that a connection may hold for one command.
    pub(crate) fn holds(&self) -> u64 {
        self.literal_budget.max(self.append_limit)
    }

    /// The SASL mechanisms on offer, best first; the machine knows on which channels each can be done.
    pub(crate) fn mechanisms(scram: bool, tokens: bool) -> Vec<String> {
        let offered = |m: &Mechanism| (scram || !m.needs_verifier()) && (tokens || !m.needs_issuer());
        Mechanism::ALL.into_iter().filter(offered).map(|m| m.as_str().to_owned()).collect()
    }
}
