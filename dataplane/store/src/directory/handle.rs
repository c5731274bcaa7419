//! The handle that everybody holds: look-ups, the projection's writes, and the passwords' few.

use std::{fmt, sync::Arc};

use postern_core::{AccountId, Address, Clock, IdSource, directory::PoolRecord};

use super::{
    apply::{self, Apply},
    cache::Caches,
    change::{self, Change, Changes},
    credential::{self, ScramSecret, Verifiers},
    entry::{AccountEntry, AddressTarget, KnownTarget, LoginAccount},
    fence::Epoch,
    record::Wanted,
    seal::SealKeys,
    update::{ApplyReport, CredentialPlan, DirectoryUpdate, VerifiersBySource},
};
use crate::{
    args,
    db::{Db, Tx},
    dialect::Dialect,
    error::{Result, StoreError},
    transaction,
};

/// The directory of one process. Clones share the caches.
///
/// Look-ups answer from the cache where they can, also while the database is away; what is not
/// cached is then [`StoreError::Unavailable`]. Somebody must call [`Directory::refresh`] at every
/// NOTIFY on [`change::CHANNEL`] and at least every half second.
#[derive(Clone)]
pub struct Directory {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub ids: IdSource,
    pub keys: SealKeys,
    pub caches: Caches,
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Directory(position {})", self.position())
    }
}

impl Directory {
    /// Opens the directory of a database whose schema is up.
    ///
    /// # Errors
    /// As the database says.
    pub async fn open(db: Db, clock: Arc<dyn Clock>, ids: IdSource, keys: SealKeys) -> Result<Self> {
        let position = change::position(&db).await?;
        Ok(Self { inner: Arc::new(Inner { db, clock, ids, keys, caches: Caches::at(position) }) })
    }

    /// The position whose changes this handle has applied.
    #[must_use]
    pub fn position(&self) -> i64 {
        self.inner.caches.position()
    }

    /// Forgets what was changed by others since; returns the position that is applied now.
    ///
    /// # Errors
    /// As the database says; what is cached stays, and stays in use.
    pub async fn refresh(&self) -> Result<i64> {
        let from = self.position();
        let to = change::position(&self.inner.db).await?;
        if to != from {
            let changes = change::between(&self.inner.db, from, to).await?;
            self.inner.caches.apply(to, &changes);
        }
        Ok(to)
    }

    /// Where mail for an address goes. Alias domains are followed; a tag (`+…`) is the router's to take off.
    ///
    /// # Errors
    /// As the database says, when the answer is not cached.
    pub async fn address(&self, address: &Address) -> Result<AddressTarget> {
        let Some(domain) = self.domain(address.domain()).await? else { return Ok(AddressTarget::None) };
        let (tenant, name) = (&domain.record.tenant, &domain.record.name);
        let key = if address.domain() == name { address.key() } else { address.with_domain(name.clone()).key() };
        let caches = &self.inner.caches;
        let known = caches.get(&caches.addresses, format!("{tenant}/{key}"), self.load_address(tenant, &key)).await?;
        let now = self.inner.clock.now();
        Ok(match known {
            KnownTarget::Account { until: Some(until), .. } if until <= now => AddressTarget::None,
            KnownTarget::Account { id, .. } => self.account(id).await?.map_or(AddressTarget::None, AddressTarget::Account),
            KnownTarget::Alias(alias) if alias.expires_at.is_some_and(|at| at <= now) => AddressTarget::None,
            KnownTarget::Alias(alias) => AddressTarget::Alias(alias),
            KnownTarget::None => AddressTarget::None,
        })
    }

    /// An account by its id; `None` when it is a tombstone.
    ///
    /// # Errors
    /// As the database says, when the answer is not cached.
    pub async fn account(&self, id: AccountId) -> Result<Option<Arc<AccountEntry>>> {
        let caches = &self.inner.caches;
        caches.get(&caches.accounts, id, self.load_account(id)).await
    }

    /// What a login name stands for: any address of an account.
    ///
    /// # Errors
    /// As the database says, when the answer is not cached.
    pub async fn login(&self, login: &str) -> Result<Option<Arc<LoginAccount>>> {
        let Ok(address) = Address::parse(login) else { return Ok(None) };
        let AddressTarget::Account(account) = self.address(&address).await? else { return Ok(None) };
        let caches = &self.inner.caches;
        caches.get(&caches.logins, account.id, self.load_login(account.id)).await
    }

