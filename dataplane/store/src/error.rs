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
                // SQLite's primary result codes: 5 busy, 6 locked, 8 read-only, 10 I/O, 13 full, 14 cannot open.
                let lite = code.parse::<u32>().map(|c| c & 0xff).unwrap_or(0);
                let away = AWAY.contains(&&*code) || AWAY_CLASSES.iter().any(|class| code.len() == 5 && code.starts_with(class));
                if away || (code.len() < 5 && matches!(lite, 5 | 6 | 8 | 10 | 13 | 14)) {
                    return Self::Unavailable(error.to_string());
                }
                if code.len() < 5 && lite == 11 {
                    return Self::Damaged(error.to_string());
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
