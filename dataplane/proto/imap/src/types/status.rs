//! What STATUS may ask of a mailbox.

use super::ObjectId;

/// `status-att` (RFC 9051 §9) with APPENDLIMIT (RFC 7889) and rev1's RECENT (RFC 3501 §6.3.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatusItem {
    /// How many messages.
    Messages,
    /// Always 0 here: `\Recent` is gone (RFC 9051 Appendix E).
    Recent,
    /// The next UID.
    UidNext,
    /// The folder's UIDVALIDITY.
    UidValidity,
    /// How many without `\Seen`.
    Unseen,
    /// How many with `\Deleted`.
    Deleted,
    /// Sum of the sizes in octets (RFC 8438).
    Size,
    /// Octets that EXPUNGE would free (RFC 9208 §4.1.4).
    DeletedStorage,
    /// The largest message APPEND takes, in octets (RFC 7889).
    AppendLimit,
    /// The highest mod-sequence of its changes (RFC 7162 §3.1.7).
    HighestModSeq,
    /// The mailbox's own id (RFC 8474 §4.3).
    MailboxId,
}

/// What STATUS says of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusValue {
    /// A number.
    Number(u64),
    /// An id, in parentheses.
    Id(ObjectId),
}

impl StatusItem {
    /// Every item with its name on the wire.
    pub const NAMES: &[(Self, &'static str)] = &[
        (Self::Messages, "MESSAGES"),
        (Self::Recent, "RECENT"),
        (Self::UidNext, "UIDNEXT"),
        (Self::UidValidity, "UIDVALIDITY"),
        (Self::Unseen, "UNSEEN"),
        (Self::Deleted, "DELETED"),
        (Self::Size, "SIZE"),
        (Self::DeletedStorage, "DELETED-STORAGE"),
        (Self::AppendLimit, "APPENDLIMIT"),
        (Self::HighestModSeq, "HIGHESTMODSEQ"),
        (Self::MailboxId, "MAILBOXID"),
    ];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(item, _)| *item == self).map_or("", |(_, name)| name)
    }
}
