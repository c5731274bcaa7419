//! What comes back: a row of either database, read by position.

use sqlx::{Row as _, postgres::PgRow, sqlite::SqliteRow};

use crate::error::{Result, StoreError};

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

    /// `array_agg` of a BIGINT column; of no rows it is empty. SQLite sends it as JSON.
    ///
    /// # Errors
    /// When the column is not there or holds another type.
    pub fn ints(&self, column: usize) -> Result<Vec<i64>> {
        Ok(match self {
            Self::Postgres(row) => row.try_get_unchecked::<Option<Vec<i64>>, _>(column)?.unwrap_or_default(),
            Self::Sqlite(row) => list(row, column)?,
        })
    }

    /// `array_agg` of a TEXT column; of no rows it is empty.
    ///
    /// # Errors
    /// When the column is not there or holds another type.
    pub fn texts(&self, column: usize) -> Result<Vec<String>> {
        Ok(match self {
            Self::Postgres(row) => row.try_get_unchecked::<Option<Vec<String>>, _>(column)?.unwrap_or_default(),
            Self::Sqlite(row) => list(row, column)?,
        })
    }
}

fn list<'r, T: serde::Deserialize<'r>>(row: &'r SqliteRow, column: usize) -> Result<Vec<T>> {
    let text = row.try_get_unchecked::<Option<&[u8]>, _>(column)?.unwrap_or(b"[]");
    serde_json::from_slice(text).map_err(|error| StoreError::Statement(format!("not a list: {error}")))
}
