//! Answers: the condition, the code for programs, the text for people.

use std::borrow::Cow;

use super::{FilterName, Flags, ObjectId, Tag, UidSet};

/// `resp-cond-state`, `resp-cond-bye` and `greeting` (RFC 9051 §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// Done.
    Ok,
    /// Understood and failed.
    No,
    /// Not understood, or not allowed now.
    Bad,
    /// The connection ends.
    Bye,
}

impl Condition {
    /// The word on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::No => "NO",
            Self::Bad => "BAD",
            Self::Bye => "BYE",
        }
    }
}

/// `resp-text-code` (RFC 9051 §7.1, RFC 5530, RFC 4315, RFC 7889).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// `ALERT`: the text must be shown to the user.
    Alert,
    /// `ALREADYEXISTS`: the mailbox to make is there.
    AlreadyExists,
    /// `APPENDUID validity uids` (RFC 4315 §3).
    AppendUid {
        /// UIDVALIDITY of the target.
        validity: u32,
        /// UIDs given, in the order of the messages.
        uids: UidSet,
    },
    /// `AUTHENTICATIONFAILED`.
    AuthenticationFailed,
    /// `AUTHORIZATIONFAILED`: may not act for that user.
    AuthorizationFailed,
    /// `BADURL url`: the first of CATENATE's URLs that names nothing (RFC 4469 §4.1).
    BadUrl(String),
    /// `BADCHARSET (…)`: a charset that is not read, and those that are (RFC 9051 §7.1).
    BadCharset,
    /// `BADEVENT (…)`: an event that is not offered, and those that are (RFC 5465 §8).
    BadEvent,
    /// `CANNOT`: never possible for this mailbox.
    Cannot,
    /// `CAPABILITY …` as computed by [`crate::server::Capabilities`].
    Capability(String),
    /// `CLIENTBUG`.
    ClientBug,
    /// `COMPRESSIONACTIVE`: it is on already (RFC 4978 §3).
    CompressionActive,
    /// `CLOSED`: what follows is of the newly selected mailbox (RFC 9051 §7.1).
    Closed,
    /// `CONTACTADMIN`.
    ContactAdmin,
    /// `COPYUID validity from to` (RFC 4315 §3).
    CopyUid {
        /// UIDVALIDITY of the target.
        validity: u32,
        /// UIDs of the copied, ascending.
        from: UidSet,
        /// UIDs given, in the same order.
        to: UidSet,
    },
    /// `CORRUPTION`.
    Corruption,
    /// `EXPIRED`: the password has.
    Expired,
    /// `EXPUNGEISSUED`: a message named is gone.
    ExpungeIssued,
    /// `HASCHILDREN`: cannot be deleted for its children.
    HasChildren,
    /// `HIGHESTMODSEQ n`: the client knows of every change up to it (RFC 7162 §3.1.2.1).
    HighestModSeq(u64),
    /// `INPROGRESS ("tag" done goal)`: a command is still at work (RFC 9585 §4).
    InProgress {
        /// Which.
        tag: Option<Tag>,
        /// How much is done, of how much; the goal is the higher one.
        done: Option<(u64, u64)>,
    },
    /// `INUSE`: locked; try again.
    InUse,
    /// `LIMIT`: one of the server's limits is reached.
    Limit,
    /// `MAILBOXID (id)`: the mailbox made or selected (RFC 8474 §4).
    MailboxId(ObjectId),
    /// `MODIFIED set`: not stored, for they have changed since (RFC 7162 §3.1.3).
    Modified(UidSet),
    /// `MESSAGELIMIT n [uid]`: the command was done for so many messages, from the highest UID down to this one; or was not
    /// done (RFC 9738 §3.1).
    MessageLimit {
        /// Most messages of one command.
        limit: u32,
        /// The lowest UID that was worked on.
        lowest: Option<u32>,
    },
    /// `METADATA LONGENTRIES n`: the longest value that MAXSIZE kept back (RFC 5464 §4.2.1).
    MetadataLongEntries(u64),
    /// `METADATA MAXSIZE n`: a value is longer than is kept (RFC 5464 §4.3).
    MetadataMaxSize(u64),
    /// `METADATA TOOMANY`: there are as many entries as there may be (RFC 5464 §4.3).
    MetadataTooMany,
    /// `NONEXISTENT`: no such mailbox.
    NonExistent,
    /// `NOPERM`.
    NoPerm,
    /// `NOTIFICATIONOVERFLOW`: NOTIFY is off, for too much has changed (RFC 5465 §5.8).
    NotificationOverflow,
    /// `NOUPDATE "tag"`: changes to that search's result are not told, or not any more (RFC 5267 §4.3.1).
    NoUpdate(Tag),
    /// `NOTSAVED`: SEARCH SAVE failed (RFC 5182).
    NotSaved,
    /// `OVERQUOTA`.
    OverQuota,
    /// `PARSE`: a message's header could not be read.
    Parse,
    /// `PERMANENTFLAGS (… \*)`: what may be changed for good.
    PermanentFlags {
        /// The flags.
        flags: Flags,
        /// Whether new keywords may be made (`\*`).
        new_keywords: bool,
    },
    /// `PRIVACYREQUIRED`: not without TLS.
    PrivacyRequired,
    /// `READ-ONLY`.
    ReadOnly,
    /// `READ-WRITE`.
    ReadWrite,
    /// `SERVERBUG`.
    ServerBug,
    /// `TOOBIG`: larger than APPEND takes (RFC 7889 §4).
    TooBig,
    /// `TRYCREATE`: the target is missing; CREATE would help.
    TryCreate,
    /// `UIDNEXT n`.
    UidNext(u32),
    /// `UIDNOTSTICKY` (RFC 4315 §2).
    UidNotSticky,
    /// `UIDVALIDITY n`.
    UidValidity(u32),
    /// `UIDREQUIRED`: not by message numbers after ENABLE UIDONLY (RFC 9586 §3).
    UidRequired,
    /// `UNAVAILABLE`: a part of the server is away; try later.
    Unavailable,
    /// `UNDEFINED-FILTER name`: there is no such filter (RFC 5466 §3.1).
    UndefinedFilter(FilterName),
    /// `UNKNOWN-CTE`: the transfer encoding cannot be undone (RFC 9051 §6.4.5).
    UnknownCte,
    /// `UNSEEN n`, of rev1 (RFC 3501 §7.1).
    Unseen(u32),
    /// `URLMECH INTERNAL`: how URLs can be authorised (RFC 4467 §8).
    UrlMech,
    /// `USEATTR`: CREATE cannot give that use (RFC 6154 §3).
    UseAttr,
}

/// A status response without its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// OK, NO, BAD or BYE.
    pub condition: Condition,
    /// For programs.
    pub code: Option<Code>,
    /// For people; what would break the line is written as `?`.
    pub text: Cow<'static, str>,
}

impl Reply {
    /// `OK text`.
    #[must_use]
    pub fn ok(text: impl Into<Cow<'static, str>>) -> Self {
        Self { condition: Condition::Ok, code: None, text: text.into() }
    }

    /// `NO text`.
    #[must_use]
    pub fn no(text: impl Into<Cow<'static, str>>) -> Self {
        Self { condition: Condition::No, code: None, text: text.into() }
    }

    /// `BAD text`.
    #[must_use]
    pub fn bad(text: impl Into<Cow<'static, str>>) -> Self {
        Self { condition: Condition::Bad, code: None, text: text.into() }
    }

    /// `BYE text`.
    #[must_use]
    pub fn bye(text: impl Into<Cow<'static, str>>) -> Self {
        Self { condition: Condition::Bye, code: None, text: text.into() }
    }

    /// With a code.
    #[must_use]
    pub fn with(mut self, code: Code) -> Self {
        self.code = Some(code);
        self
    }
}
