//! DKIM keys (RFC 6376 §3.1): kept sealed, made elsewhere, each tenant's own.

use std::{fmt, sync::Arc};

use postern_core::{DomainName, Secret, Timestamp, directory::DkimAlgorithm};

use super::{
    change::{Change, Changes},
    fence,
    handle::{Directory, Inner},
    seal::{Place, SealKeys},
};
use crate::{
    args,
    db::{Db, Row},
    error::{Result, StoreError},
    transaction,
};

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DkimState {
    /// Its record is to be published; it does not sign yet.
    Waiting = 0,
    /// Signs.
    Active = 1,
    /// Signs no more; its record stays published for mail under way.
    Retired = 2,
}

/// What a maker of keys returns.
#[derive(Clone)]
pub struct DkimMaterial {
    /// `s=` (RFC 6376 §3.5), one label.
    pub selector: String,
    /// PKCS #8, DER.
    pub private: Secret<Vec<u8>>,
    /// What `p=` shows (RFC 6376 §3.6.1; RFC 8463 §4), before base64.
    pub public: Vec<u8>,
}

/// A key that was made for a domain.
#[derive(Clone)]
pub struct NewDkim {
    /// The domain's namespace.
    pub tenant: String,
    /// The domain.
    pub domain: DomainName,
    /// Type.
    pub algorithm: DkimAlgorithm,
    /// The key itself.
    pub material: DkimMaterial,
}

/// A key of a domain.
#[derive(Clone, PartialEq, Eq)]
pub struct DkimKey {
    /// `s=`.
    pub selector: String,
    /// Type.
    pub algorithm: DkimAlgorithm,
    /// Where it is in its life.
    pub state: DkimState,
    /// When it was made.
    pub created_at: Timestamp,
    /// Earliest moment at which it signs.
    pub activates_at: Timestamp,
    /// What `p=` shows, before base64.
    pub public: Vec<u8>,
    /// PKCS #8, DER.
    pub private: Secret<Vec<u8>>,
}

impl DkimKey {
    /// Whether it signs now.
    #[must_use]
    pub fn signs(&self, now: Timestamp) -> bool {
        self.state == DkimState::Active && self.activates_at <= now
    }
}

impl fmt::Debug for DkimKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DkimKey").field("selector", &self.selector).field("state", &self.state).finish_non_exhaustive()
    }
}

impl Directory {
    /// All keys of a domain that is served here, in order of their making.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when a key does not open; else as the database says, when the answer is not cached.
    pub async fn dkim_keys(&self, domain: &DomainName) -> Result<Arc<[DkimKey]>> {
        let Some(entry) = self.domain(domain).await? else { return Ok(Arc::new([])) };
        let Inner { db, keys, caches, .. } = &*self.inner;
        let name = entry.record.name.as_str();
        if let Some(known) = caches.dkim.get(name) {
            return Ok(known);
        }
        // Whose the domain is is read with the keys: what was known before may be out of date, and the keys would be kept.
        let load = async {
            let Some(entry) = self.load_domain(domain).await? else { return Ok(Arc::from([])) };
            Ok(load(db, keys, &entry.record.tenant, name).await?.into())
        };
        caches.get(&caches.dkim, name.to_owned(), load).await
    }

    /// The key of this type that is not retired, made by `make` if there is none.
    ///
    /// `make` runs outside any transaction, for RSA takes its time; when two make one at once the first commit stays.
    ///
    /// # Errors
    /// What `make` says; else as the database says.
    pub async fn ensure_dkim(
        &self,
        tenant: &str,
        domain: &DomainName,
        algorithm: DkimAlgorithm,
        state: DkimState,
        activates_at: Timestamp,
        make: impl FnOnce() -> Result<DkimMaterial> + Send,
    ) -> Result<DkimKey> {
        let Inner { db, keys, .. } = &*self.inner;
        let current = async || {
            let all = load(db, keys, tenant, domain.as_str()).await?;
            Ok::<_, StoreError>(all.into_iter().rfind(|key| key.algorithm == algorithm && key.state != DkimState::Retired))
        };
        if let Some(key) = current().await? {
            return Ok(key);
        }
        let new = NewDkim { tenant: tenant.to_owned(), domain: domain.clone(), algorithm, material: make()? };
        self.add_dkim(&[new], state, activates_at).await?;
        current().await?.ok_or(StoreError::NotFound("the DKIM key"))
    }

