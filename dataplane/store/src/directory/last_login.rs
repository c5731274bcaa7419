//! When each box was last logged in to: noted in memory, written behind, once an hour for each box at most.
//!
//! A login must not wait for a write, and must not be one: a phone that polls would make one a minute, a guesser thousands.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use postern_core::{AccountId, Timestamp};

use super::Directory;
use crate::{
    args,
    db::{Column, Db},
    error::Result,
    transaction,
};

/// An hour in microseconds: what is told of a login is no finer.
const HOUR: i64 = 3_600_000_000;
/// Boxes in one statement.
const TOGETHER: usize = 1_000;

/// What this process has noted. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct LastLogins(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    /// The hour of each box's last login, as far as it is the present one: what is written, or about to be.
    hours: HashMap<AccountId, i64>,
    /// What is to be written.
    pending: HashMap<AccountId, Timestamp>,
}

impl LastLogins {
    /// Somebody has logged in. Costs a look into a table.
    pub fn note(&self, account: AccountId, at: Timestamp) {
        let mut noted = self.noted();
        if noted.hours.insert(account, at.0 / HOUR) != Some(at.0 / HOUR) {
            noted.pending.insert(account, at);
        }
    }

    /// Writes what was noted; how many boxes. What another process wrote within the hour stays.
    ///
    /// # Errors
    /// As the database says; what was not written is noted still.
    pub async fn write(&self, db: &Db, now: Timestamp) -> Result<usize> {
        let pending: Vec<(AccountId, Timestamp)> = {
            let mut noted = self.noted();
            noted.hours.retain(|_, hour| *hour >= now.0 / HOUR);
            std::mem::take(&mut noted.pending).into_iter().collect()
        };
        for (done, part) in pending.chunks(TOGETHER).enumerate() {
            if let Err(error) = write_some(db, part).await {
                let mut noted = self.noted();
                for (account, at) in pending.iter().skip(done * TOGETHER) {
                    noted.pending.entry(*account).or_insert(*at);
                }
                return Err(error);
            }
        }
        Ok(pending.len())
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn write_some(db: &Db, part: &[(AccountId, Timestamp)]) -> Result<()> {
    const WRITE: &str = "INSERT INTO last_login (account, at) {rows} ON CONFLICT (account) DO UPDATE SET at = excluded.at \
         WHERE last_login.at / 3600000000 < excluded.at / 3600000000";
    let mut part = part.to_vec();
    // Every process takes the rows in the same order.
    part.sort_unstable_by_key(|(account, _)| *account);
    let columns = [Column::ints(part.iter().map(|(account, _)| account.0)), Column::ints(part.iter().map(|(_, at)| at.0))];
    transaction!(db, |tx| { tx.batch(WRITE, &columns).await.map(drop) })
}

impl Directory {
    /// When a box was last logged in to, to the hour.
    ///
    /// # Errors
    /// As the database says.
    pub async fn last_login(&self, account: AccountId) -> Result<Option<Timestamp>> {
        let row = self.inner.db.row("SELECT at FROM last_login WHERE account = $1", args![account]).await?;
        row.map(|row| row.int(0).map(Timestamp)).transpose()
    }

    /// Owners of the boxes of a cluster that were logged in to since then.
    ///
    /// # Errors
    /// As the database says.
    pub async fn logged_in_since(&self, cluster: &str, since: Timestamp) -> Result<Vec<String>> {
        let sql = "SELECT r.owner FROM last_login l JOIN directory_record r ON r.account = l.account AND r.gone_until IS NULL \
             WHERE l.at >= $1 AND r.cluster = $2";
        self.inner.db.rows(sql, args![since, cluster]).await?.iter().map(|row| row.text(0)).collect()
    }
}
