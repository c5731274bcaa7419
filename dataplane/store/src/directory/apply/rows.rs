//! The records' rows: read once, written in one batch.

use std::collections::HashMap;

use super::{
    super::{
        record::{Item, RecordKind, Stored, Wanted, decode, encode},
        update::DirectoryUpdate,
    },
    accounts::Numbers,
};
use crate::{
    args,
    db::{Column, Tx},
    error::Result,
};
use postern_core::directory::AccountRecord;

/// Rows by owner: all of the cluster for a complete update, else those that it names.
pub async fn load(tx: &mut Tx, update: &DirectoryUpdate, wanted: &[Wanted<'_>]) -> Result<HashMap<String, Stored>> {
    let rows = if update.complete {
        let sql = "SELECT owner, kind, tenant, name, account, digest, gone_until FROM directory_record WHERE cluster = $1";
        tx.rows(sql, args![&update.cluster]).await?
    } else {
        let leaving = update.leaving.iter().map(|l| l.source.to_string());
        let owners: Vec<String> = wanted.iter().map(|w| w.owner.clone()).chain(leaving).collect();
        let sql = "SELECT owner, kind, tenant, name, account, digest, gone_until FROM directory_record WHERE owner = ANY($1)";
        tx.rows(sql, args![&owners]).await?
    };
    let stored = rows.iter().map(Stored::of_row).map(|row| row.map(|s| (s.owner.clone(), s)));
    stored.collect()
}

/// What the table said of the accounts among `changed` before this update, by owner.
pub type Before = HashMap<String, AccountRecord>;

/// Writes the records; an account keeps what was applied once. Returns the accounts' records from before.
pub async fn write(
    tx: &mut Tx,
    changed: &[&Wanted<'_>],
    stored: &HashMap<String, Stored>,
    accounts: &Numbers,
    adopted: &HashMap<String, Stored>,
) -> Result<Before> {
    if changed.is_empty() {
        return Ok(Before::new());
    }
    let before = before(tx, changed, stored, adopted).await?;
    let old: Vec<String> = changed.iter().filter_map(|w| adopted.get(&w.owner)).map(|s| s.owner.clone()).collect();
    if !old.is_empty() {
        tx.execute("DELETE FROM directory_record WHERE owner = ANY($1)", args![&old]).await?;
    }
    let mut texts = Vec::with_capacity(changed.len());
    for wanted in changed {
        texts.push(match (wanted.item, before.get(&wanted.owner)) {
            (Item::Account(record), Some(old)) => encode(&AccountRecord { initial: old.initial.clone(), ..record.clone() })?,
            _ => wanted.record.clone(),
        });
    }
    let columns = [
        Column::texts(changed.iter().map(|w| w.owner.as_str())),
        Column::ints(changed.iter().map(|w| w.kind as i64)),
        Column::texts(changed.iter().map(|w| w.source.cluster.as_str())),
        Column::texts(changed.iter().map(|w| w.tenant)),
        Column::texts(changed.iter().map(|w| w.name.as_str())),
        Column::OptText(changed.iter().map(|w| w.domain.clone()).collect()),
        Column::OptInt(changed.iter().map(|w| accounts.get(&w.owner).map(|id| id.0)).collect()),
        Column::OptInt(changed.iter().map(|w| w.quota).collect()),
        Column::Bytes(changed.iter().map(|w| w.digest.0.to_vec()).collect()),
        Column::ints(changed.iter().map(|w| w.generation)),
        Column::Text(texts),
    ];
    let sql = "INSERT INTO directory_record (owner, kind, cluster, tenant, name, domain, account, quota, digest, generation, record) {rows} \
         ON CONFLICT (owner) DO UPDATE SET kind = excluded.kind, cluster = excluded.cluster, tenant = excluded.tenant, name = excluded.name, \
         domain = excluded.domain, account = excluded.account, quota = excluded.quota, digest = excluded.digest, \
         generation = excluded.generation, gone_until = NULL, record = excluded.record";
    tx.batch(sql, &columns).await?;
    Ok(before)
}

async fn before(
    tx: &mut Tx,
    changed: &[&Wanted<'_>],
    stored: &HashMap<String, Stored>,
    adopted: &HashMap<String, Stored>,
) -> Result<Before> {
    let accounts = changed.iter().filter(|w| w.kind == RecordKind::Account);
    let owners: HashMap<String, String> =
        accounts.filter_map(|w| Some((adopted.get(&w.owner).or_else(|| stored.get(&w.owner))?.owner.clone(), w.owner.clone()))).collect();
    let old: Vec<String> = owners.keys().cloned().collect();
    let mut before = Before::new();
    for row in tx.rows("SELECT owner, record FROM directory_record WHERE owner = ANY($1) AND kind = 1", args![&old]).await? {
        if let Some(owner) = owners.get(row.str(0)?) {
            before.insert(owner.clone(), decode(row.str(1)?)?);
        }
    }
    Ok(before)
}
