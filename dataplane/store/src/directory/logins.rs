//! Loading addresses, accounts and what a login is decided by.

use std::sync::Arc;

use postern_core::{AccountId, Address, DomainName, Timestamp};

use super::{
    credential::{ARGON2, SCRAM, open_scram},
    entry::{AccountEntry, KnownTarget, LoginAccount},
    handle::Directory,
    record::{RecordKind, decode},
};
use crate::{args, error::Result};

impl Directory {
    /// Whether every account that has a password has a SCRAM verifier too, and there is one at all. It looks at all of them: seldom.
    ///
    /// # Errors
    /// As the database says.
    pub async fn all_have_scram(&self) -> Result<bool> {
        let sql = "SELECT CAST(CASE WHEN s.account IS NULL THEN 0 ELSE 1 END AS BIGINT) AS able FROM credential c \
             JOIN directory_record r ON r.account = c.account AND r.gone_until IS NULL \
             LEFT JOIN credential s ON s.account = c.account AND s.kind = $2 AND s.id = 0 \
             WHERE c.kind = $1 AND c.id = 0 ORDER BY able LIMIT 1";
        let row = self.inner.db.row(sql, args![ARGON2, SCRAM]).await?;
        row.map_or(Ok(false), |row| Ok(row.int(0)? == 1))
    }

    pub(super) async fn load_address(&self, tenant: &str, key: &str) -> Result<KnownTarget> {
        let sql = "SELECT a.account, a.until, r.kind, r.record FROM address a \
             JOIN directory_record r ON r.owner = a.owner AND r.tenant = a.tenant AND r.gone_until IS NULL \
             WHERE a.tenant = $1 AND a.address = $2";
        let Some(row) = self.inner.db.row(sql, args![tenant, key]).await? else { return Ok(KnownTarget::None) };
        if let Some(id) = row.opt_int(0)? {
            return Ok(KnownTarget::Account { id: AccountId(id), until: row.opt_int(1)?.map(Timestamp) });
        }
        if RecordKind::of(row.int(2)?)? != RecordKind::Alias {
            return Ok(KnownTarget::None);
        }
        Ok(KnownTarget::Alias(Arc::new(decode(row.str(3)?)?)))
    }

    pub(super) async fn load_account(&self, id: AccountId) -> Result<Option<Arc<AccountEntry>>> {
        let sql = "SELECT owner, record FROM directory_record WHERE account = $1 AND gone_until IS NULL";
        let Some(row) = self.inner.db.row(sql, args![id]).await? else { return Ok(None) };
        Ok(Some(Arc::new(AccountEntry { id, owner: row.text(0)?, record: decode(row.str(1)?)? })))
    }

    /// Reads the account's record too: one that was known before the load began may be out of date, and would be kept.
    pub(super) async fn load_login(&self, id: AccountId) -> Result<Option<Arc<LoginAccount>>> {
        let db = &self.inner.db;
        let Some(account) = self.load_account(id).await? else { return Ok(None) };
        let record = &account.record;
        let mut login = LoginAccount {
            account: id,
            tenant: record.tenant.clone(),
            address: record.address.clone(),
            addresses: Vec::new(),
            protocols: record.protocols,
            suspended: record.suspended,
            phc: None,
            scram: None,
            subject: record.subject.clone(),
            password_changed_at: None,
            credential_digest: [0; 32],
        };
        let sql = "SELECT address FROM address WHERE account = $1 AND tenant = $2 ORDER BY address";
        for row in db.rows(sql, args![id, &record.tenant]).await? {
            login.addresses.extend(address_of_key(row.str(0)?));
        }
        let sql = "SELECT kind, verifier, changed_at FROM credential WHERE account = $1 AND kind <= 1 AND id = 0 ORDER BY kind";
        let mut digest = blake3::Hasher::new();
        for row in db.rows(sql, args![id]).await? {
            if row.int(0)? == ARGON2 {
                digest.update(row.slice(1)?);
                login.phc = Some(String::from_utf8_lossy(row.slice(1)?).into_owned());
                login.password_changed_at = Some(Timestamp(row.int(2)?));
            } else {
                login.scram = Some(open_scram(&self.inner.keys, id, row.slice(1)?)?);
            }
        }
        login.credential_digest = *digest.finalize().as_bytes();
        Ok(Some(Arc::new(login)))
    }
}

/// An address from its key, whose local part stands there without quotes.
fn address_of_key(key: &str) -> Option<Address> {
    let (local, domain) = key.rsplit_once('@')?;
    Address::new(local, DomainName::parse(domain).ok()?).ok()
}
