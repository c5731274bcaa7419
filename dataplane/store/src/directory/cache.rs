//! Bounded caches that the position moves on, negative answers included.
//!
//! A value is kept only if no change was applied between the moment its load began and the moment it
//! is put in: otherwise a load that read before a change could be kept after it, for ever.

use std::{
    future::Future,
    hash::Hash,
    sync::{Arc, PoisonError, RwLock},
};

use moka::sync::Cache;
use postern_core::{
    AccountId,
    directory::{BrandRecord, PoolRecord},
};

use super::{
    certificate::Certificate,
    change::Change,
    dkim::DkimKey,
    entry::{AccountEntry, DomainEntry, KnownTarget, LoginAccount},
};
use crate::error::Result;

/// Entries of a large cache: some tens of MiB when every one is used.
const MANY: u64 = 100_000;
const FEW: u64 = 10_000;

pub(super) struct Caches {
    /// The position whose changes are all applied.
    applied: RwLock<i64>,
    pub domains: Cache<String, Option<Arc<DomainEntry>>>,
    /// By `tenant/key`.
    pub addresses: Cache<String, KnownTarget>,
    pub accounts: Cache<AccountId, Option<Arc<AccountEntry>>>,
    pub logins: Cache<AccountId, Option<Arc<LoginAccount>>>,
    pub dkim: Cache<String, Arc<[DkimKey]>>,
    pub pools: Cache<(), Arc<[Arc<PoolRecord>]>>,
    pub brands: Cache<String, Arc<[Arc<BrandRecord>]>>,
    /// By the host that was asked for, whichever certificate answers.
    pub certificates: Cache<String, Option<Arc<Certificate>>>,
}

impl Caches {
    /// Empty, at a position that was read before anything else.
    pub fn at(position: i64) -> Self {
        Self {
            applied: RwLock::new(position),
            domains: Cache::new(MANY),
            addresses: Cache::new(MANY),
            accounts: Cache::new(MANY),
            logins: Cache::new(FEW),
            dkim: Cache::new(FEW),
            pools: Cache::new(1),
            brands: Cache::new(FEW),
            certificates: Cache::new(FEW),
        }
    }

    /// What is applied.
    pub fn position(&self) -> i64 {
        *self.applied.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The cached value, or the loaded one.
    pub async fn get<K, V>(&self, cache: &Cache<K, V>, key: K, load: impl Future<Output = Result<V>>) -> Result<V>
    where
        K: Hash + Eq + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        if let Some(value) = cache.get(&key) {
            return Ok(value);
        }
        let before = self.position();
        let value = load.await?;
        let applied = self.applied.read().unwrap_or_else(PoisonError::into_inner);
        if *applied == before {
            cache.insert(key, value.clone());
        }
        Ok(value)
    }

    /// Forgets what the changes name; from then on `position` is applied.
    pub fn apply(&self, position: i64, changes: &[Change]) {
        let mut applied = self.applied.write().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            self.forget(change);
        }
        if position > *applied || changes.contains(&Change::All) {
            *applied = position;
        }
    }

    fn forget(&self, change: &Change) {
        match change {
            Change::Domain(name) => {
                self.domains.invalidate(name);
                self.dkim.invalidate(name);
            }
            Change::Address { tenant, key } => self.addresses.invalidate(&format!("{tenant}/{key}")),
            Change::Account(id) => {
                self.accounts.invalidate(id);
                self.logins.invalidate(id);
            }
            Change::Pools => self.pools.invalidate_all(),
            Change::Brands => self.brands.invalidate_all(),
            // A wildcard may have answered for any host.
            Change::Certificate(host) if host.starts_with('*') => self.certificates.invalidate_all(),
            Change::Certificate(host) => self.certificates.invalidate(host),
            Change::All => {
                self.domains.invalidate_all();
                self.addresses.invalidate_all();
                self.accounts.invalidate_all();
                self.logins.invalidate_all();
                self.dkim.invalidate_all();
                self.pools.invalidate_all();
                self.brands.invalidate_all();
                self.certificates.invalidate_all();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_loaded_across_a_change_is_not_kept() {
        let caches = Caches::at(3);
        let change = [Change::Domain("example.org".into())];
        let load = async {
            caches.apply(4, &change);
            Ok(None)
        };
        assert!(caches.get(&caches.domains, "example.org".to_owned(), load).await.unwrap().is_none());
        assert!(caches.domains.get("example.org").is_none());
        assert_eq!(caches.position(), 4);
        caches.get(&caches.domains, "example.org".to_owned(), async { Ok(None) }).await.unwrap();
        assert!(caches.domains.get("example.org").is_some());
    }
}
