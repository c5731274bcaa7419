//! Why a recipient is not taken, and what is said about it.

use postern_core::{EnhancedCode, Outcome};

/// Why a recipient is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not ours, and a stranger asks.
    RelayDenied,
    /// Our domain, and nobody has the address.
    NoSuchMailbox,
    /// Our domain only sends.
    ReceivesNothing,
    /// Its aliases lead to each other.
    AliasLoop,
    /// Its aliases lead to too many.
    TooManyTargets,
}

impl Refusal {
    /// The name in the trail.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RelayDenied => "relay_denied",
            Self::NoSuchMailbox => "no_such_mailbox",
            Self::ReceivesNothing => "receives_nothing",
            Self::AliasLoop => "alias_loop",
            Self::TooManyTargets => "too_many_targets",
        }
    }

    /// The reply to RCPT.
    #[must_use]
    pub fn outcome(self) -> Outcome {
        match self {
            Self::RelayDenied => Outcome::permanent(550, EnhancedCode::POLICY, "Relay denied: that domain is not served here"),
            Self::NoSuchMailbox => Outcome::permanent(550, EnhancedCode::NO_SUCH_MAILBOX, "No such mailbox here"),
            Self::ReceivesNothing => Outcome::permanent(550, EnhancedCode::MAILBOX_DISABLED, "That domain receives no mail"),
            Self::AliasLoop => Outcome::permanent(550, EnhancedCode::LOOP, "The aliases of that address lead in a circle"),
            Self::TooManyTargets => Outcome::permanent(550, EnhancedCode::LOOP, "The aliases of that address lead to too many others"),
        }
    }
}
