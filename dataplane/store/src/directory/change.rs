//! The position: one counter whose order is commit order, and what to forget when it moves.
//!
//! A transaction collects what it changed in [`Changes`] and calls [`Changes::finish`] as its last
//! statement: the counter's row is locked from there to the commit, so that a smaller position is
//! always committed before a greater one. A sequence would not do: a reader would skip what commits late.

use std::collections::BTreeSet;

use postern_core::AccountId;

use crate::{
    args,
    db::{Column, Db, Tx},
    dialect::Dialect,
    error::{Result, StoreError},
};

/// Channel of PostgreSQL on which a new position is told. A hint: readers poll as well.
pub const CHANNEL: &str = "postern_directory";

/// More changes than this in one transaction are told as "everything".
const MANY: usize = 2_000;

/// What a reader forgets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// All that is known under a domain's name, its keys and its pool too.
    Domain(String),
    /// One address of a tenant.
    Address {
        /// The tenant.
        tenant: String,
        /// `local@domain` as [`postern_core::Address::key`] has it.
        key: String,
    },
    /// An account: its record and its credentials.
    Account(AccountId),
    /// Every pool.
    Pools,
    /// Every brand.
    Brands,
    /// The certificate of a host, or of `*.` and a domain.
    Certificate(String),
    /// Everything.
    All,
}

impl Change {
    fn row(&self) -> (i64, String) {
        match self {
            Self::All => (0, String::new()),
            Self::Domain(name) => (1, name.clone()),
            Self::Address { tenant, key } => (2, format!("{tenant}/{key}")),
            Self::Account(id) => (3, id.0.to_string()),
            Self::Pools => (4, String::new()),
            Self::Brands => (5, String::new()),
            Self::Certificate(host) => (6, host.clone()),
        }
    }

    /// A kind that this version does not know means everything.
    fn of_row(kind: i64, key: &str) -> Self {
        match kind {
            1 => Self::Domain(key.to_owned()),
            2 => match key.split_once('/') {
                Some((tenant, key)) => Self::Address { tenant: tenant.to_owned(), key: key.to_owned() },
                None => Self::All,
            },
            3 => key.parse().map_or(Self::All, |id| Self::Account(AccountId(id))),
            4 => Self::Pools,
            5 => Self::Brands,
            6 => Self::Certificate(key.to_owned()),
            _ => Self::All,
        }
    }
}

/// What one transaction changes.
#[derive(Debug, Default)]
pub struct Changes(BTreeSet<Change>);

impl Changes {
    /// Notes a change.
    pub fn add(&mut self, change: Change) {
        self.0.insert(change);
    }

    /// Whether nothing was noted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Moves the position and writes the changes under it: the last thing before the commit. `None` when there are none.
    ///
    /// # Errors
    /// As the database says.
    pub async fn finish(self, tx: &mut Tx) -> Result<Option<i64>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let row = tx.row("UPDATE counter SET value = value + 1 WHERE name = 'position' RETURNING value", &[]).await?;
        let position = row.ok_or(StoreError::NotFound("the position"))?.int(0)?;
        let rows: Vec<_> = if self.0.len() > MANY { vec![Change::All.row()] } else { self.0.iter().map(Change::row).collect() };
        let columns = [
            Column::ints(rows.iter().map(|_| position)),
            Column::ints(rows.iter().map(|(kind, _)| *kind)),
            Column::texts(rows.into_iter().map(|(_, key)| key)),
        ];
        tx.batch("INSERT INTO directory_change (position, kind, key) {rows}", &columns).await?;
        Ok(Some(position))
    }
}

/// Tells other processes after the commit. When it does not get through, they learn it from their poll.
pub async fn announce(db: &Db, position: i64) {
    if db.dialect() == Dialect::Postgres
        && let Err(error) = db.row("SELECT pg_notify('postern_directory', $1)", args![&position.to_string()]).await
    {
        tracing::debug!(%error, "the directory's position was not told");
    }
}

/// The position that is committed.
///
/// # Errors
/// As the database says.
pub async fn position(db: &Db) -> Result<i64> {
    let row = db.lookup("SELECT value FROM counter WHERE name = 'position'", &[]).await?;
    row.ok_or(StoreError::NotFound("the position"))?.int(0)
}

/// What changed after `from` up to `to`; [`Change::All`] when that is no longer known or too much.
///
/// # Errors
/// As the database says.
pub async fn between(db: &Db, from: i64, to: i64) -> Result<Vec<Change>> {
    if to < from {
        // Restored from a backup: nothing that is remembered can be trusted.
        return Ok(vec![Change::All]);
    }
    let sql = "SELECT position, kind, key FROM directory_change WHERE position > $1 AND position <= $2 ORDER BY position LIMIT 4001";
    let rows = db.rows(sql, args![from, to]).await?;
    let first = rows.first().map(|row| row.int(0)).transpose()?;
    if to > from && (rows.len() > 2 * MANY || first != Some(from + 1)) {
        return Ok(vec![Change::All]);
    }
    rows.iter().map(|row| Ok(Change::of_row(row.int(1)?, row.str(2)?))).collect()
}

/// Forgets changes at or below `position`; readers that are further behind forget everything.
///
/// # Errors
/// As the database says.
pub async fn prune(tx: &mut Tx, position: i64) -> Result<u64> {
    tx.execute("DELETE FROM directory_change WHERE position <= $1", args![position]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_reads_back() {
        let address = Change::Address { tenant: "acme".into(), key: "a/b@example.org".into() };
        let certificate = Change::Certificate("*.example.org".into());
        let domain = Change::Domain("example.org".into());
        for change in [Change::All, domain, address, Change::Account(AccountId(7)), Change::Pools, Change::Brands, certificate] {
            let (kind, key) = change.row();
            assert_eq!(Change::of_row(kind, &key), change);
        }
        assert_eq!(Change::of_row(99, "from a newer version"), Change::All);
    }
}
