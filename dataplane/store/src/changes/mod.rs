//! Who wants to know that an account moved on, and how they hear of it.
//!
//! There is no feed of changes: the hint names an account and its MODSEQ, the truth is the account
//! row. A session subscribes to its account and is awoken when the hint's MODSEQ is new; what
//! changed it reads from the snapshot. Hints come from commits of this process, from PostgreSQL's
//! NOTIFY and, where a hint was lost, from a poll of all watched accounts ([`poll`]).

mod postgres;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use postern_core::AccountId;
use tokio::sync::{mpsc, watch};

pub use self::postgres::{Hints, relay};
use crate::{args, db::Db, error::Result, mail::index::build::Behind};

/// To the task that tells other processes.
type Outward = mpsc::UnboundedSender<Told>;

/// What other processes are told.
#[derive(Clone, Copy, Debug)]
enum Told {
    /// An account moved on to this MODSEQ.
    Moved(AccountId, i64),
    /// Something was queued.
    Queued,
    /// Somebody searches a folder whose text index is far behind.
    Wanted(Behind),
}

/// The hub of one process. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    watched: Arc<Mutex<HashMap<AccountId, watch::Sender<i64>>>>,
    outward: Arc<Mutex<Option<Outward>>>,
}

/// One session's ear. Dropping it unsubscribes.
#[derive(Debug)]
pub struct Subscription {
    account: AccountId,
    hub: Changes,
    modseq: watch::Receiver<i64>,
}

impl Changes {
    /// Listens for an account.
    #[must_use]
    pub fn subscribe(&self, account: AccountId) -> Subscription {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let modseq = watched.entry(account).or_insert_with(|| watch::channel(0).0).subscribe();
        Subscription { account, hub: self.clone(), modseq }
    }

    /// Tells that a commit of this process moved accounts on; other processes are told too.
    pub fn announce(&self, moved: impl IntoIterator<Item = (AccountId, i64)>) {
        let outward = self.outward.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (account, modseq) in moved {
            self.hint(account, modseq);
            if let Some(outward) = &outward {
                // The receiver lives as long as the process serves; after that nobody needs to hear.
                let _ = outward.send(Told::Moved(account, modseq));
            }
        }
    }

    /// Tells senders of other processes that something was queued; those of this one know.
    pub fn queued(&self) {
        if let Some(outward) = &*self.outward.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = outward.send(Told::Queued);
        }
    }

    /// Tells janitors of other processes that a folder's text index is wanted; this one's knows.
    pub fn index_wanted(&self, at: Behind) {
        if let Some(outward) = &*self.outward.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = outward.send(Told::Wanted(at));
        }
    }

    /// Tells the sessions of this process.
    pub fn hint(&self, account: AccountId, modseq: i64) {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = watched.get(&account) {
            sender.send_if_modified(|at| {
                let newer = modseq > *at;
                *at = modseq.max(*at);
                newer
            });
        }
    }

    /// Accounts that somebody listens for.
    #[must_use]
    pub fn watched(&self) -> Vec<AccountId> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    fn tell_others(&self, outward: Outward) {
        *self.outward.lock().unwrap_or_else(PoisonError::into_inner) = Some(outward);
    }
}

impl Subscription {
    /// Waits until the account has moved on since this was last called.
    pub async fn moved(&mut self) {
        // The sender lives in the hub, which this subscription holds.
        if self.modseq.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether the account has moved on since it was last looked at.
    #[must_use]
    pub fn has_moved(&self) -> bool {
        self.modseq.has_changed().unwrap_or(false)
    }

    /// Forgets hints that came before now: the caller is about to look for itself. The MODSEQ that was heard of.
    pub fn seen(&mut self) -> i64 {
        *self.modseq.borrow_and_update()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut watched = self.hub.watched.lock().unwrap_or_else(PoisonError::into_inner);
        // Gone before the lock is: of two that leave at once each would else still see the other.
        drop(std::mem::replace(&mut self.modseq, watch::channel(0).1));
        if watched.get(&self.account).is_some_and(|sender| sender.receiver_count() == 0) {
            watched.remove(&self.account);
        }
    }
}

/// Reads the MODSEQ of every watched account and hints where it moved: the safety net under lost hints.
///
/// # Errors
/// As the database says; the caller polls again.
pub async fn poll(db: &Db, hub: &Changes) -> Result<()> {
    for slice in hub.watched().chunks(1_000) {
        let ids: Vec<i64> = slice.iter().map(|a| a.0).collect();
        for row in db.rows("SELECT id, modseq FROM account WHERE id = ANY($1)", args![&ids]).await? {
            hub.hint(AccountId(row.int(0)?), row.int(1)?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn wakes_once_for_each_move_and_forgets_the_account_with_its_last_listener() {
        let hub = Changes::default();
        let (mut a, mut b) = (hub.subscribe(AccountId(1)), hub.subscribe(AccountId(1)));
        hub.announce([(AccountId(1), 5), (AccountId(2), 9)]);
        a.moved().await;
        b.moved().await;
        hub.hint(AccountId(1), 4);
        assert!(futures_util::FutureExt::now_or_never(a.moved()).is_none(), "an old hint wakes nobody");
        drop(a);
        assert_eq!(hub.watched(), [AccountId(1)]);
        drop(b);
        assert!(hub.watched().is_empty());
    }

    #[test]
    fn two_who_leave_at_once_leave_nothing_behind() {
        let hub = Changes::default();
        for _ in 0..1_000 {
            let (a, b) = (hub.subscribe(AccountId(1)), hub.subscribe(AccountId(1)));
            let both = std::sync::Barrier::new(2);
            std::thread::scope(|scope| {
                for ear in [a, b] {
                    let both = &both;
                    scope.spawn(move || {
                        both.wait();
                        drop(ear);
                    });
                }
            });
            assert!(hub.watched().is_empty());
        }
    }
}
