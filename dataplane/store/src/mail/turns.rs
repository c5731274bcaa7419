//! Who writes to an account waits here for the others of this process, and not on a connection.
//!
//! On PostgreSQL a transaction that waits for an account's row holds a connection of the pool meanwhile; a dozen
//! sessions of one box would keep all others of the process from the database. On SQLite there is one writer, in front
//! of which everybody waits anyway, and those who wait together share a commit.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use postern_core::AccountId;
use tokio::sync::OwnedMutexGuard;

use crate::dialect::Dialect;

type Lock = tokio::sync::Mutex<()>;

/// Locks that are let go of are forgotten when there are more than this.
const SWEEP_ABOVE: usize = 1024;

/// The turns of all accounts. Clones share them.
#[derive(Clone)]
pub(super) struct Turns {
    dialect: Dialect,
    locks: Arc<Mutex<HashMap<AccountId, Weak<Lock>>>>,
}

impl Turns {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self { dialect, locks: Arc::default() }
    }

    /// Waits for a turn with this account; hold it until the transaction is over.
    pub(super) async fn of(&self, account: AccountId) -> Option<OwnedMutexGuard<()>> {
        if self.dialect == Dialect::Sqlite {
            return None;
        }
        Some(self.lock(account).lock_owned().await)
    }

    fn lock(&self, account: AccountId) -> Arc<Lock> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = locks.get(&account).and_then(Weak::upgrade) {
            return lock;
        }
        if locks.len() > SWEEP_ABOVE && locks.len().is_power_of_two() {
            locks.retain(|_, lock| lock.strong_count() > 0);
        }
        let lock = Arc::default();
        locks.insert(account, Arc::downgrade(&lock));
        lock
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn one_at_a_time_and_only_where_it_helps() {
        let turns = Turns::new(Dialect::Postgres);
        let first = turns.of(AccountId(1)).await;
        assert!(turns.of(AccountId(1)).now_or_never().is_none(), "the same account waits");
        assert!(turns.of(AccountId(2)).now_or_never().is_some(), "another does not");
        drop(first);
        assert!(turns.of(AccountId(1)).now_or_never().is_some());
        let lite = Turns::new(Dialect::Sqlite);
        let _first = lite.of(AccountId(1)).await;
        assert!(lite.of(AccountId(1)).now_or_never().is_some());
    }
}
