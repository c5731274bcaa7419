//! Patterns of LIST and LSUB.

use super::{DELIMITER, MailboxName, mailbox::composed};

/// `list-mailbox` joined to its reference (RFC 9051 §6.3.9): `*` matches anything, `%` anything but the delimiter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Joins reference and pattern: a pattern is always below its reference. INBOX is folded and the whole is
    /// normalised as in names.
    #[must_use]
    pub fn new(reference: &str, pattern: &str) -> Self {
        let mut joined = composed(&format!("{reference}{pattern}")).into_owned();
        let first = joined.find(DELIMITER).unwrap_or(joined.len());
        if let Some(level) = joined.get_mut(..first).filter(|level| level.eq_ignore_ascii_case("INBOX")) {
            level.make_ascii_uppercase();
        }
        Self(joined)
    }

    /// Whether nothing was asked but the delimiter (`LIST "" ""`, RFC 9051 §6.3.9).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The pattern as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a name matches, in time bounded by the product of both lengths.
    #[must_use]
    pub fn matches(&self, name: &MailboxName) -> bool {
        let name = name.as_str();
        // A case-blind INBOX: "in*" finds it as "IN*" does.
        glob(self.0.as_bytes(), name.as_bytes(), false) || (name == "INBOX" && glob(self.0.as_bytes(), b"INBOX", true))
    }
}

/// Every prefix of the name that the pattern read so far can end at, as a row of booleans.
fn glob(pattern: &[u8], name: &[u8], fold: bool) -> bool {
    let mut reach = vec![false; name.len() + 1];
    if let Some(start) = reach.first_mut() {
        *start = true;
    }
    for &p in pattern {
        let mut before = false; // reach[i - 1] of the previous row
        let mut spread = false; // reach[i - 1] of this row
        for (i, cell) in reach.iter_mut().enumerate() {
            let last = i.checked_sub(1).and_then(|i| name.get(i)).copied();
            let old = *cell;
            *cell = match (p, last) {
                (b'*', _) => old || spread,
                (b'%', Some(c)) => old || (spread && c != DELIMITER as u8),
                (b'%', None) => old,
                (_, Some(c)) => before && (p == c || fold && p.eq_ignore_ascii_case(&c)),
                (_, None) => false,
            };
            before = old;
            spread = *cell;
        }
    }
    reach.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_the_rfc_says() {
        for (reference, pattern, name, expected) in [
            ("", "*", "a/b/c", true),
            ("", "%", "a/b", false),
            ("", "%", "a", true),
            ("", "%/%", "a/b", true),
            ("", "a/*", "a", false),
            ("a/", "%", "a/b", true),
            ("a/", "%", "b", false),
            ("", "inbox", "INBOX", true),
            ("", "in%", "INBOX", true),
            ("", "inbox/%", "INBOX/x", true),
            ("", "work", "Work", false),
            ("", "*b*", "aabaa", true),
            ("", "%b", "a/b", false),
            ("", "", "a", false),
            ("", "e\u{301}%", "\u{e9}t\u{e9}", true),
            ("", "\u{e9}*", "e\u{301}te\u{301}", true),
        ] {
            let name = MailboxName::new(name).unwrap();
            assert_eq!(Pattern::new(reference, pattern).matches(&name), expected, "{reference} {pattern} {name}");
        }
    }

    #[test]
    fn a_hostile_pattern_is_no_slower_than_the_product() {
        let name = MailboxName::new(&"a".repeat(500)).unwrap();
        assert!(!Pattern::new("", &format!("{}b", "*a%".repeat(300))).matches(&name));
    }
}
