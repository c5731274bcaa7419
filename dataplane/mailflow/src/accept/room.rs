//! Whether a box has room, asked at RCPT so that one full box costs only its own recipient.
//!
//! What is known is a second old at most when the box could be filled soon; one that is far from it is looked at more
//! seldom. What this process stores is counted at once. The limit itself is enforced at the commit: this only spares a
//! sender a body for nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use postern_core::{AccountId, Clock, Timestamp};
use postern_store::{Result, StoreError, mail::boxes::Boxes};

/// How long a usage is believed when the box is nearly full.
const NEAR: Duration = Duration::from_secs(1);
/// The same when more than [`PLENTY`] is free.
const FAR: Duration = Duration::from_secs(15);
/// Octets that no few messages fill.
const PLENTY: i64 = 256 << 20;
/// Boxes remembered.
const MOST: usize = 10_000;

/// What is known of boxes with a limit.
pub(super) struct Room {
    boxes: Boxes,
    clock: Arc<dyn Clock>,
    known: Mutex<HashMap<AccountId, Known>>,
}

#[derive(Clone, Copy)]
struct Known {
    used: i64,
    quota: Option<i64>,
    at: Timestamp,
    /// Usage at which a message did not fit, whatever its sender had declared.
    overflowed: Option<i64>,
}

impl Room {
    pub(super) fn new(boxes: Boxes, clock: Arc<dyn Clock>) -> Self {
        Self { boxes, clock, known: Mutex::default() }
    }

    /// Whether `size` more octets (0 when not declared) have room.
    ///
    /// # Errors
    /// As the database says, when the answer is not fresh.
    pub(super) async fn fits(&self, account: AccountId, size: u64) -> Result<bool> {
        let known = match self.fresh(account) {
            Some(known) => known,
            None => self.read(account).await?,
        };
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let full = known.quota.is_some_and(|quota| known.used >= quota || known.used.saturating_add(size) > quota);
        // One that came without SIZE= and did not fit would come again and again.
        let again = size == 0 && known.quota.is_some() && known.overflowed.is_some_and(|then| known.used >= then);
        Ok(!full && !again)
    }

    /// A commit has put `bytes` into a box.
    pub(super) fn stored(&self, account: AccountId, bytes: i64) {
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&account) {
            known.used = known.used.saturating_add(bytes);
        }
    }

    /// A commit found that a message had no room.
    pub(super) fn overflowed(&self, account: AccountId) {
        let mut boxes = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = boxes.get_mut(&account) {
            known.overflowed = Some(known.used);
            // The next RCPT asks.
            known.at = Timestamp(i64::MIN / 2);
        }
    }

    fn fresh(&self, account: AccountId) -> Option<Known> {
        let boxes = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = boxes.get(&account).copied()?;
        let far = known.quota.is_none_or(|quota| quota.saturating_sub(known.used) > PLENTY);
        (self.clock.now().since(known.at) < if far { FAR } else { NEAR }).then_some(known)
    }

    async fn read(&self, account: AccountId) -> Result<Known> {
        let usage = match self.boxes.usage(account).await {
            Ok(usage) => usage,
            // The commit tells it better.
            Err(StoreError::NotFound(_)) => return Ok(Known { used: 0, quota: None, at: self.clock.now(), overflowed: None }),
            Err(error) => return Err(error),
        };
        let mut boxes = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if boxes.len() >= MOST && !boxes.contains_key(&account) {
            boxes.clear();
        }
        let overflowed = boxes.get(&account).and_then(|known| known.overflowed);
        let known = Known { used: usage.used, quota: usage.quota, at: self.clock.now(), overflowed };
        boxes.insert(account, known);
        Ok(known)
    }
}

impl std::fmt::Debug for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Room")
    }
}
