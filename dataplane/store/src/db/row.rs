//! What comes back: a row of either database, read by position.

use rusqlite::types::Value as Cell;
use sqlx::{Row as _, postgres::PgRow};

use crate::error::{Result, StoreError};

/// One row.
pub enum Row {
    /// From PostgreSQL.
    Postgres(PgRow),
    /// From SQLite.
    Sqlite(Box<[Cell]>),
}

macro_rules! read {
    ($(#[$doc:meta] $name:ident -> $t:ty, $lite:expr;)*) => { $(
        #[$doc]
        ///
        /// # Errors
        /// When the column is not there or holds another type.
        pub fn $name(&self, column: usize) -> Result<$t> {
            match self {
                Self::Postgres(row) => Ok(row.try_get_unchecked::<$t, _>(column)?),
                Self::Sqlite(cells) => cells.get(column).and_then($lite).ok_or_else(|| unfit(column, stringify!($t))),
            }
        }
    )* };
}

impl Row {
    read! {
        /// BIGINT NOT NULL.
        int -> i64, int;
        /// BIGINT.
        opt_int -> Option<i64>, |cell| or_null(cell, int);
        /// TEXT NOT NULL.
        text -> String, |cell| text(cell).map(str::to_owned);
        /// TEXT.
        opt_text -> Option<String>, |cell| or_null(cell, |cell| text(cell).map(str::to_owned));
        /// BYTEA NOT NULL.
        bytes -> Vec<u8>, |cell| octets(cell).map(<[u8]>::to_vec);
        /// BYTEA.
        opt_bytes -> Option<Vec<u8>>, |cell| or_null(cell, |cell| octets(cell).map(<[u8]>::to_vec));
        /// TEXT without a copy.
        str -> &str, text;
        /// BYTEA without a copy.
        slice -> &[u8], octets;
    }

    /// `array_agg` of a BIGINT column; of no rows it is empty. SQLite sends it as JSON.
    ///
    /// # Errors
    /// When the column is not there or holds another type.
    pub fn ints(&self, column: usize) -> Result<Vec<i64>> {
        Ok(match self {
            Self::Postgres(row) => row.try_get_unchecked::<Option<Vec<i64>>, _>(column)?.unwrap_or_default(),
            Self::Sqlite(cells) => list(cells.get(column))?,
        })
    }

    /// `array_agg` of a TEXT column; of no rows it is empty.
    ///
    /// # Errors
    /// When the column is not there or holds another type.
    pub fn texts(&self, column: usize) -> Result<Vec<String>> {
        Ok(match self {
            Self::Postgres(row) => row.try_get_unchecked::<Option<Vec<String>>, _>(column)?.unwrap_or_default(),
            Self::Sqlite(cells) => list(cells.get(column))?,
        })
    }
}

fn list<'r, T: serde::Deserialize<'r>>(cell: Option<&'r Cell>) -> Result<Vec<T>> {
    let json = cell.and_then(|cell| or_null(cell, text)).ok_or_else(|| StoreError::Statement("not a list".into()))?;
    serde_json::from_str(json.unwrap_or("[]")).map_err(|error| StoreError::Statement(format!("not a list: {error}")))
}

const fn int(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Integer(v) => Some(*v),
        _ => None,
    }
}

fn text(cell: &Cell) -> Option<&str> {
    match cell {
        Cell::Text(v) => Some(v),
        Cell::Blob(v) => std::str::from_utf8(v).ok(),
        _ => None,
    }
}

fn octets(cell: &Cell) -> Option<&[u8]> {
    match cell {
        Cell::Blob(v) => Some(v),
        Cell::Text(v) => Some(v.as_bytes()),
        _ => None,
    }
}

/// Outer `None` is another type, inner `None` is NULL.
fn or_null<'r, T>(cell: &'r Cell, read: impl FnOnce(&'r Cell) -> Option<T>) -> Option<Option<T>> {
    if *cell == Cell::Null { Some(None) } else { read(cell).map(Some) }
}

fn unfit(column: usize, wanted: &str) -> StoreError {
    StoreError::Damaged(format!("column {column} of a row is not {wanted}"))
}
