//! Deleted boxes whose grace is over: their rows go a slice at a time, and last what the directory knew of them.

use postern_core::Timestamp;

use super::{SLICE, Slice};
use crate::{directory::Directory, error::Result, mail::account, store::Store, transaction};

/// Ends graces, and erases a slice of one box.
pub async fn slice(store: &Store, directory: &Directory, now: Timestamp) -> Result<Slice> {
    let Some(box_) = directory.expire(1).await?.first().copied() else { return Ok(Slice::default()) };
    let gone = transaction!(store.db, |tx| { account::erase(tx, box_, SLICE, now).await })?;
    if gone {
        directory.forget_account(box_).await?;
    }
    Ok(Slice { done: 1, more: true })
}
