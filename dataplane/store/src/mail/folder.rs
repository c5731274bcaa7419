//! Folders: names, uses, subscriptions and the counters that STATUS and SELECT answer from.
//!
//! Names are UTF-8 with `/` between levels; how a protocol spells them is its own affair. INBOX is
//! folder 1 of every account. A folder's UIDVALIDITY comes from the account's counter, so a name
//! that is made again never repeats one (RFC 9051 §2.3.1.1); a rename keeps it.

use postern_core::{AccountId, FolderId, Timestamp};

use super::{Locked, lock, placement, rights};
use crate::{
    args,
    db::{Db, ReadTx, Row, Tx},
    error::{Result, StoreError},
    transaction,
};

/// INBOX of every account.
pub const INBOX: FolderId = FolderId(1);
/// Folders an account may have.
pub const MAX_FOLDERS: i64 = 10_000;
/// Octets of a folder's name.
pub const MAX_NAME: usize = 1_024;

/// What a folder is for (RFC 6154 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpecialUse {
    /// `\Archive`
    Archive,
    /// `\Drafts`
    Drafts,
    /// `\Junk`
    Junk,
    /// `\Sent`
    Sent,
    /// `\Trash`
    Trash,
}

impl SpecialUse {
    const ALL: [Self; 5] = [Self::Archive, Self::Drafts, Self::Junk, Self::Sent, Self::Trash];

    /// The attribute without its backslash.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Archive => "Archive",
            Self::Drafts => "Drafts",
            Self::Junk => "Junk",
            Self::Sent => "Sent",
            Self::Trash => "Trash",
        }
    }

    /// From the attribute without its backslash, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|u| u.as_str().eq_ignore_ascii_case(text))
    }
}

/// A folder's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its id within the account.
    pub id: FolderId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub special_use: Option<SpecialUse>,
    /// Whether it is subscribed.
    pub subscribed: bool,
    /// UIDVALIDITY.
    pub uid_validity: u32,
    /// UIDNEXT.
    pub uid_next: u32,
    /// HIGHESTMODSEQ.
    pub modseq: i64,
    /// Expunges below this MODSEQ are forgotten.
    pub history_floor: i64,
    /// MESSAGES.
    pub messages: u32,
    /// UNSEEN.
    pub unseen: u32,
    /// DELETED.
    pub deleted: u32,
    /// SIZE, in bytes.
    pub size: i64,
}

/// Reads what [`fields`] asked for.
pub(crate) fn folder(row: &Row) -> Result<Folder> {
    let number = |column| -> Result<u32> { Ok(u32::try_from(row.int(column)?).unwrap_or(u32::MAX)) };
    Ok(Folder {
        id: FolderId(row.int(0)?),
        name: row.text(1)?,
        special_use: row.opt_text(2)?.as_deref().and_then(SpecialUse::parse),
        subscribed: row.int(3)? != 0,
        uid_validity: number(4)?,
        uid_next: number(5)?,
        modseq: row.int(6)?,
        history_floor: row.int(7)?,
        messages: number(8)?,
        unseen: number(9)?,
        deleted: number(10)?,
        size: row.int(11)?,
    })
}

/// The columns that [`folder`] reads, with what stands behind them.
macro_rules! fields {
    ($rest:expr) => {
        concat!(
            "SELECT id, name, special_use, subscribed, uid_validity, uid_next, modseq, history_floor, messages, unseen, deleted, size",
            $rest
        )
    };
}
pub(crate) use fields;
/// How many they are.
pub(crate) const FIELDS: usize = 12;

macro_rules! select {
    ($rest:literal) => {
        fields!(concat!(" FROM folder ", $rest))
    };
}

/// All folders of an account, by name.
///
/// # Errors
/// As the database says.
pub async fn list(db: &Db, account: AccountId) -> Result<Vec<Folder>> {
    db.rows(select!("WHERE account = $1 ORDER BY name"), args![account]).await?.iter().map(folder).collect()
}

/// A folder by its name.
///
/// # Errors
/// As the database says.
pub async fn by_name(db: &Db, account: AccountId, name: &str) -> Result<Option<Folder>> {
    db.lookup(select!("WHERE account = $1 AND name = $2"), args![account, name]).await?.as_ref().map(folder).transpose()
}

/// A folder by its id.
///
/// # Errors
/// As the database says.
pub async fn by_id(db: &Db, account: AccountId, id: FolderId) -> Result<Option<Folder>> {
    db.lookup(select!("WHERE account = $1 AND id = $2"), args![account, id]).await?.as_ref().map(folder).transpose()
}

