//! LIST: what may be asked (RFC 5258, in RFC 9051 §6.3.9) and what a mailbox may be marked with.

use super::{EntryName, Pattern, StatusItem};

/// `list-select-opts` (RFC 9051 §9): which mailboxes to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListSelect {
    /// `SUBSCRIBED`: the subscribed ones, be they there or not.
    pub subscribed: bool,
    /// `REMOTE`: remote ones too; there are none.
    pub remote: bool,
    /// `RECURSIVEMATCH`: a parent too whose descendants match; only beside another option.
    pub recursive_match: bool,
    /// `SPECIAL-USE`: only such as have a use (RFC 6154).
    pub special_use: bool,
}

/// `return-option` (RFC 9051 §9): what to say of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListReturn {
    /// `SUBSCRIBED`.
    pub subscribed: bool,
    /// `CHILDREN`.
    pub children: bool,
    /// `SPECIAL-USE` (RFC 6154).
    pub special_use: bool,
    /// `MYRIGHTS` (RFC 8440).
    pub my_rights: bool,
    /// `METADATA (…)` (RFC 9590); empty when not asked.
    pub metadata: Vec<EntryName>,
    /// `STATUS (…)`: a STATUS response after each (RFC 5819); empty when not asked.
    pub status: Vec<StatusItem>,
}

/// `list` (RFC 9051 §9), extended or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListArgs {
    /// Which mailboxes.
    pub select: ListSelect,
    /// The patterns, each joined to the reference; a lone empty one asks for the delimiter.
    pub patterns: Vec<Pattern>,
    /// What to say.
    pub result: ListReturn,
}

/// `use-attr` (RFC 6154 §6): what a mailbox is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpecialUse {
    /// `\All`.
    All,
    /// `\Archive`.
    Archive,
    /// `\Drafts`.
    Drafts,
    /// `\Flagged`.
    Flagged,
    /// `\Junk`.
    Junk,
    /// `\Sent`.
    Sent,
    /// `\Trash`.
    Trash,
    /// `\Important` (RFC 8457).
    Important,
}

impl SpecialUse {
    /// Every use with its name on the wire.
    pub const NAMES: [(Self, &'static str); 8] = [
        (Self::All, "\\All"),
        (Self::Archive, "\\Archive"),
        (Self::Drafts, "\\Drafts"),
        (Self::Flagged, "\\Flagged"),
        (Self::Junk, "\\Junk"),
        (Self::Sent, "\\Sent"),
        (Self::Trash, "\\Trash"),
        (Self::Important, "\\Important"),
    ];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(each, _)| *each == self).map_or("", |(_, name)| name)
    }
}

/// `mbx-list-flags` (RFC 9051 §7.3.1) as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailboxAttributes(u16);

impl MailboxAttributes {
    /// `\Noselect`: cannot be selected.
    pub const NO_SELECT: Self = Self(1);
    /// `\NonExistent`: is not there; implies `\Noselect`.
    pub const NON_EXISTENT: Self = Self(1 << 1);
    /// `\Noinferiors`: cannot have children.
    pub const NO_INFERIORS: Self = Self(1 << 2);
    /// `\HasChildren`.
    pub const HAS_CHILDREN: Self = Self(1 << 3);
    /// `\HasNoChildren`.
    pub const HAS_NO_CHILDREN: Self = Self(1 << 4);
    /// `\Subscribed`.
    pub const SUBSCRIBED: Self = Self(1 << 5);
    /// `\Remote`.
    pub const REMOTE: Self = Self(1 << 6);

    /// Every attribute with its name on the wire.
    pub const NAMES: [(Self, &'static str); 7] = [
        (Self::NO_SELECT, "\\Noselect"),
        (Self::NON_EXISTENT, "\\NonExistent"),
        (Self::NO_INFERIORS, "\\Noinferiors"),
        (Self::HAS_CHILDREN, "\\HasChildren"),
        (Self::HAS_NO_CHILDREN, "\\HasNoChildren"),
        (Self::SUBSCRIBED, "\\Subscribed"),
        (Self::REMOTE, "\\Remote"),
    ];

    /// Whether all of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl std::ops::BitOr for MailboxAttributes {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
