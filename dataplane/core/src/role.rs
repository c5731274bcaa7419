//! What a process does: any set of roles in one process, each scaled alone in a cluster.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// One role of the `postern` binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// SMTP from other servers, port 25.
    Mx,
    /// SMTP from users, ports 587 and 465.
    Submission,
    /// IMAP, ports 143 and 993.
    Imap,
    /// Pages, policies, issuers' challenges: ports 80 and 443.
    Web,
    /// Sends what is queued.
    Sender,
    /// Retention, sweeping, sums.
    Janitor,
}

impl Role {
    /// Every role, in the order that help texts list them.
    pub const ALL: [Self; 6] = [Self::Mx, Self::Submission, Self::Imap, Self::Web, Self::Sender, Self::Janitor];

    /// The name in flags, files and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mx => "mx",
            Self::Submission => "submission",
            Self::Imap => "imap",
            Self::Web => "web",
            Self::Sender => "sender",
            Self::Janitor => "janitor",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no role; there are mx, submission, imap, web, sender, janitor")]
pub struct NotARole(pub String);

impl FromStr for Role {
    type Err = NotARole;
    fn from_str(s: &str) -> Result<Self, NotARole> {
        Self::ALL.into_iter().find(|r| r.as_str() == s).ok_or_else(|| NotARole(s.to_owned()))
    }
}
