//! Loading domains, pools and brands: only what their tenant holds.

use std::{collections::HashSet, sync::Arc};

use postern_core::{
    DomainName,
    directory::{BrandRecord, DomainRecord, PoolRecord},
};

use super::{entry::DomainEntry, handle::Directory, record::decode};
use crate::{args, error::Result};

impl Directory {
    /// A domain that is served here, by its name or an alias domain's: the record is the domain's either way.
    ///
    /// # Errors
    /// As the database says, when the answer is not cached.
    pub async fn domain(&self, name: &DomainName) -> Result<Option<Arc<DomainEntry>>> {
        let caches = &self.inner.caches;
        if let Some(known) = caches.domains.get(name.as_str()) {
            return Ok(known);
        }
        caches.get(&caches.domains, name.to_string(), self.load_domain(name)).await
    }

    /// The brand of a domain: the one that it names, else its tenant's default.
    ///
    /// # Errors
    /// As the database says, when the answer is not cached.
    pub async fn brand(&self, domain: &DomainName) -> Result<Option<Arc<BrandRecord>>> {
        let Some(domain) = self.domain(domain).await? else { return Ok(None) };
        let brands = self.brands(&domain.record.tenant).await?;
        let named = domain.record.brand.as_ref().and_then(|name| brands.iter().find(|brand| brand.name == *name));
        Ok(named.or_else(|| brands.iter().find(|brand| brand.is_default)).cloned())
    }

    /// A tenant's brands, with the hosts that it holds.
    ///
    /// # Errors
    /// As the database says, when the answer is not cached.
    pub async fn brands(&self, tenant: &str) -> Result<Arc<[Arc<BrandRecord>]>> {
        let caches = &self.inner.caches;
        caches.get(&caches.brands, tenant.to_owned(), self.load_brands(tenant)).await
    }

    /// Every pool, with the addresses that it holds.
    ///
    /// # Errors
    /// As the database says, when the answer is not cached.
    pub async fn pools(&self) -> Result<Arc<[Arc<PoolRecord>]>> {
        let caches = &self.inner.caches;
        caches.get(&caches.pools, (), self.load_pools()).await
    }

    pub(super) async fn load_domain(&self, name: &DomainName) -> Result<Option<Arc<DomainEntry>>> {
        let db = &self.inner.db;
        // The name is held by the record, and the record's own name too.
        let sql = "SELECT r.owner, r.record FROM claim c JOIN claim m ON m.owner = c.owner AND m.kind = 0 AND m.holds = 1 \
             JOIN directory_record r ON r.owner = c.owner AND r.tenant = c.tenant AND r.gone_until IS NULL \
             WHERE c.name = $1 AND c.kind <= 1 AND c.holds = 1";
        let Some(row) = db.row(sql, args![name.as_str()]).await? else { return Ok(None) };
        let (owner, record) = (row.text(0)?, decode::<DomainRecord>(row.str(1)?)?);
        let held = self.held(&owner).await?;
        Ok(Some(Arc::new(DomainEntry { record: only_held(record, &held), owner })))
    }

    /// Names that a record's claims give it; a host is its tenant's as a whole.
    async fn held(&self, owner: &str) -> Result<HashSet<String>> {
        let sql = "SELECT c.name FROM claim c JOIN claim h ON h.name = c.name AND h.holds = 1 \
             WHERE c.owner = $1 AND (h.owner = c.owner OR (c.kind = 3 AND h.tenant = c.tenant))";
        self.inner.db.rows(sql, args![owner]).await?.iter().map(|row| row.text(0)).collect()
    }

    async fn load_pools(&self) -> Result<Arc<[Arc<PoolRecord>]>> {
        let sql = "SELECT owner, record FROM directory_record WHERE kind = 3 AND gone_until IS NULL ORDER BY tenant, name, owner";
        let mut pools = Vec::new();
        for row in self.inner.db.rows(sql, &[]).await? {
            let mut pool: PoolRecord = decode(row.str(1)?)?;
            let held = self.held(row.str(0)?).await?;
            pool.addresses.retain(|address| held.contains(&address.ip.to_string()));
            pools.push(Arc::new(pool));
        }
        Ok(pools.into())
    }

    async fn load_brands(&self, tenant: &str) -> Result<Arc<[Arc<BrandRecord>]>> {
        let sql = "SELECT owner, record FROM directory_record WHERE kind = 4 AND tenant = $1 AND gone_until IS NULL ORDER BY name, owner";
        let mut brands = Vec::new();
        for row in self.inner.db.rows(sql, args![tenant]).await? {
            let mut brand: BrandRecord = decode(row.str(1)?)?;
            let held = self.held(row.str(0)?).await?;
            brand.hosts.retain(|host| held.contains(host.as_str()));
            brands.push(Arc::new(brand));
        }
        Ok(brands.into())
    }
}

/// The record without the aliases and hosts that another holds or nobody has proven.
fn only_held(mut record: DomainRecord, held: &HashSet<String>) -> DomainRecord {
    record.aliases.retain(|alias| held.contains(alias.as_str()));
    for host in [&mut record.hosts.mail, &mut record.hosts.track, &mut record.hosts.return_path] {
        if host.as_ref().is_some_and(|host| !held.contains(host.as_str())) {
            *host = None;
        }
    }
    record
}
