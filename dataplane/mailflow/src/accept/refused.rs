//! A "no": what is said, and the word for it in the trail.

use postern_core::{EnhancedCode, Outcome};
use postern_message::header;
use postern_store::StoreError;

use crate::route;

/// Why something was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The word in the trail and in metrics.
    pub reason: &'static str,
    /// The reply.
    pub outcome: Outcome,
}

impl Refused {
    /// From its parts.
    #[must_use]
    pub const fn new(reason: &'static str, outcome: Outcome) -> Self {
        Self { reason, outcome }
    }

    /// 5.7.1: not allowed, with the reason in words.
    #[must_use]
    pub fn policy(reason: &'static str, text: impl Into<String>) -> Self {
        Self::new(reason, Outcome::permanent(550, EnhancedCode::POLICY, text))
    }

    /// 5.3.4: a header with fields that we do not read, and others may.
    #[must_use]
    pub fn header_too_long() -> Self {
        let (kib, fields) = (header::MAX_HEADER / 1024, header::MAX_FIELDS);
        let text = format!("The header of the message has more than {kib} KiB or {fields} fields");
        Self::new("header_too_long", Outcome::permanent(552, EnhancedCode::TOO_BIG, text))
    }

    /// 4.3.0: the store is away.
    #[must_use]
    pub fn unavailable(cause: impl std::fmt::Display) -> Self {
        Self::new("unavailable", Outcome::temporary(451, EnhancedCode::SYSTEM, "Cannot store mail now, try again later").because(cause))
    }
}

impl From<route::Refusal> for Refused {
    fn from(refusal: route::Refusal) -> Self {
        Self::new(refusal.as_str(), refusal.outcome())
    }
}

/// Every failure of the store as a reply. All are temporary: the message is the sender's until we said 250.
impl From<&StoreError> for Refused {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::OverQuota(account) => {
                let outcome = Outcome::temporary(452, EnhancedCode::MAILBOX_FULL, "Mailbox full").because(format!("account {account}"));
                Self::new("over_quota", outcome)
            }
            // An account went between RCPT and the commit; the next RCPT knows better.
            StoreError::NotFound(what) => {
                let text = "A mailbox is just changing, try again later";
                Self::new("not_found", Outcome::temporary(450, EnhancedCode::MAILBOX_DISABLED, text).because(what))
            }
            StoreError::Unavailable(_)
            | StoreError::Ambiguous(_)
            | StoreError::Conflict(_)
            | StoreError::Refused(_)
            | StoreError::Damaged(_)
            | StoreError::Statement(_) => Self::unavailable(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_of_the_store_has_its_reply() {
        let said = |error: StoreError| Refused::from(&error).outcome.to_string();
        assert_eq!(said(StoreError::OverQuota(postern_core::AccountId(1))), "452 4.2.2 Mailbox full");
        assert_eq!(said(StoreError::NotFound("account")), "450 4.2.1 A mailbox is just changing, try again later");
        for error in [StoreError::Unavailable("x".into()), StoreError::Ambiguous("x".into()), StoreError::Conflict("x".into())] {
            assert_eq!(said(error), "451 4.3.0 Cannot store mail now, try again later");
        }
    }
}
