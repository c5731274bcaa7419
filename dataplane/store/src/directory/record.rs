//! Rows of `directory_record`: what a record was made from, and by what it is found.

use postern_core::{
    AccountId, Address,
    directory::{AccountRecord, AliasRecord, BrandRecord, Digest, DomainRecord, PoolRecord, Projected, SourceKey},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{claim::ClaimKind, update::DirectoryUpdate};
use crate::{
    db::Row,
    error::{Result, StoreError},
};

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordKind {
    /// [`DomainRecord`].
    Domain = 0,
    /// [`AccountRecord`].
    Account = 1,
    /// [`AliasRecord`].
    Alias = 2,
    /// [`PoolRecord`].
    Pool = 3,
    /// [`BrandRecord`].
    Brand = 4,
}

impl RecordKind {
    pub(super) fn of(number: i64) -> Result<Self> {
        [Self::Domain, Self::Account, Self::Alias, Self::Pool, Self::Brand]
            .into_iter()
            .find(|kind| *kind as i64 == number)
            .ok_or_else(|| StoreError::Damaged(format!("directory_record.kind {number}")))
    }
}

/// A record that can be listed.
pub trait Record: Serialize + DeserializeOwned {
    /// What it is.
    const KIND: RecordKind;
}

impl Record for DomainRecord {
    const KIND: RecordKind = RecordKind::Domain;
}
impl Record for AccountRecord {
    const KIND: RecordKind = RecordKind::Account;
}
impl Record for AliasRecord {
    const KIND: RecordKind = RecordKind::Alias;
}
impl Record for PoolRecord {
    const KIND: RecordKind = RecordKind::Pool;
}
impl Record for BrandRecord {
    const KIND: RecordKind = RecordKind::Brand;
}

/// A record's text in the table.
pub(super) fn encode<T: Serialize>(record: &T) -> Result<String> {
    serde_json::to_string(record).map_err(|e| StoreError::Refused(format!("a record that cannot be written: {e}")))
}

/// A record from the table's text.
pub(super) fn decode<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| StoreError::Damaged(format!("directory_record.record: {e}")))
}

/// The source of an owner's key, if a resource is the owner.
pub(super) fn source_of(owner: &str) -> Option<SourceKey> {
    let mut parts = owner.rsplitn(4, '/').map(str::to_owned);
    let (name, namespace, kind, cluster) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    Some(SourceKey { cluster, kind, namespace, name })
}

/// The row as it stands, without its record.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub owner: String,
    pub kind: RecordKind,
    pub tenant: String,
    pub name: String,
    pub account: Option<AccountId>,
    pub digest: Vec<u8>,
    pub gone: bool,
}

impl Stored {
    /// Of `owner, kind, tenant, name, account, digest, gone_until`.
    pub fn of_row(row: &Row) -> Result<Self> {
        Ok(Self {
            owner: row.text(0)?,
            kind: RecordKind::of(row.int(1)?)?,
            tenant: row.text(2)?,
            name: row.text(3)?,
            account: row.opt_int(4)?.map(AccountId),
            digest: row.bytes(5)?,
            gone: row.opt_int(6)?.is_some(),
        })
    }
}

/// The record itself, borrowed from the update.
#[derive(Clone, Copy)]
pub(super) enum Item<'a> {
    Domain(&'a DomainRecord),
    Account(&'a AccountRecord),
    Alias,
    Pool,
    Brand,
}

/// A record as the update wants it.
pub(super) struct Wanted<'a> {
    pub kind: RecordKind,
    pub source: &'a SourceKey,
    pub owner: String,
    pub tenant: &'a str,
    /// Domain name, address key, or the resource's name.
    pub name: String,
    pub domain: Option<String>,
    pub quota: Option<i64>,
    pub digest: Digest,
    pub generation: i64,
    /// The record's text; an account's is made later, for what was applied once must be kept.
    pub record: String,
    /// Address keys, its own first.
    pub addresses: Vec<String>,
    /// Names that it claims, and whether they need no token.
    pub claims: Vec<(ClaimKind, String, bool)>,
    pub item: Item<'a>,
}

