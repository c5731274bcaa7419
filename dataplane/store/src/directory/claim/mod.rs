//! Claims: who holds a domain, an alias domain, a host or a pool address.
//!
//! Several may ask for one name, at most one holds it. An unproven claim holds nothing; among proven
//! ones the earliest commit holds; a holder whose token has been missing for [`PATIENCE`] gives way to
//! another proven claimant. A host is proven by lying under a domain that its tenant holds, or by a
//! token of its own. `election` is the rule, [`settle`] applies it.

mod election;
mod settle;

use std::time::Duration;

use postern_core::Timestamp;

pub use self::settle::settle;
use super::{
    Change, Changes,
    fence::{self, Epoch},
};
use crate::{
    args,
    db::{Column, Db, Row, Tx},
    error::{Result, StoreError},
    transaction,
};

/// How long a holder's token may be missing before a proven claimant displaces it.
pub const PATIENCE: Duration = Duration::from_secs(30 * 24 * 3600);

/// What is claimed. The order is the order of precedence within one tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClaimKind {
    /// A mail domain.
    Domain = 0,
    /// Another name of a mail domain.
    AliasDomain = 1,
    /// A source address of a pool.
    PoolAddress = 2,
    /// A host name; several resources of one tenant may share it.
    Host = 3,
}

impl ClaimKind {
    fn of(number: i64) -> Result<Self> {
        [Self::Domain, Self::AliasDomain, Self::PoolAddress, Self::Host]
            .into_iter()
            .find(|kind| *kind as i64 == number)
            .ok_or_else(|| StoreError::Damaged(format!("claim.kind {number}")))
    }
}

/// One claimant of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Domain, host or IP address.
    pub name: String,
    /// Key of the claiming record.
    pub owner: String,
    /// Its tenant.
    pub tenant: String,
    /// What it is wanted as.
    pub kind: ClaimKind,
    /// Counts as proven without a token.
    pub preverified: bool,
    /// The token was found, last or before it went missing.
    pub proven: bool,
    /// Position of the commit that made it; `None` until that commit.
    pub since: Option<i64>,
    /// When the token was first missed.
    pub missing_since: Option<Timestamp>,
    /// Its record is a tombstone.
    pub gone: bool,
    /// Whether it holds the name.
    pub holds: bool,
}

impl Claim {
    fn of_row(row: &Row) -> Result<Self> {
        Ok(Self {
            name: row.text(0)?,
            owner: row.text(1)?,
            tenant: row.text(2)?,
            kind: ClaimKind::of(row.int(3)?)?,
            preverified: row.int(4)? != 0,
            proven: row.int(5)? != 0,
            since: row.opt_int(6)?,
            missing_since: row.opt_int(7)?.map(Timestamp),
            gone: row.int(8)? != 0,
            holds: row.int(9)? != 0,
        })
    }
}

/// Every claim that a token must prove, ten thousand at a time in order of name and owner: what the check of TXT records goes through.
///
/// # Errors
/// As the database says.
pub async fn to_verify(db: &Db, after: Option<(&str, &str)>) -> Result<Vec<Claim>> {
    let (name, owner) = after.unwrap_or(("", ""));
    let sql = "SELECT name, owner, tenant, kind, preverified, proven, since, missing_since, gone, holds FROM claim \
         WHERE (name > $1 OR (name = $1 AND owner > $2)) AND preverified = 0 AND gone = 0 ORDER BY name, owner LIMIT 10000";
    db.rows(sql, args![name, owner]).await?.iter().map(Claim::of_row).collect()
}

/// Claims of these records.
///
/// # Errors
/// As the database says.
pub async fn of_owners(tx: &mut Tx, owners: &[String]) -> Result<Vec<Claim>> {
    let sql = "SELECT name, owner, tenant, kind, preverified, proven, since, missing_since, gone, holds FROM claim WHERE owner = ANY($1)";
    tx.rows(sql, args![owners]).await?.iter().map(Claim::of_row).collect()
}

/// Records whether a tenant's token for a name was seen, and lets the name change hands if the rules say so. Who leads names its
/// epoch, so that what it saw before it was overtaken is not written after.
///
/// # Errors
/// [`StoreError::Refused`] when the epoch is over.
/// [`StoreError::NotFound`] when the tenant does not claim the name, or needs no token for it that could be missing; else as the database says.
pub async fn record_proof(db: &Db, tenant: &str, name: &str, found: bool, epoch: Option<Epoch>, now: Timestamp) -> Result<Option<i64>> {
    let position = transaction!(db, |tx| {
        match epoch {
            Some(epoch) => fence::check(tx, epoch).await?,
            None => {
                fence::hold(tx).await?;
            }
        }
        let known = if found {
            let sql = "UPDATE claim SET proven = 1, missing_since = NULL WHERE name = $1 AND tenant = $2";
            tx.execute(sql, args![name, tenant]).await?
        } else {
            let sql = "UPDATE claim SET missing_since = COALESCE(missing_since, $3) WHERE name = $1 AND tenant = $2 AND preverified = 0";
            tx.execute(sql, args![name, tenant, now]).await?
        };
        if known == 0 {
            return Err(StoreError::NotFound("the claim"));
        }
        let mut changes = Changes::default();
        settle(tx, &[name.to_owned()], now, &mut changes).await?;
        let position = changes.finish(tx).await?;
        number(tx, position, &[name.to_owned()]).await?;
        Ok(position)
    })?;
    if let Some(position) = position {
        super::change::announce(db, position).await;
    }
    Ok(position)
}

/// Gives claims that this transaction made their place in the order of commits; after [`Changes::finish`].
///
/// # Errors
/// As the database says.
pub async fn number(tx: &mut Tx, position: Option<i64>, names: &[String]) -> Result<()> {
    if let Some(position) = position
        && !names.is_empty()
    {
        tx.execute("UPDATE claim SET since = $1 WHERE name = ANY($2) AND since IS NULL AND gone = 0", args![position, names]).await?;
    }
    Ok(())
}

/// Writes claims as they are.
///
/// # Errors
/// As the database says.
pub async fn write(tx: &mut Tx, claims: &[Claim]) -> Result<()> {
    let columns = [
        Column::texts(claims.iter().map(|c| c.name.as_str())),
        Column::texts(claims.iter().map(|c| c.owner.as_str())),
        Column::texts(claims.iter().map(|c| c.tenant.as_str())),
        Column::ints(claims.iter().map(|c| c.kind as i64)),
        Column::ints(claims.iter().map(|c| c.preverified.into())),
        Column::ints(claims.iter().map(|c| c.proven.into())),
        Column::OptInt(claims.iter().map(|c| c.since).collect()),
        Column::OptInt(claims.iter().map(|c| c.missing_since.map(|t| t.0)).collect()),
        Column::ints(claims.iter().map(|c| c.gone.into())),
        Column::ints(claims.iter().map(|c| c.holds.into())),
    ];
    let sql = "INSERT INTO claim (name, owner, tenant, kind, preverified, proven, since, missing_since, gone, holds) {rows} \
         ON CONFLICT (name, owner) DO UPDATE SET tenant = excluded.tenant, kind = excluded.kind, preverified = excluded.preverified, \
         proven = excluded.proven, since = excluded.since, missing_since = excluded.missing_since, gone = excluded.gone, holds = excluded.holds";
    tx.batch(sql, &columns).await?;
    Ok(())
}
