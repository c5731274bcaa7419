//! Listing records a page at a time, within a tenant or, for the installation's own tools, of all.

use postern_core::{AccountId, Timestamp, directory::SourceKey};

use super::{
    handle::Directory,
    record::{Record, decode, source_of},
};
use crate::{args, error::Result};

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'a> {
    /// A tenant sees its own.
    Tenant(&'a str),
    /// The installation's administrator.
    All,
}

/// A record with what is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// Key of the row; pass the last one of a page to go on.
    pub owner: String,
    /// The resource that owns it.
    pub source: Option<SourceKey>,
    /// An account's id.
    pub account: Option<AccountId>,
    /// `metadata.generation` that was applied.
    pub generation: i64,
    /// A tombstone until then.
    pub gone_until: Option<Timestamp>,
    /// The record.
    pub record: T,
}

impl Directory {
    /// Records of a kind in order of their keys, tombstones included, after `after`, at most `limit`.
    ///
    /// # Errors
    /// As the database says: a list is never cached.
    pub async fn list<T: Record>(&self, scope: Scope<'_>, after: Option<&str>, limit: u32) -> Result<Vec<Listed<T>>> {
        let (db, kind, after) = (&self.inner.db, T::KIND as i64, after.unwrap_or(""));
        let rows = match scope {
            Scope::Tenant(tenant) => {
                let sql = "SELECT owner, account, generation, gone_until, record FROM directory_record \
                     WHERE kind = $1 AND owner > $2 AND tenant = $4 ORDER BY owner LIMIT $3";
                db.rows(sql, args![kind, after, limit, tenant]).await?
            }
            Scope::All => {
                let sql = "SELECT owner, account, generation, gone_until, record FROM directory_record \
                     WHERE kind = $1 AND owner > $2 ORDER BY owner LIMIT $3";
                db.rows(sql, args![kind, after, limit]).await?
            }
        };
        let listed = rows.iter().map(|row| {
            let owner = row.text(0)?;
            Ok(Listed {
                source: source_of(&owner),
                owner,
                account: row.opt_int(1)?.map(AccountId),
                generation: row.int(2)?,
                gone_until: row.opt_int(3)?.map(Timestamp),
                record: decode(row.str(4)?)?,
            })
        });
        listed.collect()
    }

    /// Ends graces that are over: domains go, and the accounts whose boxes may be erased are returned.
    ///
    /// An account is [`Directory::forget_account`]ed once its box is erased, so that nothing is lost between the two.
    ///
    /// # Errors
    /// As the database says.
    pub async fn expire(&self, limit: u32) -> Result<Vec<AccountId>> {
        let now = self.inner.clock.now();
        crate::transaction!(self.inner.db, |tx| {
            tx.execute("DELETE FROM directory_record WHERE kind <> 1 AND gone_until <= $1", args![now]).await?;
            tx.execute(
                "DELETE FROM claim WHERE gone = 1 AND NOT EXISTS (SELECT 1 FROM directory_record r WHERE r.owner = claim.owner)",
                &[],
            )
            .await?;
            tx.execute("DELETE FROM address WHERE until <= $1", args![now]).await?;
            let sql = "SELECT account FROM directory_record WHERE kind = 1 AND gone_until <= $1 ORDER BY gone_until LIMIT $2";
            tx.rows(sql, args![now, limit]).await?.iter().map(|row| Ok(AccountId(row.int(0)?))).collect::<Result<Vec<_>>>()
        })
    }

    /// Removes what the directory knows of an account whose grace is over and whose box is erased.
    ///
    /// # Errors
    /// As the database says.
    pub async fn forget_account(&self, account: AccountId) -> Result<()> {
        let now = self.inner.clock.now();
        crate::transaction!(self.inner.db, |tx| {
            let sql = "DELETE FROM directory_record WHERE account = $1 AND gone_until <= $2";
            if tx.execute(sql, args![account, now]).await? == 1 {
                tx.execute("DELETE FROM address WHERE account = $1", args![account]).await?;
                tx.execute("DELETE FROM credential WHERE account = $1", args![account]).await?;
                tx.execute("DELETE FROM last_login WHERE account = $1", args![account]).await?;
            }
            Ok(())
        })
    }
}
