//! What came of a recipient, in the transaction that tells it.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
};

use postern_core::{IdSource, QueueId, Timestamp};

use super::{QueueItem, SlotId, Token};
use crate::{
    args,
    db::{Batch, Column, Tx},
    error::Result,
    trail::{self, EventRow},
};

/// What became of a recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The next server took it: the row goes.
    Delivered,
    /// It was given up: the row goes. The notice to its sender belongs into the same transaction ([`settle_in`]).
    Failed,
    /// It is tried again.
    Deferred(Deferral),
}

/// When and from where it is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deferral {
    /// Not before.
    pub next_at: Timestamp,
    /// Whether this counts as an attempt: a pool that was paused, or a limit of ours, does not.
    pub attempted: bool,
    /// What the other server said; `None` leaves what it said before.
    pub reply: Option<String>,
    /// The source address that was used, to stay with; `None` leaves the one before.
    pub source: Option<IpAddr>,
    /// The notice of the delay is written in this transaction, so it is not written again.
    pub delay_told: bool,
}

/// One recipient's outcome, under the lease that it was handed out under.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// The row.
    pub id: QueueId,
    /// Its slot.
    pub slot: SlotId,
    /// The lease.
    pub token: Token,
    /// Attempts made before this one: what makes a repeated settlement harmless.
    pub attempts: u32,
    /// What became of it.
    pub fate: Fate,
    /// What is told of it; written only when the settlement holds.
    pub events: Vec<EventRow>,
}

/// Whether a settlement held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It did.
    Done,
    /// The lease is another's, or nobody's: nothing was changed.
    Stale,
    /// The row is no longer there or was settled by an earlier try of the same settlement: nothing was changed.
    Gone,
}

impl QueueItem {
    /// The settlement of this item.
    #[must_use]
    pub const fn settle(&self, fate: Fate, events: Vec<EventRow>) -> Settlement {
        Settlement { id: self.id, slot: self.slot, token: self.token, attempts: self.attempts, fate, events }
    }
}

/// Settles within a transaction, which may write more (a notice delivered to the sender's box). Roll it back when what
/// else it writes depends on a settlement that is not [`Settled::Done`].
///
/// # Errors
/// [`crate::StoreError`] as the database says.
pub async fn settle_in(tx: &mut Tx, settlements: &[Settlement], now: Timestamp, ids: &IdSource) -> Result<Vec<Settled>> {
    let holders = lock_slots(tx, settlements).await?;
    let is_held = |s: &Settlement| holders.get(&s.slot.0) == Some(&s.token.0);
    let wanted: Vec<i64> = settlements.iter().filter(|s| is_held(s)).map(|s| s.id.0).collect();
    let mut rows = HashMap::with_capacity(wanted.len());
    for row in tx.rows("SELECT id, message, attempts FROM queue_recipient WHERE id = ANY($1)", args![&wanted]).await? {
        rows.insert(row.int(0)?, (row.int(1)?, row.int(2)?));
    }
    let mut settled = Vec::with_capacity(settlements.len());
    let (mut gone, mut deferred, mut events) = (Vec::new(), Vec::new(), Vec::new());
    for settlement in settlements {
        if !is_held(settlement) {
            settled.push(Settled::Stale);
            continue;
        }
        // Taken out, so that the same row twice in one call counts once.
        let Some((message, _)) = rows.remove(&settlement.id.0).filter(|row| row.1 == i64::from(settlement.attempts)) else {
            settled.push(Settled::Gone);
            continue;
        };
        match &settlement.fate {
            Fate::Delivered | Fate::Failed => gone.push((settlement.id.0, message)),
            Fate::Deferred(deferral) => deferred.push((settlement.id.0, deferral)),
        }
        events.extend(settlement.events.iter().cloned());
        settled.push(Settled::Done);
    }
    let mut batches = vec![remove(tx, &gone, now).await?];
    batches.extend(defer(&deferred));
    batches.extend(trail::batches(&events, ids));
    tx.batches(batches).await?;
    Ok(settled)
}

