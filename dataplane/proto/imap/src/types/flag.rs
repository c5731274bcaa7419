//! Flags: the five system flags as bits, everything else as keywords.

use std::{fmt, ops::BitOr};

/// A set of system flags (RFC 9051 §2.3.2), one bit each, as the store keeps them.
///
/// `\Recent` has no bit: it is gone from IMAP4rev2 and always absent here (RFC 9051 Appendix E).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SystemFlags(u8);

impl SystemFlags {
    /// `\Seen`: has been read.
    pub const SEEN: Self = Self(1);
    /// `\Answered`: has been answered.
    pub const ANSWERED: Self = Self(1 << 1);
    /// `\Flagged`: urgent or special attention.
    pub const FLAGGED: Self = Self(1 << 2);
    /// `\Deleted`: goes at the next EXPUNGE.
    pub const DELETED: Self = Self(1 << 3);
    /// `\Draft`: not finished.
    pub const DRAFT: Self = Self(1 << 4);
    /// All five.
    pub const ALL: Self = Self(0x1f);

    /// Each flag with the name the wire uses.
    pub const NAMES: [(Self, &'static str); 5] = [
        (Self::SEEN, "\\Seen"),
        (Self::ANSWERED, "\\Answered"),
        (Self::FLAGGED, "\\Flagged"),
        (Self::DELETED, "\\Deleted"),
        (Self::DRAFT, "\\Draft"),
    ];

    /// From the stored bits; unknown ones are dropped.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// The bits to store.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether all of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Without `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether none is set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl BitOr for SystemFlags {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// `flag-keyword = "$MDNSent" / … / atom` (RFC 9051 §9): at most [`Keyword::MAX`] bytes, equal whatever its case.
#[derive(Clone, Debug)]
pub struct Keyword(Box<str>);

/// Bytes that are not a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a keyword is an atom of 1 to 128 characters")]
pub struct NotAKeyword;

impl Keyword {
    /// Longest keyword taken, in bytes.
    pub const MAX: usize = 128;

    /// Checks a keyword.
    ///
    /// # Errors
    /// [`NotAKeyword`] when it is empty, too long or no atom.
    pub fn new(bytes: &[u8]) -> Result<Self, NotAKeyword> {
        if bytes.is_empty() || bytes.len() > Self::MAX || !bytes.iter().all(|&b| crate::parse::is_atom_char(b)) {
            return Err(NotAKeyword);
        }
        std::str::from_utf8(bytes).map(|s| Self(s.into())).map_err(|_| NotAKeyword)
    }

    /// As the client wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// RFC 9051 §2.3.2: keywords are not case-sensitive.
impl PartialEq for Keyword {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Keyword {}

impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One flag of a flag list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flag {
    /// One of the five.
    System(SystemFlags),
    /// A keyword.
    Keyword(Keyword),
}

/// `flag-list` read: what a STORE or APPEND names, each keyword once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// The system flags named.
    pub system: SystemFlags,
    /// The keywords named.
    pub keywords: Vec<Keyword>,
}

impl Flags {
    /// Adds one flag.
    pub fn add(&mut self, flag: Flag) {
        match flag {
            Flag::System(bits) => self.system = self.system | bits,
            Flag::Keyword(keyword) if !self.keywords.contains(&keyword) => self.keywords.push(keyword),
            Flag::Keyword(_) => {}
        }
    }
}

/// What STORE does with the flags named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreMode {
    /// `FLAGS`: they become the only ones.
    Replace,
    /// `+FLAGS`.
    Add,
    /// `-FLAGS`.
    Remove,
}

/// `store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag)))` (RFC 9051 §9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreOp {
    /// Replace, add or remove.
    pub mode: StoreMode,
    /// `.SILENT`: the client does not want to hear of its own change.
    pub silent: bool,
    /// The flags named.
    pub flags: Flags,
}
