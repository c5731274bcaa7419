//! Rows of messages that were stored or read a moment ago.
//!
//! A message's row never changes in what a reader sees of it, and its id is never given again; so a mail that has just come
//! and is looked at by each of a user's clients is read from PostgreSQL once or not at all. SQLite reads where its caller
//! stands and keeps its pages itself: nothing is kept for it. Bodies are not here.

use std::sync::Arc;

use postern_core::AccountId;

use super::read::StoredMessage;
use crate::dialect::Dialect;

/// Octets that are kept.
const KEEP: u64 = 8 << 20;
/// Octets that an entry has beside its summary and prefix, about.
const ENTRY: usize = 200;

type Kept = moka::sync::Cache<(AccountId, i64), Arc<StoredMessage>>;

/// What is kept. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Recent(Option<Kept>);

impl Recent {
    /// Empty.
    pub fn new(dialect: Dialect) -> Self {
        let size = |_: &(AccountId, i64), row: &Arc<StoredMessage>| {
            u32::try_from(row.summary.len() + row.prefix.len() + ENTRY).unwrap_or(u32::MAX)
        };
        Self((dialect == Dialect::Postgres).then(|| moka::sync::Cache::builder().max_capacity(KEEP).weigher(size).build()))
    }

    /// Whether anything is kept at all.
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// A row of an account.
    pub fn get(&self, account: AccountId, message: i64) -> Option<Arc<StoredMessage>> {
        self.0.as_ref()?.get(&(account, message))
    }

    /// Keeps a row.
    pub fn keep(&self, account: AccountId, row: StoredMessage) -> Arc<StoredMessage> {
        let row = Arc::new(row);
        if let Some(kept) = &self.0 {
            kept.insert((account, row.id.0), row.clone());
        }
        row
    }
}
