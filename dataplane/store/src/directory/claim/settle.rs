//! Applies the election to names whose claimants changed, and to the hosts below domains that changed hands.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use postern_core::Timestamp;

use super::{
    Change, Changes, Claim, ClaimKind,
    election::{elect, is_lapsed},
    write,
};
use crate::{args, db::Tx, error::Result};

/// Decides who holds `names` now, writes it, and notes what readers must forget. The caller holds the fence.
///
/// # Errors
/// As the database says.
pub async fn settle(tx: &mut Tx, names: &[String], now: Timestamp, changes: &mut Changes) -> Result<()> {
    let claimants = load(tx, names).await?;
    // Domains first: whether a host is proven depends on who holds the domain above it.
    let domains = claimants.iter().filter(|(_, c)| c.iter().any(|c| c.kind != ClaimKind::Host));
    let mut moved = decide(tx, domains, |_| false, now).await?;
    let mut hosts: BTreeSet<String> =
        claimants.iter().filter(|(_, c)| c.iter().any(|c| c.kind == ClaimKind::Host)).map(|(name, _)| name.clone()).collect();
    let shifted: BTreeSet<String> = moved.iter().map(|c| c.tenant.clone()).collect();
    hosts.extend(hosts_of(tx, &shifted.into_iter().collect::<Vec<_>>()).await?);
    if !hosts.is_empty() {
        let claimants = load(tx, &hosts.into_iter().collect::<Vec<_>>()).await?;
        let tenants: BTreeSet<String> = claimants.values().flatten().map(|c| c.tenant.clone()).collect();
        let held = domains_of(tx, &tenants.into_iter().collect::<Vec<_>>()).await?;
        moved.extend(decide(tx, claimants.iter(), |c| c.kind == ClaimKind::Host && covers(&held, c), now).await?);
    }
    note(tx, &moved, changes).await
}

type ByName = BTreeMap<String, Vec<Claim>>;

async fn load(tx: &mut Tx, names: &[String]) -> Result<ByName> {
    let sql = "SELECT name, owner, tenant, kind, preverified, proven, since, missing_since, gone, holds FROM claim WHERE name = ANY($1)";
    let mut by_name = ByName::new();
    for row in tx.rows(sql, args![names]).await? {
        let claim = Claim::of_row(&row)?;
        by_name.entry(claim.name.clone()).or_default().push(claim);
    }
    Ok(by_name)
}

/// Elects, writes what changed and returns it.
async fn decide<'a>(
    tx: &mut Tx,
    names: impl Iterator<Item = (&'a String, &'a Vec<Claim>)>,
    covered: impl Fn(&Claim) -> bool,
    now: Timestamp,
) -> Result<Vec<Claim>> {
    let mut changed = Vec::new();
    for (_, claimants) in names {
        let winner = elect(claimants, &covered, now);
        for (index, claim) in claimants.iter().enumerate() {
            let holds = winner == Some(index);
            if claim.holds == holds {
                continue;
            }
            let mut claim = Claim { holds, ..claim.clone() };
            if !holds && is_lapsed(&claim, now) {
                // Displaced: it must prove itself anew, and stands at the end of the line.
                (claim.proven, claim.since, claim.missing_since) = (false, None, None);
            }
            changed.push(claim);
        }
    }
    if !changed.is_empty() {
        // Nobody holds them for a moment, for one row of a name at a time may.
        let names: Vec<String> = changed.iter().map(|c| c.name.clone()).collect();
        tx.execute("UPDATE claim SET holds = 0 WHERE name = ANY($1) AND holds = 1", args![&names]).await?;
        write(tx, &changed).await?;
    }
    Ok(changed)
}

async fn hosts_of(tx: &mut Tx, tenants: &[String]) -> Result<Vec<String>> {
    if tenants.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tx.rows("SELECT DISTINCT name FROM claim WHERE tenant = ANY($1) AND kind = 3", args![tenants]).await?;
    rows.iter().map(|row| row.text(0)).collect()
}

async fn domains_of(tx: &mut Tx, tenants: &[String]) -> Result<HashSet<(String, String)>> {
    let rows = tx.rows("SELECT tenant, name FROM claim WHERE tenant = ANY($1) AND kind <= 1 AND holds = 1", args![tenants]).await?;
    rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
}

/// Whether the claim's name is, or lies under, a domain of its tenant.
fn covers(held: &HashSet<(String, String)>, claim: &Claim) -> bool {
    let mut name = claim.name.as_str();
    loop {
        if held.contains(&(claim.tenant.clone(), name.to_owned())) {
            return true;
        }
        match name.split_once('.') {
            Some((_, rest)) => name = rest,
            None => return false,
        }
    }
}

/// What a record shows depends on all its claims, so all names of the owners are forgotten.
async fn note(tx: &mut Tx, moved: &[Claim], changes: &mut Changes) -> Result<()> {
    if moved.is_empty() {
        return Ok(());
    }
    if moved.iter().any(|c| c.kind == ClaimKind::PoolAddress) {
        changes.add(Change::Pools);
    }
    if moved.iter().any(|c| c.kind == ClaimKind::Host) {
        changes.add(Change::Brands);
    }
    let owners: BTreeSet<String> = moved.iter().map(|c| c.owner.clone()).collect();
    let owners: Vec<String> = owners.into_iter().collect();
    for row in tx.rows("SELECT DISTINCT name FROM claim WHERE owner = ANY($1) AND kind <= 1", args![&owners]).await? {
        changes.add(Change::Domain(row.text(0)?));
    }
    Ok(())
}
