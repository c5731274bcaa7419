//! Trash and Junk expire: what has lain there longer than the domain says goes, box by box.

use std::collections::HashMap;

use postern_core::{AccountId, FolderId, Timestamp, directory::BoxDefaults};
use serde::Deserialize;

use super::{Policy, SLICE, Slice};
use crate::{
    args,
    db::Db,
    error::{Result, StoreError},
    mail::SpecialUse,
    store::Store,
};

/// Boxes that one slice looks at.
const BOXES: i64 = 100;

/// How far the pass over all boxes has come.
#[derive(Debug, Default)]
pub struct Expiry {
    after: i64,
}

/// A folder whose oldest message is over its age.
struct Old {
    account: AccountId,
    folder: FolderId,
    before: Timestamp,
}

impl Expiry {
    /// Expires up to [`SLICE`] messages of one folder, or finds that the next [`BOXES`] boxes have none.
    pub async fn slice(&mut self, store: &Store, policy: &Policy, now: Timestamp) -> Result<Slice> {
        let rows =
            store.db.rows("SELECT id FROM account WHERE id > $1 AND state = 0 ORDER BY id LIMIT $2", args![self.after, BOXES]).await?;
        let boxes = rows.iter().map(|row| row.int(0)).collect::<Result<Vec<_>>>()?;
        let Some(last) = boxes.last().copied() else {
            self.after = 0;
            return Ok(Slice::default());
        };
        let Some(old) = oldest(&store.db, &boxes, policy, now).await? else {
            self.after = last;
            return Ok(Slice { done: 0, more: true });
        };
        // The next slice looks at this box again.
        self.after = old.account.0 - 1;
        match store.boxes.expire(old.account, old.folder, old.before, SLICE).await {
            Ok(done) => Ok(Slice { done: done as u64, more: true }),
            // Deleted meanwhile: the next slice does not find it.
            Err(StoreError::NotFound(_)) => Ok(Slice { done: 0, more: true }),
            Err(error) => Err(error),
        }
    }
}

/// The first folder of these boxes with something to expire. UIDs and the time of coming into a folder grow together, so
/// the first message of a folder is its oldest.
async fn oldest(db: &Db, boxes: &[i64], policy: &Policy, now: Timestamp) -> Result<Option<Old>> {
    let sql = "SELECT f.account, f.id, f.special_use, (SELECT p.saved_at FROM placement p WHERE p.account = f.account AND p.folder = f.id \
         ORDER BY p.uid LIMIT 1) FROM folder f WHERE f.account = ANY($1) AND f.special_use IN ('Trash', 'Junk') AND f.messages > 0 \
         ORDER BY f.account, f.id";
    let rows = db.rows(sql, args![boxes]).await?;
    let kept = if rows.is_empty() { HashMap::new() } else { kept(db, boxes).await? };
    for row in rows {
        let account = row.int(0)?;
        let Some(saved_at) = row.opt_int(3)? else { continue };
        let domain = kept.get(&account);
        let age = match SpecialUse::parse(&row.text(2)?) {
            Some(SpecialUse::Trash) => domain.and_then(|d| d.trash_retention).unwrap_or(policy.trash),
            Some(SpecialUse::Junk) => domain.and_then(|d| d.junk_retention).unwrap_or(policy.junk),
            _ => continue,
        };
        let before = now - age;
        if saved_at < before.0 {
            return Ok(Some(Old { account: AccountId(account), folder: FolderId(row.int(1)?), before }));
        }
    }
    Ok(None)
}

#[derive(Deserialize)]
struct Defaults {
    defaults: BoxDefaults,
}

/// What the domains of these boxes say.
async fn kept(db: &Db, boxes: &[i64]) -> Result<HashMap<i64, BoxDefaults>> {
    let sql = "SELECT a.account, d.owner, d.record FROM directory_record a JOIN directory_record d ON d.kind = 0 AND d.tenant = a.tenant \
         AND d.name = a.domain AND d.gone_until IS NULL WHERE a.account = ANY($1) ORDER BY a.account";
    let mut domains = HashMap::<String, BoxDefaults>::new();
    let mut kept = HashMap::new();
    for row in db.rows(sql, args![boxes]).await? {
        let owner = row.text(1)?;
        if !domains.contains_key(&owner) {
            let Defaults { defaults } =
                serde_json::from_str(row.str(2)?).map_err(|e| StoreError::Damaged(format!("directory_record.record: {e}")))?;
            domains.insert(owner.clone(), defaults);
        }
        if let Some(defaults) = domains.get(&owner) {
            kept.insert(row.int(0)?, defaults.clone());
        }
    }
    Ok(kept)
}