/// Locks the slots so that none changes hands before the commit: slot → token.
async fn lock_slots(tx: &mut Tx, settlements: &[Settlement]) -> Result<HashMap<i64, i64>> {
    let slots: HashSet<i64> = settlements.iter().map(|s| s.slot.0).collect();
    let slots: Vec<i64> = slots.into_iter().collect();
    let rows = tx.rows("SELECT id, token FROM queue_slot WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", args![&slots]).await?;
    rows.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect()
}

/// Removes recipients (row, message) and messages without any; what is left to write marks their bodies.
pub(super) async fn remove(tx: &mut Tx, gone: &[(i64, i64)], now: Timestamp) -> Result<Batch> {
    const MARK: &str = "INSERT INTO dead_blob (blob, since) {rows} ON CONFLICT DO NOTHING";
    if gone.is_empty() {
        return Ok(Batch::new(MARK, []));
    }
    let rows: Vec<i64> = gone.iter().map(|g| g.0).collect();
    let messages: Vec<i64> = gone.iter().map(|g| g.1).collect::<HashSet<_>>().into_iter().collect();
    // Who removes the last of several recipients must see that the others are gone: one at a time, each sees the one before.
    tx.rows("SELECT id FROM queue_message WHERE id = ANY($1) AND recipients > 1 ORDER BY id FOR UPDATE", args![&messages]).await?;
    // The schedule second: an operator who has just put a row back into it holds the recipient's row until that is committed.
    tx.execute("DELETE FROM queue_recipient WHERE id = ANY($1)", args![&rows]).await?;
    tx.execute("DELETE FROM queue_due WHERE id = ANY($1)", args![&rows]).await?;
    let done = tx
        .rows(
            "DELETE FROM queue_message WHERE id = ANY($1) \
             AND NOT EXISTS (SELECT 1 FROM queue_recipient r WHERE r.message = queue_message.id) RETURNING blob",
            args![&messages],
        )
        .await?;
    let mut bodies = done.iter().map(|row| row.int(0)).collect::<Result<Vec<i64>>>()?;
    bodies.sort_unstable();
    bodies.dedup();
    // Only a mark: the sweeper looks whether a box or another queued message still names the body.
    let since = Column::ints(bodies.iter().map(|_| now.0));
    Ok(Batch::new(MARK, [Column::Int(bodies), since]))
}

fn defer(deferred: &[(i64, &Deferral)]) -> [Batch; 2] {
    let rows = || Column::ints(deferred.iter().map(|d| d.0));
    let schedule = Batch::new(
        "WITH v (id, next_at) AS ({rows}) UPDATE queue_due SET next_at = v.next_at FROM v WHERE queue_due.id = v.id",
        [rows(), Column::ints(deferred.iter().map(|d| d.1.next_at.0))],
    );
    let recipients = Batch::new(
        "WITH v (id, attempts, source, reply, delay_told) AS ({rows}) UPDATE queue_recipient SET \
         attempts = queue_recipient.attempts + v.attempts, source = COALESCE(v.source, queue_recipient.source), \
         reply = COALESCE(v.reply, queue_recipient.reply), \
         delay_told = CASE WHEN v.delay_told = 1 THEN 1 ELSE queue_recipient.delay_told END FROM v WHERE queue_recipient.id = v.id",
        [
            rows(),
            Column::ints(deferred.iter().map(|d| d.1.attempted.into())),
            Column::OptText(deferred.iter().map(|d| d.1.source.map(|ip| ip.to_canonical().to_string())).collect()),
            Column::OptText(deferred.iter().map(|d| d.1.reply.as_deref().map(plain)).collect()),
            Column::ints(deferred.iter().map(|d| d.1.delay_told.into())),
        ],
    );
    [schedule, recipients]
}

/// PostgreSQL's TEXT takes no NUL; another server's reply may hold one.
fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
