//! Mailbox names, as UTF-8, whatever the wire used.

use std::fmt;

/// The one hierarchy delimiter.
pub const DELIMITER: char = '/';

/// `mailbox = "INBOX" / astring` (RFC 9051 §9): a path of non-empty levels without control characters.
///
/// INBOX is folded to capitals, and so is a first level of that name: its children are found however
/// the client writes it. Other names keep their case and differ by it. No Unicode normalisation is made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailboxName(String);

/// Text that is not a mailbox name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a mailbox name has 1 to 1000 bytes, no control characters and no empty level")]
pub struct NotAMailboxName;

impl MailboxName {
    /// Longest name, in bytes of UTF-8.
    pub const MAX: usize = 1000;

    /// First level of what others share (RFC 2342 §5); an owner's address is the second, the owner's own name follows.
    pub const OTHER_USERS: &'static str = "Other Users";

    /// The owner's address and the name in the owner's box, for a mailbox that somebody else may share.
    #[must_use]
    pub fn of_other(&self) -> Option<(&str, &str)> {
        let (first, rest) = self.0.split_once(DELIMITER)?;
        if first != Self::OTHER_USERS {
            return None;
        }
        rest.split_once(DELIMITER)
    }

    /// Whether it lies in the namespace of other users, be it complete or not.
    #[must_use]
    pub fn is_of_others(&self) -> bool {
        self.0.strip_prefix(Self::OTHER_USERS).is_some_and(|rest| rest.is_empty() || rest.starts_with(DELIMITER))
    }

    /// The one name that every account has.
    #[must_use]
    pub fn inbox() -> Self {
        Self("INBOX".to_owned())
    }

    /// Checks and folds a name.
    ///
    /// # Errors
    /// [`NotAMailboxName`] when it is empty, too long, has control characters or an empty level.
    pub fn new(name: &str) -> Result<Self, NotAMailboxName> {
        let fits = !name.is_empty() && name.len() <= Self::MAX;
        // RFC 9051 §5.1: no control characters, and U+2028/U+2029 neither (Net-Unicode, RFC 5198 §2).
        let clean = !name.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
        if !fits || !clean || name.split(DELIMITER).any(str::is_empty) {
            return Err(NotAMailboxName);
        }
        let mut name = name.to_owned();
        let first = name.find(DELIMITER).unwrap_or(name.len());
        // RFC 9051 §5.1: INBOX is case-insensitive.
        if let Some(level) = name.get_mut(..first).filter(|level| level.eq_ignore_ascii_case("INBOX")) {
            level.make_ascii_uppercase();
        }
        Ok(Self(name))
    }

    /// The name as UTF-8.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is INBOX.
    #[must_use]
    pub fn is_inbox(&self) -> bool {
        self.0 == "INBOX"
    }

    /// Whether CREATE and RENAME may make it: a wildcard in a name would never list alone (RFC 9051 §5.1).
    #[must_use]
    pub fn may_be_created(&self) -> bool {
        !self.0.contains(['*', '%'])
    }

    /// The name one level up.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once(DELIMITER).map(|(parent, _)| Self(parent.to_owned()))
    }
}

impl fmt::Display for MailboxName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inbox_is_folded_and_others_are_not() {
        for (given, kept) in [("inbox", "INBOX"), ("InBox/Sent", "INBOX/Sent"), ("Work/inbox", "Work/inbox"), ("inboxes", "inboxes")] {
            assert_eq!(MailboxName::new(given).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn names_that_are_none() {
        for bad in ["", "/", "a/", "/a", "a//b", "a\nb", "a\0", "\u{2028}"] {
            assert_eq!(MailboxName::new(bad), Err(NotAMailboxName), "{bad:?}");
        }
        assert_eq!(MailboxName::new(&"x".repeat(1001)), Err(NotAMailboxName));
    }
}