    /// The pool that sends for a domain: the one it names if its tenant may use it, else a default one; `None` sends from any address.
    ///
    /// # Errors
    /// As the database says, when the answer is not cached.
    pub async fn pool_for(&self, domain: &postern_core::DomainName) -> Result<Option<Arc<PoolRecord>>> {
        let Some(domain) = self.domain(domain).await? else { return Ok(None) };
        let tenant = &domain.record.tenant;
        let may =
            |pool: &PoolRecord| pool.tenant == *tenant || pool.allowed_tenants.as_ref().is_none_or(|allowed| allowed.contains(tenant));
        let pools = self.pools().await?;
        let named = domain.record.pool.as_ref().and_then(|(ns, name)| pools.iter().find(|p| p.tenant == *ns && p.name == *name && may(p)));
        let mut defaults = pools.iter().filter(|pool| pool.is_default && may(pool));
        let own = pools.iter().find(|pool| pool.is_default && pool.tenant == *tenant);
        Ok(named.or(own).or_else(|| defaults.next()).cloned())
    }

    /// Whose password must be worked on before `update` is applied.
    ///
    /// # Errors
    /// As the database says.
    pub async fn plan(&self, update: &DirectoryUpdate) -> Result<CredentialPlan> {
        let wanted = Wanted::all(update)?;
        let mut tx = self.inner.db.begin().await?;
        let plan = apply::plan(&mut tx, &self.inner.keys, update, &wanted).await;
        tx.rollback().await;
        plan
    }

    /// Tells the database that the directory has grown by much. PostgreSQL plans for the sizes that it counted last, and counts
    /// by itself no sooner than a minute later; until then a lookup may read a whole table. SQLite does not plan by sizes here.
    ///
    /// # Errors
    /// As the database says; nothing depends on it but speed.
    pub async fn grown(&self) -> Result<()> {
        if self.inner.db.dialect() == Dialect::Sqlite {
            return Ok(());
        }
        let mut tx = self.inner.db.begin().await?;
        tx.script("ANALYZE claim, directory_record, address, account, credential").await?;
        tx.commit().await
    }

    /// Applies an update as a whole: one transaction, one move of the position, none when nothing changed.
    ///
    /// `verifiers` are those of the accounts that [`Directory::plan`] named.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the epoch is over; else as the database says. Objects that are not taken are in the report.
    pub async fn apply(&self, update: &DirectoryUpdate, epoch: Epoch, verifiers: &VerifiersBySource) -> Result<ApplyReport> {
        let Inner { db, clock, ids, keys, .. } = &*self.inner;
        let wanted = Wanted::all(update)?;
        let apply = Apply { update, wanted: &wanted, verifiers, keys, ids, now: clock.now() };
        let before = self.position();
        let report: ApplyReport = transaction!(db, |tx| { apply.run(tx, epoch).await })?;
        if report.position > before {
            self.moved(report.position).await;
        }
        Ok(report)
    }

    /// Sets the user's own password. The resource's is set anew only when it changes after this.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the tenant has no such account; else as the database says.
    pub async fn set_password(&self, tenant: &str, account: AccountId, verifiers: &Verifiers) -> Result<()> {
        let Inner { db, clock, keys, .. } = &*self.inner;
        let position = transaction!(db, |tx| {
            require(tx, tenant, account).await?;
            credential::set_own(tx, keys, account, verifiers, clock.now()).await?;
            let mut changes = Changes::default();
            changes.add(Change::Account(account));
            changes.finish(tx).await
        })?;
        self.moved(position.unwrap_or_default()).await;
        Ok(())
    }

    /// Adds the SCRAM verifier that the first PLAIN login made possible, if the hash is still the one that was checked.
    ///
    /// # Errors
    /// As the database says.
    pub async fn add_scram(&self, account: AccountId, checked_phc: &str, scram: &ScramSecret) -> Result<bool> {
        let Inner { db, clock, keys, .. } = &*self.inner;
        let position = transaction!(db, |tx| {
            let mut changes = Changes::default();
            if credential::add_scram(tx, keys, account, checked_phc, scram, clock.now()).await? {
                changes.add(Change::Account(account));
            }
            changes.finish(tx).await
        })?;
        if let Some(position) = position {
            self.moved(position).await;
        }
        Ok(position.is_some())
    }

    /// After a commit of ours: tells the others, and forgets here at once.
    pub(super) async fn moved(&self, position: i64) {
        change::announce(&self.inner.db, position).await;
        if let Err(error) = self.refresh().await {
            tracing::warn!(%error, "the directory moved and could not be read; the poll will");
        }
    }
}

async fn require(tx: &mut Tx, tenant: &str, account: AccountId) -> Result<()> {
    let sql = "SELECT owner FROM directory_record WHERE account = $1 AND tenant = $2 AND gone_until IS NULL";
    tx.row(sql, args![account, tenant]).await?.map(|_| ()).ok_or(StoreError::NotFound("the account"))
}
