//! Mailbox names, as UTF-8, whatever the wire used.

use std::{
    borrow::Cow,
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
};

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The one hierarchy delimiter.
pub const DELIMITER: char = '/';

/// `mailbox = "INBOX" / astring` (RFC 9051 §9): a path of non-empty levels without control characters.
///
/// INBOX is folded to capitals, and so is a first level of that name: its children are found however
/// the client writes it. Other names keep their case and differ by it. What is written in several ways is one name, in
/// Normalization Form C (RFC 5198 §3), so that a client that takes `é` apart finds what another has made.
#[derive(Clone)]
pub struct MailboxName {
    name: String,
    /// As the client wrote it, where that is not the form C: told back as OLDNAME, and compared with nothing.
    given: Option<Box<str>>,
}

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
        let (first, rest) = self.name.split_once(DELIMITER)?;
        if first != Self::OTHER_USERS {
            return None;
        }
        rest.split_once(DELIMITER)
    }

    /// Whether it lies in the namespace of other users, be it complete or not.
    #[must_use]
    pub fn is_of_others(&self) -> bool {
        self.name.strip_prefix(Self::OTHER_USERS).is_some_and(|rest| rest.is_empty() || rest.starts_with(DELIMITER))
    }

    /// The one name that every account has.
    #[must_use]
    pub fn inbox() -> Self {
        Self { name: "INBOX".to_owned(), given: None }
    }

    /// Checks, normalises and folds a name.
    ///
    /// # Errors
    /// [`NotAMailboxName`] when it is empty, too long, has control characters or an empty level.
    pub fn new(name: &str) -> Result<Self, NotAMailboxName> {
        if name.is_empty() || name.len() > Self::MAX {
            return Err(NotAMailboxName);
        }
        let given = name;
        let name = composed(given);
        // Form C may be longer.
        let fits = name.len() <= Self::MAX;
        // RFC 9051 §5.1: Net-Unicode alone. No control characters, U+2028 and U+2029 neither, no byte order mark (RFC 5198 §2).
        let clean = !name.starts_with('\u{feff}') && !name.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
        if !fits || !clean || name.split(DELIMITER).any(str::is_empty) {
            return Err(NotAMailboxName);
        }
        let given = matches!(name, Cow::Owned(_)).then(|| given.into());
        let mut name = name.into_owned();
        let first = name.find(DELIMITER).unwrap_or(name.len());
        // RFC 9051 §5.1: INBOX is case-insensitive.
        if let Some(level) = name.get_mut(..first).filter(|level| level.eq_ignore_ascii_case("INBOX")) {
            level.make_ascii_uppercase();
        }
        Ok(Self { name, given })
    }

    /// The name as UTF-8.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The name as it was given, where normalising changed it (RFC 9051 §5.1).
    #[must_use]
    pub fn as_given(&self) -> Option<Self> {
        self.given.as_deref().map(|given| Self { name: given.to_owned(), given: None })
    }

    /// Whether this is INBOX.
    #[must_use]
    pub fn is_inbox(&self) -> bool {
        self.name == "INBOX"
    }

    /// Whether CREATE and RENAME may make it: a wildcard in a name would never list alone (RFC 9051 §5.1).
    #[must_use]
    pub fn may_be_created(&self) -> bool {
        !self.name.contains(['*', '%'])
    }

    /// The name one level up.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.name.rsplit_once(DELIMITER).map(|(parent, _)| Self { name: parent.to_owned(), given: None })
    }
}

/// Normalization Form C: borrowed when it is that already.
pub(super) fn composed(text: &str) -> Cow<'_, str> {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        _ => {
            let composed: String = text.nfc().collect();
            if composed == text { Cow::Borrowed(text) } else { Cow::Owned(composed) }
        }
    }
}

impl PartialEq for MailboxName {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for MailboxName {}

impl PartialOrd for MailboxName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for MailboxName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(&other.name)
    }
}

impl Hash for MailboxName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Debug for MailboxName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MailboxName").field(&self.name).finish()
    }
}

impl fmt::Display for MailboxName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
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
        for bad in ["", "/", "a/", "/a", "a//b", "a\nb", "a\0", "\u{2028}", "\u{feff}a"] {
            assert_eq!(MailboxName::new(bad), Err(NotAMailboxName), "{bad:?}");
        }
        assert_eq!(MailboxName::new(&"x".repeat(1001)), Err(NotAMailboxName));
        // Three times as long in form C.
        assert_eq!(MailboxName::new(&"\u{1d15e}".repeat(200)), Err(NotAMailboxName));
    }

    #[test]
    fn what_is_written_in_several_ways_is_one_name() {
        for (given, kept) in [("e\u{301}te\u{301}", "\u{e9}t\u{e9}"), ("\u{212b}", "\u{c5}"), ("\u{1112}\u{1161}\u{11ab}", "\u{d55c}")] {
            let name = MailboxName::new(given).unwrap();
            assert_eq!((name.as_str(), name.as_given().unwrap().as_str()), (kept, given));
            let plain = MailboxName::new(kept).unwrap();
            assert_eq!((&name, plain.as_given()), (&plain, None));
        }
        // Compatibility is no sameness: form C keeps what only looks alike.
        assert_eq!(MailboxName::new("\u{fb01}le").unwrap().as_str(), "\u{fb01}le");
    }
}
