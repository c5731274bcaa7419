//! The names that an update's records ask for, and those that they did not get.

use std::collections::{BTreeSet, HashMap};

use postern_core::Timestamp;

use super::{
    super::{
        change::{Change, Changes},
        claim::{self, Claim, ClaimKind},
        record::Wanted,
        update::{Reason, Refusal},
    },
    Leaving,
};
use crate::{args, db::Tx, error::Result};

/// Writes the claims of `changed`, takes those that are leaving out of the race, and settles every name touched; returns the names.
pub async fn write(tx: &mut Tx, changed: &[&Wanted<'_>], leaving: &Leaving, now: Timestamp, changes: &mut Changes) -> Result<Vec<String>> {
    let claiming: Vec<&&Wanted<'_>> = changed.iter().filter(|w| may_claim(w)).collect();
    let owners: Vec<String> = claiming.iter().map(|w| w.owner.clone()).chain(leaving.iter().cloned()).collect();
    if owners.is_empty() {
        return Ok(Vec::new());
    }
    let old = claim::of_owners(tx, &owners).await?;
    for claim in old.iter().filter(|c| c.kind <= ClaimKind::AliasDomain) {
        changes.add(Change::Domain(claim.name.clone()));
    }
    let mut names: BTreeSet<String> = old.iter().map(|c| c.name.clone()).collect();
    let mut old: HashMap<(String, String), Claim> = old.into_iter().map(|c| ((c.owner.clone(), c.name.clone()), c)).collect();
    let mut rows = Vec::new();
    for wanted in claiming {
        for (kind, name, preverified) in &wanted.claims {
            let before = old.remove(&(wanted.owner.clone(), name.clone()));
            rows.push(renewed(before, wanted, *kind, name, *preverified, now));
            names.insert(name.clone());
        }
    }
    rows.extend(old.into_values().filter(|c| leaving.contains(&c.owner)).map(|c| Claim { gone: true, since: None, ..c }));
    tx.execute("DELETE FROM claim WHERE owner = ANY($1)", args![&owners]).await?;
    claim::write(tx, &rows).await?;
    let names: Vec<String> = names.into_iter().collect();
    claim::settle(tx, &names, now, changes).await?;
    Ok(names)
}

fn may_claim(wanted: &Wanted<'_>) -> bool {
    use super::super::record::RecordKind::{Brand, Domain, Pool};
    matches!(wanted.kind, Domain | Pool | Brand)
}

fn renewed(before: Option<Claim>, wanted: &Wanted<'_>, kind: ClaimKind, name: &str, preverified: bool, now: Timestamp) -> Claim {
    let Some(before) = before else {
        return Claim {
            name: name.to_owned(),
            owner: wanted.owner.clone(),
            tenant: wanted.tenant.to_owned(),
            kind,
            preverified,
            proven: false,
            since: None,
            missing_since: None,
            gone: false,
            holds: false,
        };
    };
    let mut claim = Claim { kind, preverified, tenant: wanted.tenant.to_owned(), gone: false, ..before };
    if preverified {
        claim.missing_since = None;
    } else if before.preverified && !before.proven {
        // What was vouched for has the usual patience to prove itself.
        (claim.proven, claim.missing_since) = (true, Some(now));
    }
    claim
}

/// Names that records of the update ask for and do not hold.
pub async fn not_held(tx: &mut Tx, wanted: &[Wanted<'_>]) -> Result<Vec<Refusal>> {
    let by_owner: HashMap<&str, &Wanted<'_>> = wanted.iter().filter(|w| !w.claims.is_empty()).map(|w| (w.owner.as_str(), w)).collect();
    let mut owners: Vec<String> = by_owner.keys().map(|owner| (*owner).to_owned()).collect();
    owners.sort();
    let sql = "SELECT c.owner, c.name, c.kind, c.tenant, h.tenant FROM claim c LEFT JOIN claim h ON h.name = c.name AND h.holds = 1 \
         WHERE c.owner = ANY($1) AND c.holds = 0 AND c.gone = 0 ORDER BY c.owner, c.name";
    let mut refused = Vec::new();
    for row in tx.rows(sql, args![&owners]).await? {
        let Some(wanted) = by_owner.get(row.str(0)?) else { continue };
        let holder = row.opt_text(4)?;
        if row.int(2)? == ClaimKind::Host as i64 && holder.as_deref() == Some(row.str(3)?) {
            continue; // shared within the tenant
        }
        let reason = if holder.is_some() { Reason::DomainClaimedElsewhere } else { Reason::TokenNotFound };
        refused.push(Refusal { source: wanted.source.clone(), name: row.text(1)?, reason });
    }
    Ok(refused)
}
