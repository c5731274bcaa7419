//! Rotation: everything that an older key sealed is sealed with the current one.

use postern_core::AccountId;

use super::{
    certificate, credential, dkim,
    seal::{Place, SealKeys},
};
use crate::{args, db::Db, error::Result, transaction};

/// Seals anew what an older key of the ring sealed; how many values. When it returns zero the older keys can go.
///
/// # Errors
/// [`crate::StoreError::Damaged`] at a value that no key of the ring opens; else as the database says. What was done stays.
pub async fn reseal(db: &Db, keys: &SealKeys) -> Result<usize> {
    let mut done = 0;
    for row in db.rows("SELECT account, verifier FROM credential WHERE kind = 1 AND id = 0", &[]).await? {
        let (account, old) = (row.int(0)?, row.slice(1)?);
        let key = credential::scram_row(AccountId(account));
        if let Some(new) = anew(keys, credential::place(&key), old)? {
            let sql = "UPDATE credential SET verifier = $1 WHERE account = $2 AND kind = 1 AND id = 0 AND verifier = $3";
            done += transaction!(db, |tx| { tx.execute(sql, args![&new, account, old]).await })?;
        }
    }
    for row in db.rows("SELECT tenant, domain, selector, private FROM dkim_key", &[]).await? {
        let (tenant, domain, selector, old) = (row.str(0)?, row.str(1)?, row.str(2)?, row.slice(3)?);
        let key = dkim::row_key(tenant, domain, selector);
        if let Some(new) = anew(keys, dkim::place(&key), old)? {
            let sql = "UPDATE dkim_key SET private = $1 WHERE tenant = $2 AND domain = $3 AND selector = $4 AND private = $5";
            done += transaction!(db, |tx| { tx.execute(sql, args![&new, tenant, domain, selector, old]).await })?;
        }
    }
    for row in db.rows("SELECT host, private FROM certificate", &[]).await? {
        let (host, old) = (row.str(0)?, row.slice(1)?);
        if let Some(new) = anew(keys, certificate::place(host), old)? {
            let sql = "UPDATE certificate SET private = $1 WHERE host = $2 AND private = $3";
            done += transaction!(db, |tx| { tx.execute(sql, args![&new, host, old]).await })?;
        }
    }
    Ok(usize::try_from(done).unwrap_or(usize::MAX))
}

fn anew(keys: &SealKeys, place: Place<'_>, old: &[u8]) -> Result<Option<Vec<u8>>> {
    if keys.is_current(old) {
        return Ok(None);
    }
    keys.seal(place, keys.open(place, old)?.expose()).map(Some)
}
