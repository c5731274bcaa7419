//! Records whose resource is gone: tombstones with a grace for domains and accounts, the rest at once.

use std::collections::{HashMap, HashSet};

use postern_core::{
    Timestamp,
    directory::{DeletionPolicy, SourceKey},
};
use serde::Deserialize;

use super::{
    super::{
        change::{Change, Changes},
        record::{RecordKind, Stored, Wanted, decode},
        update::DirectoryUpdate,
    },
    Leaving,
};
use crate::{args, db::Tx, error::Result, mail::account};

/// Fewer than this many rows may always go.
pub const ALWAYS_ALLOWED: usize = 10;

/// Live rows whose resource the update says is being deleted.
pub fn asked(update: &DirectoryUpdate, stored: &HashMap<String, Stored>) -> Leaving {
    let owners = update.leaving.iter().map(|l| l.source.to_string());
    Leaving(owners.filter(|owner| stored.get(owner).is_some_and(|s| !s.gone)).collect())
}

/// Live rows that a complete update neither wants nor holds back nor says are being deleted.
pub fn choose(update: &DirectoryUpdate, wanted: &[Wanted<'_>], stored: &HashMap<String, Stored>) -> Leaving {
    if !update.complete {
        return Leaving::default();
    }
    let there = wanted.iter().map(|w| w.owner.clone()).chain(update.held.iter().map(SourceKey::to_string));
    let there: HashSet<String> = there.chain(update.leaving.iter().map(|l| l.source.to_string())).collect();
    Leaving(stored.values().filter(|s| !s.gone && !there.contains(&s.owner)).map(|s| s.owner.clone()).collect())
}

#[derive(Deserialize)]
struct Policy {
    deletion: DeletionPolicy,
}

/// Takes the records out of service. Their claims are the claims' business.
pub async fn remove(
    tx: &mut Tx,
    update: &DirectoryUpdate,
    leaving: &Leaving,
    stored: &HashMap<String, Stored>,
    now: Timestamp,
    changes: &mut Changes,
) -> Result<()> {
    let owners: Vec<String> = leaving.iter().cloned().collect();
    if owners.is_empty() {
        return Ok(());
    }
    for row in tx.rows("SELECT tenant, address FROM address WHERE owner = ANY($1)", args![&owners]).await? {
        changes.add(Change::Address { tenant: row.text(0)?, key: row.text(1)? });
    }
    let mut kept: Vec<String> = Vec::new();
    let mut dropped: Vec<String> = Vec::new();
    for row in owners.iter().filter_map(|owner| stored.get(owner)) {
        match row.kind {
            RecordKind::Domain => changes.add(Change::Domain(row.name.clone())),
            RecordKind::Account => {
                if let Some(id) = row.account {
                    account::bury(tx, id).await?;
                    changes.add(Change::Account(id));
                }
            }
            RecordKind::Alias => {}
            RecordKind::Pool => changes.add(Change::Pools),
            RecordKind::Brand => changes.add(Change::Brands),
        }
        let keeps = matches!(row.kind, RecordKind::Domain | RecordKind::Account);
        if keeps { &mut kept } else { &mut dropped }.push(row.owner.clone());
    }
    bury(tx, update, &kept, now).await?;
    if !dropped.is_empty() {
        tx.execute("DELETE FROM address WHERE owner = ANY($1)", args![&dropped]).await?;
        tx.execute("DELETE FROM directory_record WHERE owner = ANY($1)", args![&dropped]).await?;
    }
    Ok(())
}

/// Marks each until the end of the grace that its resource's last word, else its own record, asks for.
async fn bury(tx: &mut Tx, update: &DirectoryUpdate, owners: &[String], now: Timestamp) -> Result<()> {
    if owners.is_empty() {
        return Ok(());
    }
    let sql = "SELECT owner, record FROM directory_record WHERE owner = ANY($1)";
    let rows = tx.rows(sql, args![owners]).await?;
    let said: HashMap<String, DeletionPolicy> = update.leaving.iter().filter_map(|l| Some((l.source.to_string(), l.deletion?))).collect();
    let mut until: HashMap<i64, Vec<String>> = HashMap::new();
    for row in rows {
        let policy = match said.get(row.str(0)?) {
            Some(policy) => *policy,
            None => decode::<Policy>(row.str(1)?)?.deletion,
        };
        let end = match policy {
            DeletionPolicy::Retain(grace) => now + grace,
            DeletionPolicy::Delete => now,
        };
        until.entry(end.0).or_default().push(row.text(0)?);
    }
    for (end, owners) in until {
        tx.execute("UPDATE directory_record SET gone_until = $1 WHERE owner = ANY($2)", args![end, &owners]).await?;
    }
    Ok(())
}
