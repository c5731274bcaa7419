//! An account's row: made with its folders, marked when it goes, removed when its grace is over.

use postern_core::{AccountId, ByteSize, Timestamp, directory::DomainRecord};

use super::{Usage, folder::SpecialUse};
use crate::{
    args, blob,
    db::{Column, Db, Tx},
    error::{Result, StoreError},
};

/// Folders that exist before the first login, with their use (RFC 6154). INBOX comes first and has id 1.
const FOLDERS: [(&str, Option<SpecialUse>); 6] = [
    ("INBOX", None),
    ("Drafts", Some(SpecialUse::Drafts)),
    ("Sent", Some(SpecialUse::Sent)),
    ("Junk", Some(SpecialUse::Junk)),
    ("Trash", Some(SpecialUse::Trash)),
    ("Archive", Some(SpecialUse::Archive)),
];

/// State of an account's row.
const LIVE: i64 = 0;
const TOMBSTONE: i64 = 1;

/// Makes an account with its folders; one that exists only gets the quota.
///
/// # Errors
/// As the database says.
pub async fn create(tx: &mut Tx, account: AccountId, quota: Option<i64>, now: Timestamp) -> Result<()> {
    if tx.row("SELECT state FROM account WHERE id = $1", args![account]).await?.is_some() {
        return set_quota(tx, account, quota).await;
    }
    create_new(tx, &[(account, quota)], now).await
}

/// Makes accounts whose ids are new, with their folders, in two statements however many they are.
///
/// # Errors
/// As the database says, also when one of them exists.
pub async fn create_new(tx: &mut Tx, accounts: &[(AccountId, Option<i64>)], now: Timestamp) -> Result<()> {
    // UIDVALIDITY begins at the clock's seconds, so that a box made anew under an old name never repeats one.
    let (first, folders) = (now.secs(), FOLDERS.len() as i64);
    let rows = [
        Column::ints(accounts.iter().map(|(id, _)| id.0)),
        Column::OptInt(accounts.iter().map(|(_, quota)| *quota).collect()),
        Column::ints(accounts.iter().map(|_| 1 + folders)),
        Column::ints(accounts.iter().map(|_| first + folders)),
    ];
    tx.batch("INSERT INTO account (id, quota, next_folder, uid_validity) {rows}", &rows).await?;
    let each = || accounts.iter().flat_map(|(id, _)| (0..).zip(FOLDERS).map(move |(at, folder)| (id.0, at, folder)));
    let rows = [
        Column::ints(each().map(|(account, ..)| account)),
        Column::ints(each().map(|(_, at, _)| 1 + at)),
        Column::texts(each().map(|(.., (name, _))| name)),
        Column::OptText(each().map(|(.., (_, special_use))| special_use.map(|s| s.as_str().to_owned())).collect()),
        Column::ints(each().map(|(_, at, _)| first + at)),
    ];
    tx.batch("INSERT INTO folder (account, id, name, special_use, uid_validity) {rows}", &rows).await?;
    Ok(())
}

/// Sets the limit in bytes; `None` is no limit.
///
/// # Errors
/// As the database says.
pub async fn set_quota(tx: &mut Tx, account: AccountId, quota: Option<i64>) -> Result<()> {
    tx.execute("UPDATE account SET quota = $2 WHERE id = $1 AND quota IS DISTINCT FROM $2", args![account, quota]).await?;
    Ok(())
}

/// What a domain allows each of its boxes, in bytes; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// For boxes that do not say.
    pub default: Option<i64>,
    /// For those that do, too.
    pub most: Option<i64>,
}

impl Allowance {
    /// What the record says.
    #[must_use]
    pub fn of(domain: &DomainRecord) -> Self {
        let signed = |size: ByteSize| i64::try_from(size.0).unwrap_or(i64::MAX);
        Self { default: domain.defaults.quota.map(signed), most: domain.limits.storage_per_mailbox.map(signed) }
    }

    /// The limit of a box that says this itself.
    #[must_use]
    pub fn quota(self, own: Option<i64>) -> Option<i64> {
        match (own.or(self.default), self.most) {
            (Some(quota), Some(most)) => Some(quota.min(most)),
            (quota, most) => quota.or(most),
        }
    }
}

