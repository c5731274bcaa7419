//! Who may do what with a folder: the rights of RFC 4314 §2.1 as a set.
//!
//! The letters are the protocol's; the store keeps the same letters, so that a row can be read by eye. Who has which
//! rights is the store's to know, what a command needs the door's to ask.

use std::{fmt, ops, str::FromStr};

/// A set of rights. Empty by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rights(u16);

/// A letter that names no right (RFC 4314 §3.1: the command is answered with BAD or NO).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no right; rights are lrswipkxtea")]
pub struct NotARight(pub char);

impl Rights {
    /// `l`: the folder is listed, and may be subscribed to.
    pub const LOOKUP: Self = Self(1);
    /// `r`: select, fetch, search, copy from.
    pub const READ: Self = Self(1 << 1);
    /// `s`: keep `\Seen`.
    pub const SEEN: Self = Self(1 << 2);
    /// `w`: change flags other than `\Seen` and `\Deleted`.
    pub const WRITE: Self = Self(1 << 3);
    /// `i`: append, copy to.
    pub const INSERT: Self = Self(1 << 4);
    /// `p`: send mail to the folder's own address. Kept and told; no folder has an address.
    pub const POST: Self = Self(1 << 5);
    /// `k`: make folders below.
    pub const CREATE: Self = Self(1 << 6);
    /// `x`: delete or rename the folder.
    pub const DELETE_FOLDER: Self = Self(1 << 7);
    /// `t`: change `\Deleted`.
    pub const DELETE_MESSAGES: Self = Self(1 << 8);
    /// `e`: expunge.
    pub const EXPUNGE: Self = Self(1 << 9);
    /// `a`: give rights to others.
    pub const ADMINISTER: Self = Self(1 << 10);
    /// All of them: what the owner has, whatever the list says.
    pub const ALL: Self = Self((1 << 11) - 1);
    /// None.
    pub const NONE: Self = Self(0);

    /// Every right with its letter, in the order in which they are written.
    pub const LETTERS: [(Self, char); 11] = [
        (Self::LOOKUP, 'l'),
        (Self::READ, 'r'),
        (Self::SEEN, 's'),
        (Self::WRITE, 'w'),
        (Self::INSERT, 'i'),
        (Self::POST, 'p'),
        (Self::CREATE, 'k'),
        (Self::DELETE_FOLDER, 'x'),
        (Self::DELETE_MESSAGES, 't'),
        (Self::EXPUNGE, 'e'),
        (Self::ADMINISTER, 'a'),
    ];

    /// What the obsolete `c` stands for (RFC 4314 §2.1.1).
    pub const OBSOLETE_CREATE: Self = Self(Self::CREATE.0 | Self::DELETE_FOLDER.0);
    /// What the obsolete `d` stands for (RFC 4314 §2.1.1).
    pub const OBSOLETE_DELETE: Self = Self(Self::DELETE_MESSAGES.0 | Self::EXPUNGE.0);

    /// Whether all of `other` are in it.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of `other` is in it.
    #[must_use]
    pub const fn any_of(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Without those of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// No right at all.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl ops::BitOr for Rights {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl FromStr for Rights {
    type Err = NotARight;

    /// From letters in any order; `c` and `d` are taken for what they stood for in RFC 2086 (RFC 4314 §2.1.1).
    fn from_str(letters: &str) -> Result<Self, NotARight> {
        letters.chars().try_fold(Self::NONE, |rights, letter| {
            Ok(rights
                | match letter {
                    'c' => Self::OBSOLETE_CREATE,
                    'd' => Self::OBSOLETE_DELETE,
                    _ => Self::LETTERS.iter().find(|(_, each)| *each == letter).ok_or(NotARight(letter))?.0,
                })
        })
    }
}

impl fmt::Display for Rights {
    /// The letters of RFC 4314, without the obsolete ones.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::LETTERS.iter().filter(|(right, _)| self.contains(*right)).try_for_each(|(_, letter)| write!(f, "{letter}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_come_back_in_one_order() {
        assert_eq!("aelr".parse::<Rights>().unwrap().to_string(), "lrea");
        assert_eq!("".parse::<Rights>().unwrap(), Rights::NONE);
        assert_eq!(Rights::ALL.to_string(), "lrswipkxtea");
        assert_eq!("lrz".parse::<Rights>(), Err(NotARight('z')));
        assert_eq!("L".parse::<Rights>(), Err(NotARight('L')));
    }

    #[test]
    fn the_letters_of_old_stand_for_their_parts() {
        assert_eq!("c".parse::<Rights>().unwrap().to_string(), "kx");
        assert_eq!("d".parse::<Rights>().unwrap().to_string(), "te");
    }
}
