//! All that must differ between the databases, and nowhere else.
//!
//! One SQL text serves both. It is written for PostgreSQL with `$n`, RETURNING, ON CONFLICT and
//! BIGINT microseconds; five things in it are rewritten here:
//!
//! | written | PostgreSQL | SQLite |
//! |---|---|---|
//! | `{rows}` | `SELECT * FROM unnest($1::bigint[], …)` | `VALUES (?, …), (…)` |
//! | `= ANY($n)` | as it is | `IN (SELECT value FROM json_each($n))` |
//! | `FOR UPDATE`, `FOR NO KEY UPDATE`, `FOR KEY SHARE`, `SKIP LOCKED` | as they are | nothing: there is one writer |
//! | `array_agg(x)` | as it is | `json_group_array(x)`: a page in one row, see [`crate::db::Row::ints`] |
//! | `db_clock($n)` | the database's clock | `$n`: there is one process |
//!
//! Rewritten texts are kept for ever, keyed by the text's own address: statements are literals, so there are few.

pub mod due;
pub mod parts;
pub mod postgres;
pub mod sqlite;

use std::{
    collections::HashMap,
    sync::{OnceLock, PoisonError, RwLock},
};

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL 13 or newer.
    Postgres,
    /// The SQLite that is linked in.
    Sqlite,
}

type Texts = RwLock<HashMap<(usize, usize, usize), &'static str>>;

/// The text of `sql` after `make`, made once for each (`sql`, `variant`).
fn remembered(sql: &'static str, variant: usize, make: impl FnOnce() -> String) -> &'static str {
    static TEXTS: OnceLock<Texts> = OnceLock::new();
    let texts = TEXTS.get_or_init(Texts::default);
    let key = (sql.as_ptr().addr(), sql.len(), variant);
    if let Some(text) = texts.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return text;
    }
    let mut texts = texts.write().unwrap_or_else(PoisonError::into_inner);
    texts.entry(key).or_insert_with(|| make().leak())
}