impl<'a> Wanted<'a> {
    fn new<T: Record>(projected: &'a Projected<T>, tenant: &'a str, name: String, item: Item<'a>) -> Result<Self> {
        Ok(Self {
            kind: T::KIND,
            source: &projected.source,
            owner: projected.source.to_string(),
            tenant,
            name,
            domain: None,
            quota: None,
            digest: projected.digest,
            generation: projected.generation,
            record: encode(&projected.record)?,
            addresses: Vec::new(),
            claims: Vec::new(),
            item,
        })
    }

    /// Everything in an update, in the order of the owners' keys: no outcome depends on the order of arrival.
    pub fn all(update: &'a DirectoryUpdate) -> Result<Vec<Self>> {
        let mut all = Vec::new();
        for p in &update.domains {
            let name = p.record.name.to_string();
            let wanted = Self::new(p, &p.record.tenant, name.clone(), Item::Domain(&p.record))?;
            all.push(Self { domain: Some(name), claims: claims_of_domain(&p.record), ..wanted });
        }
        for p in &update.accounts {
            let own = &p.record.address;
            let wanted = Self::new(p, &p.record.tenant, own.key(), Item::Account(&p.record))?;
            let addresses = distinct(std::iter::once(own).chain(&p.record.aliases).map(Address::key));
            let quota = p.record.quota.map(|quota| i64::try_from(quota.0).unwrap_or(i64::MAX));
            all.push(Self { domain: Some(own.domain().to_string()), quota, addresses, ..wanted });
        }
        for p in &update.aliases {
            let own = &p.record.address;
            let wanted = Self::new(p, &p.record.tenant, own.key(), Item::Alias)?;
            all.push(Self { domain: Some(own.domain().to_string()), addresses: vec![own.key()], ..wanted });
        }
        for p in &update.pools {
            let wanted = Self::new(p, &p.record.tenant, p.record.name.clone(), Item::Pool)?;
            let claims = p.record.addresses.iter().map(|a| (ClaimKind::PoolAddress, a.ip.to_string(), true)).collect();
            all.push(Self { claims, ..wanted });
        }
        for p in &update.brands {
            let wanted = Self::new(p, &p.record.tenant, p.record.name.clone(), Item::Brand)?;
            let claims = p.record.hosts.iter().map(|host| (ClaimKind::Host, host.to_string(), false)).collect();
            all.push(Self { claims, ..wanted });
        }
        all.sort_by(|a, b| a.owner.cmp(&b.owner));
        all.dedup_by(|a, b| a.owner == b.owner);
        Ok(all)
    }
}

/// The domain, its other names and its hosts; a name that is two of these is claimed as the first.
fn claims_of_domain(record: &DomainRecord) -> Vec<(ClaimKind, String, bool)> {
    let hosts = [&record.hosts.mail, &record.hosts.track, &record.hosts.return_path];
    let mut claims = vec![(ClaimKind::Domain, record.name.to_string(), record.preverified)];
    claims.extend(record.aliases.iter().map(|alias| (ClaimKind::AliasDomain, alias.to_string(), record.preverified)));
    // A host under the domain needs no more proof; one elsewhere does, whatever is said of the domain.
    claims.extend(hosts.into_iter().flatten().map(|host| (ClaimKind::Host, host.to_string(), false)));
    let mut seen = std::collections::HashSet::new();
    claims.retain(|(_, name, _)| seen.insert(name.clone()));
    claims
}

fn distinct(keys: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    keys.filter(|key| seen.insert(key.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_comes_back_from_its_key() {
        let source = SourceKey { cluster: "a/b".into(), kind: "Mailbox".into(), namespace: "acme".into(), name: "alice".into() };
        assert_eq!(source_of(&source.to_string()), Some(source));
        assert_eq!(source_of("short"), None);
    }
}
