//! What comes back: a row of either database, read by position.

use sqlx::{Row as _, postgres::PgRow, sqlite::SqliteRow};

use crate::error::Result;

/// One row.
pub enum Row {
    /// From PostgreSQL.
    Postgres(PgRow),
    /// From SQLite.
    Sqlite(SqliteRow),
}

macro_rules! read {
    ($(#[$doc:meta] $name:ident -> $t:ty;)*) => { $(
        #[$doc]
        ///
        /// # Errors
        /// When the column is not there or holds another type.
        pub fn $name(&self, column: usize) -> Result<$t> {
            Ok(match self {
                Self::Postgres(row) => row.try_get_unchecked::<$t, _>(column)?,
                Self::Sqlite(row) => row.try_get_unchecked::<$t, _>(column)?,
            })
        }
    )* };
}

impl Row {
    read! {
        /// BIGINT NOT NULL.
        int -> i64;
        /// BIGINT.
        opt_int -> Option<i64>;
        /// TEXT NOT NULL.
        text -> String;
        /// TEXT.
        opt_text -> Option<String>;
        /// BYTEA NOT NULL.
        bytes -> Vec<u8>;
        /// BYTEA.
        opt_bytes -> Option<Vec<u8>>;
    }

    /// TEXT without a copy.
    ///
    /// # Errors
    /// When the column is not there or holds another type.
    pub fn str(&self, column: usize) -> Result<&str> {
        Ok(match self {
            Self::Postgres(row) => row.try_get_unchecked::<&str, _>(column)?,
            Self::Sqlite(row) => row.try_get_unchecked::<&str, _>(column)?,
        })
    }

    /// BYTEA without a copy.
    ///
    /// # Errors
    /// When the column is not there or holds another type.
    pub fn slice(&self, column: usize) -> Result<&[u8]> {
        Ok(match self {
            Self::Postgres(row) => row.try_get_unchecked::<&[u8], _>(column)?,
            Self::Sqlite(row) => row.try_get_unchecked::<&[u8], _>(column)?,
        })
    }
}
