//! The storage of a domain's boxes together: summed here, enforced where each box's own limit is.
//!
//! A counter of the domain would be written by every delivery and put them all in a row. So while a domain is over its
//! limit each of its boxes is full as it is: that limit stands in the account's row, which every write looks at anyway,
//! so mail, APPEND and COPY are refused alike. What comes between two sums is the overshoot.

use postern_core::directory::DomainRecord;

use super::Slice;
use crate::{
    args,
    directory::{Directory, Scope},
    error::Result,
    mail::account::{self, Allowance},
    store::Store,
    transaction,
};

/// Domains that one slice looks at.
const DOMAINS: u32 = 200;

/// How far the pass over all domains has come.
#[derive(Debug, Default)]
pub struct Storage {
    after: String,
}

impl Storage {
    /// Sums the boxes of the next [`DOMAINS`] domains, as far as they have a limit.
    pub async fn slice(&mut self, store: &Store, directory: &Directory) -> Result<Slice> {
        let domains = directory.list::<DomainRecord>(Scope::All, Some(&self.after), DOMAINS).await?;
        let mut done = 0;
        for domain in domains.iter().filter(|domain| domain.gone_until.is_none()) {
            if let Some(limit) = domain.record.limits.storage {
                done += settle(store, &domain.record, i64::try_from(limit.0).unwrap_or(i64::MAX)).await?;
            }
        }
        self.after = domains.last().map(|domain| domain.owner.clone()).unwrap_or_default();
        Ok(Slice { done, more: !domains.is_empty() })
    }
}

/// Closes or opens the boxes of one domain; how many changed.
async fn settle(store: &Store, domain: &DomainRecord, limit: i64) -> Result<u64> {
    let (tenant, name) = (domain.tenant.as_str(), domain.name.as_str());
    let sql = "SELECT CAST(COALESCE(SUM(a.used), 0) AS BIGINT) FROM directory_record r JOIN account a ON a.id = r.account \
         WHERE r.kind = 1 AND r.tenant = $1 AND r.domain = $2 AND r.gone_until IS NULL";
    let used = store.db.row(sql, args![tenant, name]).await?.map_or(Ok(0), |row| row.int(0))?;
    transaction!(store.db, |tx| { account::set_quotas(tx, tenant, name, Allowance::of(domain), used >= limit).await })
}