/// A folder by its id, at the moment of a snapshot.
///
/// # Errors
/// As the database says.
pub(super) async fn by_id_in(tx: &mut ReadTx, account: AccountId, id: FolderId) -> Result<Option<Folder>> {
    tx.row(select!("WHERE account = $1 AND id = $2"), args![account, id]).await?.as_ref().map(folder).transpose()
}

/// A folder inside a transaction that holds the account's lock.
///
/// # Errors
/// [`StoreError::NotFound`]; else as the database says.
pub async fn locked(tx: &mut Tx, account: AccountId, id: FolderId) -> Result<Folder> {
    tx.row(select!("WHERE account = $1 AND id = $2"), args![account, id])
        .await?
        .as_ref()
        .map(folder)
        .transpose()?
        .ok_or(StoreError::NotFound("folder"))
}

/// Adds a folder to an account whose row this transaction has locked or just made.
///
/// # Errors
/// [`StoreError::Refused`] at [`MAX_FOLDERS`]; else as the database says.
pub async fn insert(tx: &mut Tx, account: AccountId, name: &str, special_use: Option<SpecialUse>) -> Result<FolderId> {
    let taken = tx
        .row(
            "UPDATE account SET next_folder = next_folder + 1, uid_validity = uid_validity + 1 WHERE id = $1 \
             RETURNING next_folder - 1, uid_validity - 1, modseq",
            args![account],
        )
        .await?
        .ok_or(StoreError::NotFound("account"))?;
    let id = FolderId(taken.int(0)?);
    tx.execute(
        "INSERT INTO folder (account, id, name, special_use, uid_validity, modseq, history_floor) VALUES ($1, $2, $3, $4, $5, $6, $6)",
        args![account, id, name, special_use.map(SpecialUse::as_str), taken.int(1)?, taken.int(2)?],
    )
    .await?;
    Ok(id)
}

/// Makes a folder and the levels above it that are missing (RFC 9051 §6.3.4).
///
/// # Errors
/// [`StoreError::Refused`] when it exists, its name is no name, or there are too many.
pub async fn create(db: &Db, account: AccountId, name: &str, special_use: Option<SpecialUse>) -> Result<Folder> {
    check_name(name)?;
    transaction!(db, |tx| {
        let locked_account = lock(tx, account).await?;
        let count = tx.row("SELECT count(*) FROM folder WHERE account = $1", args![account]).await?;
        if count.map_or(Ok(0), |r| r.int(0))? >= MAX_FOLDERS {
            return Err(StoreError::Refused(format!("a box has at most {MAX_FOLDERS} folders")));
        }
        if find(tx, account, name).await?.is_some() {
            return Err(StoreError::Refused("a folder of this name exists".into()));
        }
        locked_account.save(tx, 0, 0).await?;
        let mut above = None;
        for (at, _) in name.match_indices('/') {
            above = match find(tx, account, &name[..at]).await? {
                Some(there) => Some(there),
                None => Some(insert_below(tx, account, &name[..at], above, None).await?),
            };
        }
        vacate(tx, account, special_use).await?;
        let id = insert_below(tx, account, name, above, special_use).await?;
        locked(tx, account, id).await
    })
}

/// Says what a folder is for, and takes that use from the folder that had it.
///
/// # Errors
/// [`StoreError::NotFound`]; else as the database says.
pub async fn set_special_use(db: &Db, account: AccountId, id: FolderId, special_use: Option<SpecialUse>) -> Result<Locked> {
    transaction!(db, |tx| {
        let locked_account = lock(tx, account).await?;
        locked(tx, account, id).await?;
        locked_account.save(tx, 0, 0).await?;
        vacate(tx, account, special_use).await?;
        let sql = "UPDATE folder SET special_use = $3 WHERE account = $1 AND id = $2";
        tx.execute(sql, args![account, id, special_use.map(SpecialUse::as_str)]).await?;
        Ok(locked_account)
    })
}

/// One folder at most is for one thing.
async fn vacate(tx: &mut Tx, account: AccountId, special_use: Option<SpecialUse>) -> Result<()> {
    if let Some(special_use) = special_use {
        let sql = "UPDATE folder SET special_use = NULL WHERE account = $1 AND special_use = $2";
        tx.execute(sql, args![account, special_use.as_str()]).await?;
    }
    Ok(())
}

