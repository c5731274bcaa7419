//! Flags of a placement: IMAP's system flags as bits, keywords as text.

use std::sync::Arc;

/// System flags (RFC 9051 §2.3.2) and the registered keywords that clients set most, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u16);

impl Flags {
    /// `\Seen`.
    pub const SEEN: Self = Self(1);
    /// `\Answered`.
    pub const ANSWERED: Self = Self(2);
    /// `\Flagged`.
    pub const FLAGGED: Self = Self(4);
    /// `\Deleted`.
    pub const DELETED: Self = Self(8);
    /// `\Draft`.
    pub const DRAFT: Self = Self(16);
    /// No flag.
    pub const NONE: Self = Self(0);

    /// Whether all of `other` are set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This without `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// Keywords: sorted, unique without regard to case, joined by spaces; `None` is none.
pub type Keywords = Option<Arc<str>>;

/// How a STORE changes flags (RFC 9051 §6.4.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlagChange {
    /// `FLAGS`.
    Replace(Flags, Vec<String>),
    /// `+FLAGS`.
    Add(Flags, Vec<String>),
    /// `-FLAGS`.
    Remove(Flags, Vec<String>),
}

impl FlagChange {
    /// What becomes of flags and keywords.
    #[must_use]
    pub fn apply(&self, flags: Flags, keywords: Option<&str>) -> (Flags, Option<String>) {
        let held = || keywords.into_iter().flat_map(|k| k.split(' '));
        match self {
            Self::Replace(f, k) => (*f, join(k.iter().map(String::as_str))),
            Self::Add(f, k) => (flags.with(*f), join(held().chain(k.iter().map(String::as_str)))),
            Self::Remove(f, k) => (flags.without(*f), join(held().filter(|h| !k.iter().any(|r| r.eq_ignore_ascii_case(h))))),
        }
    }
}

/// Keywords in the form of a row: the first spelling of each stays.
pub fn join<'a>(keywords: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut all: Vec<&str> = keywords.filter(|k| !k.is_empty()).collect();
    all.sort_by_key(|k| k.to_ascii_lowercase());
    all.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
    if all.is_empty() { None } else { Some(all.join(" ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_do_what_store_says() {
        let k = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        let add = FlagChange::Add(Flags::SEEN, k(&["$Junk", "b"]));
        assert_eq!(add.apply(Flags::FLAGGED, Some("$junk a")), (Flags::SEEN.with(Flags::FLAGGED), Some("$junk a b".into())));
        let remove = FlagChange::Remove(Flags::FLAGGED, k(&["A", "b"]));
        assert_eq!(remove.apply(Flags::FLAGGED, Some("a b")), (Flags::NONE, None));
        assert_eq!(FlagChange::Replace(Flags::NONE, vec![]).apply(Flags(31), Some("x")), (Flags::NONE, None));
    }
}
