//! A message that goes in the commit that brings its successor (REPLACE, RFC 8508).

use postern_core::{AccountId, FolderId, Timestamp};

use super::Placed;
use crate::{
    args,
    db::Tx,
    error::{Result, StoreError},
    mail::placement,
};

/// A placement that goes as its successor comes: both or neither.
#[derive(Clone, Copy, Debug)]
pub struct Replaced {
    /// Whose; the deliveries are to the same account.
    pub account: AccountId,
    /// Where it lies.
    pub folder: FolderId,
    /// Its UID.
    pub uid: i64,
    /// Its octets, as the snapshot knows them: room for its successor.
    pub size: u32,
}

impl Replaced {
    /// Removes it; the account is locked, and `successor` says with which MODSEQ.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is gone already: then nothing may be stored in its place (RFC 8508 §3.2).
    pub(super) async fn take_away(self, tx: &mut Tx, successor: &Placed, now: Timestamp) -> Result<()> {
        let Self { account, folder, uid, .. } = self;
        let gone = placement::by_uids(tx, account, folder, &[uid]).await?;
        if gone.is_empty() || successor.account != account {
            return Err(StoreError::NotFound("message"));
        }
        let delta = placement::expunge(tx, account, folder, successor.modseq, &gone, now).await?;
        let sql = "UPDATE account SET used = used + $2, messages = messages + $3 WHERE id = $1";
        tx.execute(sql, args![account, delta.size, delta.messages]).await?;
        Ok(())
    }
}