/// [`insert`], with the grants of the folder above.
async fn insert_below(
    tx: &mut Tx,
    account: AccountId,
    name: &str,
    above: Option<FolderId>,
    special_use: Option<SpecialUse>,
) -> Result<FolderId> {
    let id = insert(tx, account, name, special_use).await?;
    if let Some(above) = above {
        rights::inherit(tx, account, above, id).await?;
    }
    Ok(id)
}

/// Removes a folder and what is in it. INBOX stays (RFC 9051 §6.3.5).
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Refused`] for INBOX and for a folder with folders below it.
pub async fn delete(db: &Db, account: AccountId, name: &str, now: Timestamp) -> Result<Locked> {
    if name == "INBOX" {
        return Err(StoreError::Refused("INBOX cannot be deleted".into()));
    }
    transaction!(db, |tx| {
        let locked_account = lock(tx, account).await?;
        let id = find(tx, account, name).await?.ok_or(StoreError::NotFound("folder"))?;
        // No range of names: in a database's own order `A/x` may lie between `a/` and `a0`.
        let below = tx
            .row(
                "SELECT 1 FROM folder WHERE account = $1 AND substr(name, 1, length($2)) = $2 LIMIT 1",
                args![account, &format!("{name}/")],
            )
            .await?;
        if below.is_some() {
            return Err(StoreError::Refused("the folder has folders below it; delete those first".into()));
        }
        let (bytes, messages) = placement::drop_folder(tx, account, id, locked_account.modseq, now).await?;
        for sql in [
            "DELETE FROM folder_right WHERE account = $1 AND folder = $2",
            "DELETE FROM seen_by WHERE account = $1 AND folder = $2",
            "DELETE FROM annotation WHERE account = $1 AND folder = $2",
            "DELETE FROM url_key WHERE account = $1 AND folder = $2",
            "DELETE FROM text_segment WHERE account = $1 AND folder = $2",
            "DELETE FROM folder WHERE account = $1 AND id = $2",
        ] {
            tx.execute(sql, args![account, id]).await?;
        }
        locked_account.save(tx, -bytes, -messages).await?;
        Ok(locked_account)
    })
}

/// Renames a folder and all below it. Renaming INBOX moves its mail into a new folder (RFC 9051 §6.3.6).
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Refused`] when the new name is taken, is no name, or lies below the old one.
pub async fn rename(db: &Db, account: AccountId, from: &str, to: &str, now: Timestamp) -> Result<Locked> {
    check_name(to)?;
    if to.strip_prefix(from).is_some_and(|rest| rest.starts_with('/')) {
        return Err(StoreError::Refused("a folder cannot be moved below itself".into()));
    }
    transaction!(db, |tx| {
        let locked_account = lock(tx, account).await?;
        let id = find(tx, account, from).await?.ok_or(StoreError::NotFound("folder"))?;
        if find(tx, account, to).await?.is_some() {
            return Err(StoreError::Refused("a folder of the new name exists".into()));
        }
        locked_account.save(tx, 0, 0).await?;
        for (at, _) in to.match_indices('/') {
            if find(tx, account, &to[..at]).await?.is_none() {
                insert(tx, account, &to[..at], None).await?;
            }
        }
        if id == INBOX {
            let target = insert(tx, account, to, None).await?;
            placement::move_all(tx, account, INBOX, target, locked_account.modseq, now).await?;
            return Ok(locked_account);
        }
        let below = tx
            .rows(
                "SELECT id, name FROM folder WHERE account = $1 AND substr(name, 1, length($2)) = $2",
                args![account, &format!("{from}/")],
            )
            .await?;
        tx.execute("UPDATE folder SET name = $3 WHERE account = $1 AND id = $2", args![account, id, to]).await?;
        for row in &below {
            let name = format!("{to}{}", &row.str(1)?[from.len()..]);
            if name.len() > MAX_NAME {
                return Err(StoreError::Refused("a name below the folder would become too long".into()));
            }
            tx.execute("UPDATE folder SET name = $3 WHERE account = $1 AND id = $2", args![account, row.int(0)?, &name]).await?;
        }
        Ok(locked_account)
    })
}

async fn find(tx: &mut Tx, account: AccountId, name: &str) -> Result<Option<FolderId>> {
    tx.row("SELECT id FROM folder WHERE account = $1 AND name = $2", args![account, name])
        .await?
        .map(|row| Ok(FolderId(row.int(0)?)))
        .transpose()
}

pub(super) fn check_name(name: &str) -> Result<()> {
    let bad = name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) || name.split('/').any(str::is_empty);
    if bad {
        Err(StoreError::Refused("a folder's name has 1 to 1024 octets, no control characters and no empty level".into()))
    } else {
        Ok(())
    }
}
