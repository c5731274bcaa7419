//! A command, read and checked.

use postern_core::Secret;

use super::{
    DateTime, EntryName, FetchItem, FetchModifiers, Flags, ListArgs, MailboxName, MetadataQuery, ModifyRights, MultiSearchArgs, Notify,
    Pattern, SearchArgs, SelectParams, SequenceNumber, SequenceSet, SortArgs, SpecialUse, StatusItem, StoreOp, Tag, ThreadArgs,
    UrlFetchArgs, UrlRump,
};

/// `auth-type = atom` in capitals: the name of a SASL mechanism (RFC 4422 §3.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mechanism(pub(crate) String);

impl Mechanism {
    /// The name in capitals.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What ENABLE can switch on (RFC 5161, RFC 9051 §6.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extension {
    /// `IMAP4rev2`: UTF-8 everywhere, ESEARCH for every SEARCH, no RECENT.
    Imap4Rev2,
    /// `CONDSTORE`: mod-sequences in every FETCH (RFC 7162 §3.1).
    Condstore,
    /// `UIDONLY`: no message numbers any more (RFC 9586).
    UidOnly,
    /// `UTF8=ACCEPT`: names and strings are UTF-8 (RFC 6855).
    Utf8Accept,
    /// `QRESYNC`: VANISHED for EXPUNGE, and CONDSTORE (RFC 7162 §3.2.3).
    QResync,
}

impl Extension {
    /// Every extension with its name on the wire.
    #[rustfmt::skip]
    pub const NAMES: &[(Self, &'static str)] = &[
        (Self::Imap4Rev2, "IMAP4rev2"),
        (Self::Condstore, "CONDSTORE"),
        (Self::QResync, "QRESYNC"),
        (Self::UidOnly, "UIDONLY"),
        (Self::Utf8Accept, "UTF8=ACCEPT"),
    ];
}

/// What APPEND says of one message before its octets (RFC 9051 §6.3.12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppendMessage {
    /// Flags to set.
    pub flags: Flags,
    /// Internal date; now when absent.
    pub date: Option<DateTime>,
    /// The octets that follow; `None` for `CATENATE (…)`, whose parts come one by one.
    pub literal: Option<AppendLiteral>,
}

/// Octets of a message, or of a part of one, that follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppendLiteral {
    /// How many.
    pub size: u64,
    /// `literal8`: may hold NUL (RFC 3516 §4.4).
    pub binary: bool,
    /// `UTF8 (…)`: the header may be UTF-8 (RFC 6855 §4).
    pub utf8: bool,
}

/// `cat-part` (RFC 4469 §5): what CATENATE makes a message of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatenatePart {
    /// `URL`: octets of a message that is here, as the client wrote it.
    Url(String),
    /// `TEXT` or `UTF8`: octets that follow.
    Text(AppendLiteral),
}

/// The message that REPLACE puts another in the place of (RFC 8508).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// `UID REPLACE`: the number is a UID.
    pub uid: bool,
    /// Which.
    pub message: SequenceNumber,
}

