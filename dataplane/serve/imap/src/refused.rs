//! How failures are answered: every error of the store in one match.

use postern_core::Outcome;
use postern_proto_imap::types::{Code, FilterName, Reply};
use postern_store::StoreError;

/// A command that was not done, with the answer that says so.
#[derive(Debug)]
pub(crate) struct Refused(pub Reply);

/// What a command answers.
pub(crate) type Answer = Result<Reply, Refused>;

impl Refused {
    /// `NO [code] text`.
    pub fn no(code: Code, text: &'static str) -> Self {
        Self(Reply::no(text).with(code))
    }

    /// There is no mailbox of that name.
    pub fn no_such_mailbox() -> Self {
        Self::no(Code::NonExistent, "No such mailbox")
    }

    /// The target of APPEND, COPY or MOVE is missing (RFC 9051 §6.3.12).
    pub fn try_create() -> Self {
        Self::no(Code::TryCreate, "No such mailbox; create it first")
    }

    /// The mailbox was opened by EXAMINE.
    pub fn read_only() -> Self {
        Self::no(Code::Cannot, "The mailbox is open read-only")
    }

    /// A search names a filter that is not there (RFC 5466 §3.1).
    pub fn no_such_filter(name: &FilterName) -> Self {
        Self::no(Code::UndefinedFilter(name.clone()), "No such filter")
    }

    /// A set names a message that the client cannot know (RFC 9051 §9, seq-number).
    pub fn no_such_message() -> Self {
        Self(Reply::bad("No message has that sequence number"))
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => {
                tracing::warn!(cause, "the store is away");
                Self::no(Code::Unavailable, "The mail store is not available now; try again")
            }
            StoreError::Ambiguous(cause) => {
                tracing::warn!(cause, "the outcome of a command is not known");
                Self::no(Code::Unavailable, "The store was lost at the last moment; look whether it was done before trying again")
            }
            StoreError::Conflict(_) => Self::no(Code::InUse, "Somebody else is changing this box; try again"),
            StoreError::OverQuota(_) => Self::no(Code::OverQuota, "The box is full"),
            StoreError::NotFound("folder") => Self::no_such_mailbox(),
            StoreError::NotFound("account") => Self::no(Code::ContactAdmin, "This account is gone"),
            StoreError::NotFound(_) => Self::no(Code::ExpungeIssued, "A message is gone"),
            StoreError::Refused(text) => Self(Reply::no(text).with(Code::Cannot)),
            StoreError::Damaged(cause) => {
                tracing::error!(cause, "damaged data");
                Self::no(Code::Corruption, "The message is damaged on disk")
            }
            StoreError::Statement(cause) => {
                tracing::error!(cause, "a statement failed");
                Self::no(Code::ServerBug, "Internal error")
            }
        }
    }
}

/// A refused login: codes of RFC 5530 §3, texts of the decision.
pub(crate) fn login(refusal: &postern_access::Refusal) -> Reply {
    use postern_access::Refusal as R;
    let Outcome { text, .. } = refusal.outcome();
    Reply::no(text).with(match refusal {
        R::BadCredentials | R::BadToken(_) => Code::AuthenticationFailed,
        R::Throttled { .. } => Code::Limit,
        R::Suspended => Code::ContactAdmin,
        R::ProtocolNotPermitted => Code::NoPerm,
        R::NotYourself => Code::AuthorizationFailed,
        R::Unavailable(_) => Code::Unavailable,
    })
}
