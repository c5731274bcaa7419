//! Messages that were stored a moment ago, and rows that were read.
//!
//! A message's row never changes in what a reader sees of it, a body never at all, and their ids are never given again; so a
//! mail that has just come and is looked at by each of a user's clients is read from PostgreSQL once or not at all. SQLite
//! reads where its caller stands and keeps its pages itself: nothing is kept for it. Bodies are kept as they are stored,
//! compressed, small ones that came into a folder that is in memory.

use std::sync::Arc;

use moka::{policy::EvictionPolicy, sync::Cache};
use postern_core::{AccountId, BlobId};

use super::read::StoredMessage;
use crate::{
    blob::{Prepared, Stored},
    dialect::Dialect,
};

/// Octets of rows that are kept, and of bodies.
const KEEP: u64 = 8 << 20;
/// Stored octets of a body that is worth keeping.
const SMALL: usize = 32 << 10;
/// Octets that an entry has beside what is kept in it, about.
const ENTRY: usize = 200;

/// What is kept. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Recent(Option<Kept>);

#[derive(Clone, Debug)]
struct Kept {
    rows: Cache<(AccountId, i64), Arc<StoredMessage>>,
    bodies: Cache<BlobId, Arc<Stored>>,
}

impl Recent {
    /// Empty.
    pub fn new(dialect: Dialect) -> Self {
        let row = |_: &(AccountId, i64), row: &Arc<StoredMessage>| weight(row.summary.len() + row.prefix.len());
        let body = |_: &BlobId, body: &Arc<Stored>| weight(body.len());
        Self((dialect == Dialect::Postgres).then(|| Kept {
            // What was read often a while ago makes room for what has just come.
            rows: Cache::builder().eviction_policy(EvictionPolicy::lru()).max_capacity(KEEP).weigher(row).build(),
            bodies: Cache::builder().eviction_policy(EvictionPolicy::lru()).max_capacity(KEEP).weigher(body).build(),
        }))
    }

    /// Whether anything is kept at all.
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// A row of an account.
    pub fn get(&self, account: AccountId, message: i64) -> Option<Arc<StoredMessage>> {
        self.0.as_ref()?.rows.get(&(account, message))
    }

    /// Keeps a row.
    pub fn keep(&self, account: AccountId, row: StoredMessage) -> Arc<StoredMessage> {
        let row = Arc::new(row);
        if let Some(kept) = &self.0 {
            kept.rows.insert((account, row.id.0), row.clone());
        }
        row
    }

    /// A body.
    pub fn body(&self, id: BlobId) -> Option<Arc<Stored>> {
        self.0.as_ref()?.bodies.get(&id)
    }

    /// Keeps a body, if it is small and lies in the database.
    pub fn keep_body(&self, body: &Prepared) {
        if let (Some(kept), Some(stored)) = (&self.0, body.stored(SMALL)) {
            kept.bodies.insert(body.id, Arc::new(stored));
        }
    }
}

fn weight(octets: usize) -> u32 {
    u32::try_from(octets + ENTRY).unwrap_or(u32::MAX)
}