/// `command` (RFC 9051 §9) but for APPEND and REPLACE, whose messages come as events of their own.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// `CAPABILITY`.
    Capability,
    /// `NOOP`.
    Noop,
    /// `LOGOUT`.
    Logout,
    /// `ID` (RFC 2971): what the client says of itself; `None` values are NIL.
    Id(Vec<(String, Option<String>)>),
    /// `STARTTLS`.
    StartTls,
    /// `LOGIN user password`.
    Login {
        /// The user's name.
        user: String,
        /// The password.
        password: Secret<String>,
    },
    /// `AUTHENTICATE mechanism [initial-response]` (RFC 4959); `=` is an empty response.
    Authenticate {
        /// Which mechanism.
        mechanism: Mechanism,
        /// The response sent along, decoded.
        initial: Option<Secret<Vec<u8>>>,
    },
    /// `UNAUTHENTICATE` (RFC 8437): the connection stays, the login ends.
    Unauthenticate,
    /// `ENABLE`: those of the list that we know.
    Enable(Vec<Extension>),
    /// `SELECT` and `EXAMINE`.
    Select {
        /// Which mailbox.
        mailbox: MailboxName,
        /// `EXAMINE`.
        read_only: bool,
        /// How to open it.
        params: SelectParams,
    },
    /// `CREATE mailbox [(USE (…))]` (RFC 6154).
    Create {
        /// Its name.
        mailbox: MailboxName,
        /// What it is for.
        special_use: Vec<SpecialUse>,
    },
    /// `DELETE`.
    Delete(MailboxName),
    /// `RENAME from to`.
    Rename {
        /// The old name.
        from: MailboxName,
        /// The new name.
        to: MailboxName,
    },
    /// `SUBSCRIBE`.
    Subscribe(MailboxName),
    /// `UNSUBSCRIBE`.
    Unsubscribe(MailboxName),
    /// `LIST`.
    List(ListArgs),
    /// `LSUB`, of rev1 (RFC 3501 §6.3.9).
    Lsub(Pattern),
    /// `NAMESPACE`.
    Namespace,
    /// `STATUS`.
    Status {
        /// Which mailbox.
        mailbox: MailboxName,
        /// What of it, in the client's order, each once.
        items: Vec<StatusItem>,
    },
    /// `GETQUOTA root` (RFC 9208 §4.1.1).
    GetQuota(String),
    /// `GETQUOTAROOT mailbox` (RFC 9208 §4.1.2).
    GetQuotaRoot(MailboxName),
    /// `GETMETADATA` (RFC 5464 §4.2); no mailbox is the server.
    GetMetadata {
        /// Whose.
        mailbox: Option<MailboxName>,
        /// Which, and how.
        query: MetadataQuery,
    },
    /// `SETMETADATA` (RFC 5464 §4.3).
    SetMetadata {
        /// Whose.
        mailbox: Option<MailboxName>,
        /// What to write; `None` takes an entry away.
        values: Vec<(EntryName, Option<Vec<u8>>)>,
    },
    /// `SETACL` (RFC 4314 §3.1).
    SetAcl {
        /// Which mailbox.
        mailbox: MailboxName,
        /// Whose rights.
        who: String,
        /// How they change.
        change: ModifyRights,
    },
    /// `DELETEACL` (RFC 4314 §3.2).
    DeleteAcl {
        /// Which mailbox.
        mailbox: MailboxName,
        /// Whose rights.
        who: String,
    },
    /// `GETACL` (RFC 4314 §3.3).
    GetAcl(MailboxName),
    /// `LISTRIGHTS` (RFC 4314 §3.4).
    ListRights {
        /// Which mailbox.
        mailbox: MailboxName,
        /// Whose rights.
        who: String,
    },
    /// `MYRIGHTS` (RFC 4314 §3.5).
    MyRights(MailboxName),
    /// `GENURLAUTH` (RFC 4467 §7).
    GenUrlAuth(Vec<UrlRump>),
    /// `URLFETCH` (RFC 4467 §7, RFC 5524 §3).
    UrlFetch(Vec<UrlFetchArgs>),
    /// `RESETKEY` (RFC 4467 §7): of one mailbox, or of all.
    ResetKey {
        /// Whose.
        mailbox: Option<MailboxName>,
        /// In capitals; all when there is none.
        mechanisms: Vec<String>,
    },
    /// `NOTIFY` (RFC 5465).
    Notify(Notify),
    /// `IDLE`.
    Idle,
    /// `COMPRESS DEFLATE` (RFC 4978).
    Compress,
    /// `CHECK`, of rev1 (RFC 3501 §6.4.1).
    Check,
    /// `CLOSE`.
    Close,
    /// `UNSELECT`.
    Unselect,
    /// `EXPUNGE`, or `UID EXPUNGE set` (RFC 4315).
    Expunge(Option<SequenceSet>),
    /// `SEARCH` and `UID SEARCH`.
    Search(SearchArgs),
    /// `ESEARCH` (RFC 7377).
    MultiSearch(MultiSearchArgs),
    /// `CANCELUPDATE tags` (RFC 5267 §4.3.5).
    CancelUpdate(Vec<Tag>),
    /// `SORT` and `UID SORT` (RFC 5256).
    Sort(SortArgs),
    /// `THREAD` and `UID THREAD` (RFC 5256).
    Thread(ThreadArgs),
    /// `FETCH` and `UID FETCH`.
    Fetch {
        /// The set holds UIDs, and UID is answered even if not asked.
        uid: bool,
        /// Which messages.
        set: SequenceSet,
        /// What of them, macros resolved, each once.
        items: Vec<FetchItem>,
        /// Which of them.
        modifiers: FetchModifiers,
    },
    /// `STORE` and `UID STORE`.
    Store {
        /// The set holds UIDs.
        uid: bool,
        /// Which messages.
        set: SequenceSet,
        /// Only messages that have not changed above this mod-sequence (RFC 7162 §3.1.3).
        unchanged_since: Option<u64>,
        /// What to do.
        op: StoreOp,
    },
    /// `COPY` and `UID COPY`.
    Copy {
        /// The set holds UIDs.
        uid: bool,
        /// Which messages.
        set: SequenceSet,
        /// To where.
        to: MailboxName,
    },
    /// `MOVE` and `UID MOVE` (RFC 6851).
    Move {
        /// The set holds UIDs.
        uid: bool,
        /// Which messages.
        set: SequenceSet,
        /// To where.
        to: MailboxName,
    },
}