    /// Puts in keys that were made, all in one transaction; where a domain has one of the type by now, that stays.
    ///
    /// # Errors
    /// As the database says; nothing is put in then.
    pub async fn add_dkim(&self, made: &[NewDkim], state: DkimState, activates_at: Timestamp) -> Result<()> {
        let Inner { db, keys, clock, .. } = &*self.inner;
        let seal = |new: &NewDkim| {
            keys.seal(place(&row_key(&new.tenant, new.domain.as_str(), &new.material.selector)), new.material.private.expose())
        };
        let sealed = made.iter().map(seal).collect::<Result<Vec<_>>>()?;
        let position = transaction!(db, |tx| {
            fence::hold(tx).await?;
            let mut changes = Changes::default();
            for (new, sealed) in made.iter().zip(&sealed) {
                let (domain, number) = (new.domain.as_str(), algorithm_number(new.algorithm));
                let exists = "SELECT selector FROM dkim_key WHERE tenant = $1 AND domain = $2 AND algorithm = $3 AND state <> 2";
                if tx.row(exists, args![&new.tenant, domain, number]).await?.is_some() {
                    continue;
                }
                let sql = "INSERT INTO dkim_key (tenant, domain, selector, algorithm, state, created_at, activates_at, public, private) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
                let (DkimMaterial { selector, public, .. }, now) = (&new.material, clock.now());
                let row = args![&new.tenant, domain, selector, number, state as i64, now, activates_at, public, sealed];
                tx.execute(sql, row).await?;
                changes.add(Change::Domain(domain.to_owned()));
            }
            changes.finish(tx).await
        })?;
        if let Some(position) = position {
            self.moved(position).await;
        }
        Ok(())
    }

    /// Moves a key on in its life.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; else as the database says.
    pub async fn set_dkim_state(&self, tenant: &str, domain: &DomainName, selector: &str, state: DkimState) -> Result<()> {
        let position = transaction!(self.inner.db, |tx| {
            let sql = "UPDATE dkim_key SET state = $4 WHERE tenant = $1 AND domain = $2 AND selector = $3";
            if tx.execute(sql, args![tenant, domain.as_str(), selector, state as i64]).await? == 0 {
                return Err(StoreError::NotFound("the DKIM key"));
            }
            let mut changes = Changes::default();
            changes.add(Change::Domain(domain.to_string()));
            changes.finish(tx).await
        })?;
        self.moved(position.unwrap_or_default()).await;
        Ok(())
    }
}

async fn load(db: &Db, keys: &SealKeys, tenant: &str, domain: &str) -> Result<Vec<DkimKey>> {
    let sql = "SELECT selector, algorithm, state, created_at, activates_at, public, private FROM dkim_key \
         WHERE tenant = $1 AND domain = $2 ORDER BY created_at, selector";
    db.rows(sql, args![tenant, domain]).await?.iter().map(|row| of_row(row, keys, tenant, domain)).collect()
}

fn of_row(row: &Row, keys: &SealKeys, tenant: &str, domain: &str) -> Result<DkimKey> {
    let selector = row.text(0)?;
    let private = keys.open(place(&row_key(tenant, domain, &selector)), row.slice(6)?)?;
    Ok(DkimKey {
        selector,
        algorithm: algorithm_of(row.int(1)?)?,
        state: state_of(row.int(2)?)?,
        created_at: Timestamp(row.int(3)?),
        activates_at: Timestamp(row.int(4)?),
        public: row.bytes(5)?,
        private,
    })
}

pub(super) fn algorithm_of(number: i64) -> Result<DkimAlgorithm> {
    match number {
        0 => Ok(DkimAlgorithm::Rsa2048),
        1 => Ok(DkimAlgorithm::Ed25519),
        _ => Err(StoreError::Damaged("dkim_key.algorithm".into())),
    }
}

pub(super) fn state_of(number: i64) -> Result<DkimState> {
    match number {
        0 => Ok(DkimState::Waiting),
        1 => Ok(DkimState::Active),
        2 => Ok(DkimState::Retired),
        _ => Err(StoreError::Damaged("dkim_key.state".into())),
    }
}

const fn algorithm_number(algorithm: DkimAlgorithm) -> i64 {
    match algorithm {
        DkimAlgorithm::Rsa2048 => 0,
        DkimAlgorithm::Ed25519 => 1,
    }
}

/// The row's key, as its seal knows it.
pub(super) fn row_key(tenant: &str, domain: &str, selector: &str) -> String {
    format!("{tenant}/{domain}/{selector}")
}

pub(super) const fn place(row: &str) -> Place<'_> {
    Place { table: "dkim_key", row, column: "private" }
}
