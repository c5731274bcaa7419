//! The outcome of an attempt: the reply, the log line and the trail's row are all made of it.

use std::{fmt, net::IpAddr};

use postern_core::{AccountId, Address, EnhancedCode, Outcome, Timestamp, directory::Protocols};

use crate::bearer::Fault;

/// Which protocol somebody wants in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Door {
    /// IMAP.
    Imap,
    /// POP3.
    Pop3,
    /// Submission.
    Submission,
    /// `ManageSieve`: open where IMAP is.
    ManageSieve,
    /// `ActiveSync`.
    ActiveSync,
    /// Panel and webmail: always open.
    Web,
}

impl Door {
    /// The name in logs and in the trail.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::Submission => "submission",
            Self::ManageSieve => "managesieve",
            Self::ActiveSync => "activesync",
            Self::Web => "web",
        }
    }

    pub(super) const fn is_open(self, protocols: Protocols) -> bool {
        match self {
            Self::Imap | Self::ManageSieve => protocols.imap,
            Self::Pop3 => protocols.pop3,
            Self::Submission => protocols.smtp,
            Self::ActiveSync => protocols.active_sync,
            Self::Web => true,
        }
    }
}

/// Somebody who may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The account.
    pub account: AccountId,
    /// Its primary address.
    pub address: Address,
    /// The tenant.
    pub tenant: String,
    /// Which doors are open.
    pub protocols: Protocols,
}

/// Why somebody may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No such account, no password, or the wrong one: never told apart.
    BadCredentials,
    /// A token that will not do. The client is not told what is wrong with it.
    BadToken(Fault),
    /// Too many failures.
    Throttled {
        /// When to try again.
        until: Timestamp,
    },
    /// Proven, but suspended.
    Suspended,
    /// Proven, but this door is closed.
    ProtocolNotPermitted,
    /// Proven, but wants to act as somebody else.
    NotYourself,
    /// The directory is away or too many logins wait. The reason is private.
    Unavailable(String),
}

impl Refusal {
    /// The reply of SMTP's AUTH (RFC 4954 §6); other protocols take its text.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        /// X.7.8: authentication credentials invalid.
        const INVALID: EnhancedCode = EnhancedCode(7, 8);
        match self {
            Self::BadCredentials => Outcome::permanent(535, INVALID, "Authentication credentials invalid"),
            Self::BadToken(fault) => Outcome::permanent(535, INVALID, "The access token was not accepted").because(fault),
            Self::Throttled { until } => {
                Outcome::temporary(454, EnhancedCode(7, 0), "Too many failed logins, try again later").because(format!("until {until}"))
            }
            Self::Suspended => Outcome::permanent(535, EnhancedCode(7, 13), "This account is suspended"),
            Self::ProtocolNotPermitted => Outcome::permanent(535, EnhancedCode::POLICY, "This account may not use this protocol"),
            Self::NotYourself => Outcome::permanent(535, INVALID, "You may only act as yourself"),
            Self::Unavailable(cause) => Outcome::temporary(454, EnhancedCode(7, 0), "Temporary authentication failure").because(cause),
        }
    }

    /// The name in logs, metrics and the trail.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::BadCredentials => "bad_credentials",
            Self::BadToken(fault) => fault.as_str(),
            Self::Throttled { .. } => "throttled",
            Self::Suspended => "suspended",
            Self::ProtocolNotPermitted => "protocol_not_permitted",
            Self::NotYourself => "not_yourself",
            Self::Unavailable(_) => "unavailable",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.outcome().text)
    }
}

impl std::error::Error for Refusal {}

/// What was decided about an attempt, as it goes into the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// When.
    pub at: Timestamp,
    /// The name as the client wrote it; not to be trusted, not bounded here.
    pub login: String,
    /// The account that the name means, if any. For the trail only: it is set for failures too.
    pub account: Option<AccountId>,
    /// From where.
    pub client: IpAddr,
    /// To what.
    pub door: Door,
    /// What came of it.
    pub outcome: Result<Login, Refusal>,
}