impl Command {
    /// Whether it names messages by number: refused after ENABLE UIDONLY (RFC 9586 §3).
    #[must_use]
    pub fn uses_message_numbers(&self) -> bool {
        match self {
            Self::Fetch { uid, .. } | Self::Store { uid, .. } | Self::Copy { uid, .. } | Self::Move { uid, .. } => !uid,
            Self::Search(SearchArgs { uid, key, .. })
            | Self::Sort(SortArgs { uid, key, .. })
            | Self::Thread(ThreadArgs { uid, key, .. }) => !uid || key.uses_sequence_numbers(),
            Self::MultiSearch(args) => args.search.key.uses_sequence_numbers(),
            Self::Select { params, .. } => params.resync.as_ref().is_some_and(|resync| resync.known_pairs.is_some()),
            _ => false,
        }
    }

    /// Whether it asks for mod-sequences, so that they are told from now on (RFC 7162 §3.1, "CONDSTORE enabling commands").
    #[must_use]
    pub fn enables_condstore(&self) -> bool {
        match self {
            Self::Select { params, .. } => params.condstore || params.resync.is_some(),
            Self::Status { items, .. } => items.contains(&StatusItem::HighestModSeq),
            Self::List(args) => args.result.status.contains(&StatusItem::HighestModSeq),
            Self::Fetch { items, modifiers, .. } => items.contains(&FetchItem::ModSeq) || modifiers.changed_since.is_some(),
            Self::Store { unchanged_since, .. } => unchanged_since.is_some(),
            Self::Search(SearchArgs { key, .. }) | Self::Sort(SortArgs { key, .. }) | Self::Thread(ThreadArgs { key, .. }) => {
                key.asks_modseq()
            }
            Self::MultiSearch(args) => args.search.key.asks_modseq(),
            _ => false,
        }
    }

    /// Its name as clients write it, for logs and counts; `UID` is told with the arguments.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Capability => "CAPABILITY",
            Self::Noop => "NOOP",
            Self::Logout => "LOGOUT",
            Self::Id(_) => "ID",
            Self::StartTls => "STARTTLS",
            Self::Login { .. } => "LOGIN",
            Self::Authenticate { .. } => "AUTHENTICATE",
            Self::Unauthenticate => "UNAUTHENTICATE",
            Self::Enable(_) => "ENABLE",
            Self::Select { read_only: false, .. } => "SELECT",
            Self::Select { read_only: true, .. } => "EXAMINE",
            Self::Create { .. } => "CREATE",
            Self::Delete(_) => "DELETE",
            Self::Rename { .. } => "RENAME",
            Self::Subscribe(_) => "SUBSCRIBE",
            Self::Unsubscribe(_) => "UNSUBSCRIBE",
            Self::List(_) => "LIST",
            Self::Lsub(_) => "LSUB",
            Self::Namespace => "NAMESPACE",
            Self::Status { .. } => "STATUS",
            Self::GetQuota(_) => "GETQUOTA",
            Self::GetQuotaRoot(_) => "GETQUOTAROOT",
            Self::GetMetadata { .. } => "GETMETADATA",
            Self::SetMetadata { .. } => "SETMETADATA",
            Self::SetAcl { .. } => "SETACL",
            Self::DeleteAcl { .. } => "DELETEACL",
            Self::GetAcl(_) => "GETACL",
            Self::ListRights { .. } => "LISTRIGHTS",
            Self::MyRights(_) => "MYRIGHTS",
            Self::GenUrlAuth(_) => "GENURLAUTH",
            Self::UrlFetch(_) => "URLFETCH",
            Self::ResetKey { .. } => "RESETKEY",
            Self::Notify(_) => "NOTIFY",
            Self::Idle => "IDLE",
            Self::Compress => "COMPRESS",
            Self::Check => "CHECK",
            Self::Close => "CLOSE",
            Self::Unselect => "UNSELECT",
            Self::Expunge(_) => "EXPUNGE",
            Self::Search(_) => "SEARCH",
            Self::MultiSearch(_) => "ESEARCH",
            Self::CancelUpdate(_) => "CANCELUPDATE",
            Self::Sort(_) => "SORT",
            Self::Thread(_) => "THREAD",
            Self::Fetch { .. } => "FETCH",
            Self::Store { .. } => "STORE",
            Self::Copy { .. } => "COPY",
            Self::Move { .. } => "MOVE",
        }
    }
}
