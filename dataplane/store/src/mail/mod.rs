//! Boxes: folders, messages and placements, as IMAP and delivery see them.
//!
//! Every write first locks its account's row ([`lock`]), takes the next MODSEQ there, and leaves
//! folder counters that agree with the placements. Nothing here parses mail: a message brings its
//! summary, made when it arrived.

pub mod account;
pub mod annotation;
mod asked;
pub mod boxes;
pub mod cell;
pub(crate) mod cells;
mod content;
pub mod flags;
pub mod folder;
mod history;
pub mod index;
pub mod placement;
pub(crate) mod pointers;
pub mod read;
pub(crate) mod recent;
pub mod rights;
pub mod sent;
mod shared;
pub mod snapshot;
pub mod subscription;
mod totals;
pub mod transfer;
mod turns;
pub mod url_key;
mod viewer;

use postern_core::{AccountId, Timestamp};

pub use self::{
    flags::{FlagChange, Flags, Keywords},
    folder::{Folder, INBOX, SpecialUse},
    totals::{Totals, totals},
};
use crate::{
    args,
    db::Tx,
    error::{Result, StoreError},
};

/// An account row, locked for this transaction.
#[derive(Clone, Copy, Debug)]
pub struct Locked {
    /// Which.
    pub id: AccountId,
    /// The MODSEQ of this transaction's changes: one more than before.
    pub modseq: i64,
    /// Bytes stored.
    pub used: i64,
    /// Messages stored.
    pub messages: i64,
    /// Bytes at most.
    pub quota: Option<i64>,
}

/// Locks an account for a change.
///
/// # Errors
/// [`StoreError::NotFound`] when it is not there or its tombstone stands.
pub async fn lock(tx: &mut Tx, account: AccountId) -> Result<Locked> {
    let row = tx
        .row("SELECT modseq, used, messages, quota FROM account WHERE id = $1 AND state = 0 FOR UPDATE", args![account])
        .await?
        .ok_or(StoreError::NotFound("account"))?;
    Ok(Locked { id: account, modseq: row.int(0)? + 1, used: row.int(1)?, messages: row.int(2)?, quota: row.opt_int(3)? })
}

impl Locked {
    /// Writes the account row back: its clock, and what was added or removed.
    ///
    /// # Errors
    /// As the database says.
    pub async fn save(&self, tx: &mut Tx, bytes: i64, messages: i64) -> Result<()> {
        tx.execute(
            "UPDATE account SET modseq = $2, used = used + $3, messages = messages + $4 WHERE id = $1",
            args![self.id, self.modseq, bytes, messages],
        )
        .await?;
        Ok(())
    }

    /// Whether `bytes` more fit.
    ///
    /// # Errors
    /// [`StoreError::OverQuota`].
    pub fn admit(&self, bytes: i64) -> Result<()> {
        match self.quota {
            Some(quota) if self.used.saturating_add(bytes) > quota => Err(StoreError::OverQuota(self.id)),
            _ => Ok(()),
        }
    }
}

/// What the account holds, for QUOTA, status and the table of boxes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes stored.
    pub used: i64,
    /// Messages stored.
    pub messages: i64,
    /// Bytes at most.
    pub quota: Option<i64>,
    /// The account's clock.
    pub modseq: i64,
    /// The newest thing known about it.
    pub at: Timestamp,
}
