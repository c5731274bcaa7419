//! What statuses say of rows, asked for many resources at once: one query for a page of them, nothing cached.

use std::collections::HashMap;

use postern_core::{
    AccountId, Timestamp,
    directory::{Digest, DkimAlgorithm, SourceKey},
};

use super::{claim::ClaimKind, dkim::DkimState, handle::Directory, record::source_of};
use crate::{
    args,
    error::{Result, StoreError},
};

/// A box, as a status shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoxFacts {
    /// Its id, for ever.
    pub account: AccountId,
    /// Bytes used.
    pub used: i64,
    /// Messages stored.
    pub messages: i64,
    /// Limit in bytes.
    pub quota: Option<i64>,
    /// Whether it has a password.
    pub has_password: bool,
    /// Its last login, to the hour.
    pub last_login: Option<Timestamp>,
}

/// A domain, as a status shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DomainFacts {
    /// Whether its tenant holds the name.
    pub held: bool,
    /// Whether the administrator vouches for it.
    pub preverified: bool,
    /// Boxes, whoever made them.
    pub boxes: u64,
    /// Bytes of all of them.
    pub used: u64,
    /// Signing keys, in order of their making.
    pub keys: Vec<KeyFacts>,
}

/// A signing key without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFacts {
    /// `s=`.
    pub selector: String,
    /// Type.
    pub algorithm: DkimAlgorithm,
    /// Where it is in its life.
    pub state: DkimState,
    /// Earliest moment at which it signs.
    pub activates_at: Timestamp,
}

impl Directory {
    /// The rows of a cluster that are no tombstones, and what each was made from.
    ///
    /// # Errors
    /// As the database says.
    pub async fn digests(&self, cluster: &str) -> Result<HashMap<SourceKey, Digest>> {
        let sql = "SELECT owner, digest FROM directory_record WHERE cluster = $1 AND gone_until IS NULL";
        let mut digests = HashMap::new();
        for row in self.inner.db.rows(sql, args![cluster]).await? {
            let digest = row.slice(1)?.try_into().map_err(|_| StoreError::Damaged("directory_record.digest".into()))?;
            if let Some(source) = source_of(row.str(0)?) {
                digests.insert(source, Digest(digest));
            }
        }
        Ok(digests)
    }

    /// Boxes of these resources; those without one are missing.
    ///
    /// # Errors
    /// As the database says.
    pub async fn box_facts(&self, owners: &[String]) -> Result<HashMap<String, BoxFacts>> {
        let sql = "SELECT r.owner, r.account, a.used, a.messages, a.quota, c.account, l.at FROM directory_record r \
             JOIN account a ON a.id = r.account LEFT JOIN credential c ON c.account = r.account AND c.kind = 0 AND c.id = 0 LEFT JOIN last_login l ON l.account = r.account \
             WHERE r.owner = ANY($1) AND r.gone_until IS NULL";
        let rows = self.inner.db.rows(sql, args![owners]).await?;
        let facts = rows.iter().map(|row| {
            let facts = BoxFacts {
                account: AccountId(row.int(1)?),
                used: row.int(2)?,
                messages: row.int(3)?,
                quota: row.opt_int(4)?,
                has_password: row.opt_int(5)?.is_some(),
                last_login: row.opt_int(6)?.map(Timestamp),
            };
            Ok((row.text(0)?, facts))
        });
        facts.collect()
    }

    /// Domains of these resources; those without a row are missing.
    ///
    /// # Errors
    /// As the database says.
    pub async fn domain_facts(&self, owners: &[String]) -> Result<HashMap<String, DomainFacts>> {
        let db = &self.inner.db;
        let (mut facts, mut owner_of) = (HashMap::new(), HashMap::new());
        let sql = "SELECT owner, tenant, name FROM directory_record WHERE owner = ANY($1) AND kind = 0 AND gone_until IS NULL";
        for row in db.rows(sql, args![owners]).await? {
            facts.insert(row.text(0)?, DomainFacts::default());
            owner_of.insert((row.text(1)?, row.text(2)?), row.text(0)?);
        }
        let sql = "SELECT owner, holds, preverified FROM claim WHERE owner = ANY($1) AND kind = $2 AND gone = 0";
        for row in db.rows(sql, args![owners, ClaimKind::Domain as i64]).await? {
            if let Some(facts) = facts.get_mut(row.str(0)?) {
                (facts.held, facts.preverified) = (row.int(1)? != 0, row.int(2)? != 0);
            }
        }
        let (tenants, names): (Vec<String>, Vec<String>) = owner_of.keys().cloned().unzip();
        let sql = "SELECT r.tenant, r.domain, COUNT(*), CAST(COALESCE(SUM(a.used), 0) AS BIGINT) FROM directory_record r \
             JOIN account a ON a.id = r.account WHERE r.tenant = ANY($1) AND r.domain = ANY($2) AND r.kind = 1 AND r.gone_until IS NULL \
             GROUP BY r.tenant, r.domain";
        for row in db.rows(sql, args![&tenants, &names]).await? {
            if let Some(facts) = owner_of.get(&(row.text(0)?, row.text(1)?)).and_then(|owner| facts.get_mut(owner)) {
                facts.boxes = u64::try_from(row.int(2)?).unwrap_or_default();
                facts.used = u64::try_from(row.int(3)?).unwrap_or_default();
            }
        }
        let sql = "SELECT tenant, domain, selector, algorithm, state, activates_at FROM dkim_key \
             WHERE tenant = ANY($1) AND domain = ANY($2) ORDER BY created_at, selector";
        for row in db.rows(sql, args![&tenants, &names]).await? {
            if let Some(facts) = owner_of.get(&(row.text(0)?, row.text(1)?)).and_then(|owner| facts.get_mut(owner)) {
                facts.keys.push(KeyFacts {
                    selector: row.text(2)?,
                    algorithm: super::dkim::algorithm_of(row.int(3)?)?,
                    state: super::dkim::state_of(row.int(4)?)?,
                    activates_at: Timestamp(row.int(5)?),
                });
            }
        }
        Ok(facts)
    }
}
