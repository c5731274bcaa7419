//! CAPABILITY, computed from the state: what is listed is implemented, and works now.

use std::fmt;

use super::State;

/// What all sessions of a listener share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// SASL mechanisms to offer, in capitals, best first.
    pub mechanisms: Vec<String>,
    /// Largest message of APPEND, in octets (RFC 7889).
    pub append_limit: u64,
    /// Most messages that one command works on; all when `None` (RFC 9738).
    pub message_limit: Option<u32>,
}

/// What the connection is, so far as it decides what may be said on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channel {
    /// TLS stands.
    pub tls: bool,
    /// STARTTLS can be done: there is a certificate.
    pub starttls: bool,
    /// A login can be bound to it: TLS with an exporter (RFC 9266). Without, no `-PLUS` mechanism is offered.
    pub binding: bool,
    /// The bytes are compressed (RFC 4978).
    pub compressed: bool,
    /// Passwords may be sent without TLS: the peer is this machine, or the operator says so.
    pub cleartext_login: bool,
}

impl Channel {
    /// Whether a login may be tried now.
    #[must_use]
    pub const fn may_login(self) -> bool {
        self.tls || self.cleartext_login
    }

    /// Whether a mechanism of the listener's can be done on it.
    #[must_use]
    pub fn can_do(self, mechanism: &str) -> bool {
        self.binding || !mechanism.ends_with("-PLUS")
    }
}

/// The list, written by `Display`: `IMAP4rev2 IMAP4rev1 …`, without the word CAPABILITY.
#[derive(Clone, Copy, Debug)]
pub struct Capabilities<'c> {
    /// What the listener offers.
    pub config: &'c Config,
    /// What the connection is.
    pub channel: Channel,
    /// Where the session stands.
    pub state: State,
}

/// In every state.
const ALWAYS: &str = "IMAP4rev2 IMAP4rev1 ID";

/// After login, one a line. LITERAL+ takes the place of LITERAL-: both at once are forbidden (RFC 7888 §6).
#[rustfmt::skip]
const AFTER_LOGIN: &[&str] = &[
    "LITERAL+",
    "ENABLE",
    "IDLE",
    "NAMESPACE",
    "UNSELECT",
    "UIDPLUS",
    "MOVE",
    "CHILDREN",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "SPECIAL-USE",
    "CREATE-SPECIAL-USE",
    "MULTIAPPEND",
    "CATENATE",
    "REPLACE",
    "URLAUTH",
    "URLAUTH=BINARY",
    "ESEARCH",
    "SEARCHRES",
    "WITHIN",
    "STATUS=SIZE",
    "BINARY",
    "CONDSTORE",
    "QRESYNC",
    "QUOTA",
    "QUOTA=RES-STORAGE",
    "METADATA",
    "LIST-METADATA",
    "ACL",
    "RIGHTS=texk",
    "LIST-MYRIGHTS",
    "NOTIFY",
    "OBJECTID",
    "SAVEDATE",
    "PREVIEW",
    "UIDONLY",
    "UNAUTHENTICATE",
    "UTF8=ACCEPT",
    "SEARCH=FUZZY",
    "PARTIAL",
    "INPROGRESS",
    "SORT",
    "SORT=DISPLAY",
    "ESORT",
    "CONTEXT=SEARCH",
    "CONTEXT=SORT",
    "FILTERS",
    "MULTISEARCH",
    "THREAD=ORDEREDSUBJECT",
    "THREAD=REFERENCES",
];

impl fmt::Display for Capabilities<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ALWAYS)?;
        if self.state != State::NotAuthenticated {
            AFTER_LOGIN.iter().try_for_each(|capability| write!(f, " {capability}"))?;
            if !self.channel.compressed {
                f.write_str(" COMPRESS=DEFLATE")?;
            }
            if let Some(limit) = self.config.message_limit {
                write!(f, " MESSAGELIMIT={limit}")?;
            }
            return write!(f, " APPENDLIMIT={}", self.config.append_limit);
        }
        f.write_str(" LITERAL- SASL-IR")?;
        if self.channel.starttls && !self.channel.tls {
            f.write_str(" STARTTLS")?;
        }
        if !self.channel.may_login() {
            // RFC 9051 §6.2.3: LOGINDISABLED where LOGIN would be refused; no mechanism is offered either.
            return f.write_str(" LOGINDISABLED");
        }
        let mut offered = self.config.mechanisms.iter().filter(|mechanism| self.channel.can_do(mechanism));
        offered.try_for_each(|mechanism| write!(f, " AUTH={mechanism}"))
    }
}
