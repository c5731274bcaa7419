//! How the store fails: always one of these, so that a protocol can answer without reading text.

use std::fmt;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database or the blob store cannot be reached or cannot write now. Nothing was committed.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// The connection was lost while a COMMIT was under way: it may or may not have happened.
    #[error("the answer to COMMIT was lost: {0}")]
    Ambiguous(String),
    /// Another transaction was in the way; the same call may succeed at once.
    #[error("conflict with another transaction: {0}")]
    Conflict(String),
    /// A row that the caller named is not there (any more).
    #[error("{0} does not exist")]
    NotFound(&'static str),
    /// A rule of the data forbids it: the text says which.
    #[error("{0}")]
    Refused(String),
    /// The box is over its limit; the number is the account.
    #[error("the box is full")]
    OverQuota(postern_core::AccountId),
    /// What was read cannot be right: a checksum or an encoding that does not fit.
    #[error("damaged data: {0}")]
    Damaged(String),
    /// A statement that the database refuses for a reason of ours.
    #[error("statement failed: {0}")]
    Statement(String),
}

/// Shorthand of this crate.
pub type Result<T> = std::result::Result<T, StoreError>;

impl StoreError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Ambiguous(_) | Self::Conflict(_))
    }

    /// The same for somebody else who has waited for it too.
    #[must_use]
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::Ambiguous(cause) => Self::Ambiguous(cause.clone()),
            Self::Conflict(cause) => Self::Conflict(cause.clone()),
            Self::NotFound(what) => Self::NotFound(what),
            Self::OverQuota(account) => Self::OverQuota(*account),
            Self::Unavailable(cause) => Self::Unavailable(cause.clone()),
            Self::Refused(cause) | Self::Damaged(cause) | Self::Statement(cause) => Self::Statement(cause.clone()),
        }
    }

    /// From an error with a cause that says the store is away.
    pub fn unavailable(cause: impl fmt::Display) -> Self {
        Self::Unavailable(cause.to_string())
    }
}

/// Classes of SQLSTATE that mean: the connection broke, the server is full, or somebody there ended it: a limit in time, an administrator.
const AWAY_CLASSES: [&str; 3] = ["08", "53", "57"];
/// SQLSTATEs beside them that mean: the disk fails, it may not write now, a transaction took too long.
const AWAY: [&str; 4] = ["58030", "25006", "25P03", "25P04"];
/// SQLSTATEs that mean: run the transaction again.
const AGAIN: [&str; 3] = ["40001", "40P01", "55P03"];

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(db) => {
                let code = db.code().unwrap_or_default();
                if AGAIN.contains(&&*code) {
                    return Self::Conflict(error.to_string());
                }
                if AWAY.contains(&&*code) || AWAY_CLASSES.iter().any(|class| code.starts_with(class)) {
                    return Self::Unavailable(error.to_string());
                }
                Self::Statement(error.to_string())
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Protocol(_) => Self::Unavailable(error.to_string()),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Damaged(error.to_string()),
            _ => Self::Statement(error.to_string()),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        match error.sqlite_error_code() {
            Some(
                Code::DatabaseBusy | Code::DatabaseLocked | Code::ReadOnly | Code::SystemIoFailure | Code::DiskFull | Code::CannotOpen,
            ) => Self::Unavailable(error.to_string()),
            Some(Code::DatabaseCorrupt | Code::NotADatabase) => Self::Damaged(error.to_string()),
            _ => Self::Statement(error.to_string()),
        }
    }
}