/// Sets the limits of all boxes of a domain. Of one that is `full` each box has what it uses and no more. How many changed.
///
/// # Errors
/// As the database says.
pub async fn set_quotas(tx: &mut Tx, tenant: &str, domain: &str, allowance: Allowance, full: bool) -> Result<u64> {
    tx.execute(
        "UPDATE account SET quota = n.quota FROM (SELECT x.id AS id, \
         CASE WHEN $5 = 1 AND (x.quota IS NULL OR x.quota > x.used) THEN x.used ELSE x.quota END AS quota FROM (SELECT a.id AS id, \
         a.used AS used, CASE WHEN COALESCE(r.quota, $3) IS NULL OR COALESCE(r.quota, $3) > $4 THEN COALESCE($4, r.quota, $3) \
         ELSE COALESCE(r.quota, $3) END AS quota FROM directory_record r JOIN account a ON a.id = r.account \
         WHERE r.kind = 1 AND r.tenant = $1 AND r.domain = $2 AND r.gone_until IS NULL) x) n \
         WHERE account.id = n.id AND account.quota IS DISTINCT FROM n.quota",
        args![tenant, domain, allowance.default, allowance.most, full],
    )
    .await
}

/// Marks an account as deleted: its mail stays, nobody gets at it, nothing is delivered.
///
/// # Errors
/// As the database says.
pub async fn bury(tx: &mut Tx, account: AccountId) -> Result<()> {
    tx.execute("UPDATE account SET state = $2, modseq = modseq + 1 WHERE id = $1", args![account, TOMBSTONE]).await?;
    Ok(())
}

/// Takes the mark away again.
///
/// # Errors
/// As the database says.
pub async fn revive(tx: &mut Tx, account: AccountId) -> Result<()> {
    tx.execute("UPDATE account SET state = $2, modseq = modseq + 1 WHERE id = $1", args![account, LIVE]).await?;
    Ok(())
}

/// Removes a buried account's rows, a slice at a time; true when nothing is left of it.
///
/// # Errors
/// [`StoreError::Refused`] for an account that is not buried; else as the database says.
pub async fn erase(tx: &mut Tx, account: AccountId, slice: i64, now: Timestamp) -> Result<bool> {
    let row = tx.row("SELECT state FROM account WHERE id = $1 FOR UPDATE", args![account]).await?;
    match row {
        None => return Ok(true),
        Some(row) if row.int(0)? != TOMBSTONE => return Err(StoreError::Refused("only a deleted box can be erased".into())),
        Some(_) => {}
    }
    let gone = tx.rows("SELECT id, blob FROM message WHERE account = $1 ORDER BY id LIMIT $2", args![account, slice]).await?;
    let (mut ids, mut blobs) = (Vec::with_capacity(gone.len()), Vec::with_capacity(gone.len()));
    for row in &gone {
        ids.push(row.int(0)?);
        blobs.push(row.int(1)?);
    }
    tx.execute("DELETE FROM message WHERE account = $1 AND id = ANY($2)", args![account, &ids]).await?;
    blob::mark(tx, &blobs, now).await?;
    if i64::try_from(gone.len()).unwrap_or(i64::MAX) == slice {
        return Ok(false);
    }
    for sql in [
        "DELETE FROM placement WHERE account = $1",
        "DELETE FROM text_segment WHERE account = $1",
        "DELETE FROM expunged WHERE account = $1",
        "DELETE FROM released WHERE account = $1",
        "DELETE FROM dead_message WHERE account = $1",
        "DELETE FROM subscription WHERE account = $1",
        "DELETE FROM folder_right WHERE account = $1",
        "DELETE FROM seen_by WHERE account = $1",
        "DELETE FROM annotation WHERE account = $1",
        "DELETE FROM url_key WHERE account = $1",
        // What it had of others' folders, and what it wrote beside them.
        "DELETE FROM folder_right WHERE grantee = $1",
        "DELETE FROM seen_by WHERE viewer = $1",
        "DELETE FROM annotation WHERE viewer = $1 AND viewer <> 0",
        "DELETE FROM url_key WHERE viewer = $1",
        "DELETE FROM folder WHERE account = $1",
        "DELETE FROM account WHERE id = $1",
    ] {
        tx.execute(sql, args![account]).await?;
    }
    Ok(true)
}

/// What an account holds.
///
/// # Errors
/// [`StoreError::NotFound`]; else as the database says.
pub async fn usage(db: &Db, account: AccountId, now: Timestamp) -> Result<Usage> {
    let row = db
        .row("SELECT used, messages, quota, modseq FROM account WHERE id = $1", args![account])
        .await?
        .ok_or(StoreError::NotFound("account"))?;
    Ok(Usage { used: row.int(0)?, messages: row.int(1)?, quota: row.opt_int(2)?, modseq: row.int(3)?, at: now })
}
