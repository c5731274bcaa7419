//! Queueing within the transaction that accepts the message.

use std::collections::{BTreeMap, HashMap};

use postern_core::IdSource;

use super::{
    NewMessage, SlotId,
    item::{body_code, notify_code, pool_text, ret_code},
};
use crate::{
    args,
    db::{Batch, Column, Tx},
    error::{Result, StoreError},
};

/// Of a slot in which nothing waits.
pub(super) const NEVER: i64 = i64::MAX;

/// What was queued: hand it to [`super::Queue::announce`] once it is committed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "senders sleep until Queue::announce, or for as long as they poll"]
pub struct Queued {
    pub(super) slots: Vec<SlotId>,
    pub(super) message: Option<i64>,
}

impl Queued {
    /// The id of one of the messages in the queue.
    #[must_use]
    pub const fn message(&self) -> Option<i64> {
        self.message
    }

    /// Whether nothing was queued.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Adds what another call queued in the same transaction.
    pub fn merge(&mut self, other: Self) {
        self.slots.extend(other.slots);
        self.message = self.message.or(other.message);
    }
}

/// Destination as the slot table knows it: domain, then pool.
type Destination = (String, String);

/// Queues messages, in the transaction that writes their bodies: six statements however many there are, and three more
/// when a destination is new or idle.
///
/// # Errors
/// [`StoreError`] as the database says.
pub async fn insert(tx: &mut Tx, messages: &[NewMessage], ids: &IdSource) -> Result<Queued> {
    let (queued, rows) = prepare(tx, messages, ids).await?;
    tx.batches(rows).await?;
    Ok(queued)
}

/// Finds or makes the slots and says what else to write, for a transaction that has more to say.
///
/// # Errors
/// [`StoreError`] as the database says.
pub async fn prepare(tx: &mut Tx, messages: &[NewMessage], ids: &IdSource) -> Result<(Queued, Vec<Batch>)> {
    let mut wanted: BTreeMap<Destination, i64> = BTreeMap::new();
    for message in messages {
        for recipient in &message.recipients {
            let due = due_at(message).unwrap_or(NEVER);
            let first = wanted.entry(destination(message, recipient)).or_insert(due);
            *first = due.min(*first);
        }
    }
    if wanted.is_empty() {
        return Ok((Queued::default(), Vec::new()));
    }
    let slots = slots_of(tx, &wanted, ids).await?;
    let (message, rows) = rows(messages, &slots, ids);
    Ok((Queued { slots: slots.into_values().map(SlotId).collect(), message }, rows.into()))
}

fn destination(message: &NewMessage, recipient: &postern_core::Recipient) -> Destination {
    (recipient.address.domain().as_str().to_owned(), pool_text(message.pool.as_ref()))
}

/// `None` is: not before it is released.
fn due_at(message: &NewMessage) -> Option<i64> {
    (!message.held).then(|| message.send_at.unwrap_or(message.arrived_at).0)
}

/// The slots of these destinations, made where there were none, their `wake_at` not after what is wanted.
async fn slots_of(tx: &mut Tx, wanted: &BTreeMap<Destination, i64>, ids: &IdSource) -> Result<HashMap<Destination, i64>> {
    let domains: Vec<String> = wanted.keys().map(|(domain, _)| domain.clone()).collect();
    let pools: Vec<String> = wanted.keys().map(|(_, pool)| pool.clone()).collect();
    // A slot may go between being made and being locked, when the janitor finds it empty just then.
    for _ in 0..3 {
        let rows = tx
            .rows(
                "SELECT domain, pool, id, wake_at FROM queue_slot WHERE domain = ANY($1) AND pool = ANY($2) ORDER BY id FOR KEY SHARE",
                args![&domains, &pools],
            )
            .await?;
        let mut found = HashMap::with_capacity(rows.len());
        let mut asleep = BTreeMap::new();
        for row in rows {
            let destination = (row.text(0)?, row.text(1)?);
            let Some(first) = wanted.get(&destination) else { continue };
            if row.int(3)? > *first {
                asleep.insert(row.int(2)?, *first);
            }
            found.insert(destination, row.int(2)?);
        }
        let missing: Vec<(&Destination, &i64)> = wanted.iter().filter(|(destination, _)| !found.contains_key(*destination)).collect();
        if missing.is_empty() {
            wake(tx, &asleep).await?;
            return Ok(found);
        }
        tx.batch(
            "INSERT INTO queue_slot (id, domain, pool, wake_at) {rows} ON CONFLICT DO NOTHING",
            &[
                Column::ints(missing.iter().map(|_| ids.next())),
                Column::texts(missing.iter().map(|((domain, _), _)| domain)),
                Column::texts(missing.iter().map(|((_, pool), _)| pool)),
                Column::ints(missing.iter().map(|(_, first)| **first)),
            ],
        )
        .await?;
    }
    Err(StoreError::Conflict("a destination of the queue goes as fast as it is made".into()))
}

/// Lowers `wake_at` of slots (id → at), which are locked one by one in order of their ids.
pub(super) async fn wake(tx: &mut Tx, slots: &BTreeMap<i64, i64>) -> Result<()> {
    let mut by_time: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (slot, at) in slots {
        by_time.entry(*at).or_default().push(*slot);
    }
    if by_time.len() > 1 {
        let all: Vec<i64> = slots.keys().copied().collect();
        tx.rows("SELECT id FROM queue_slot WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", args![&all]).await?;
    }
    for (at, slots) in by_time {
        tx.execute(
            "UPDATE queue_slot SET wake_at = $2 WHERE wake_at > $2 AND id IN \
             (SELECT id FROM queue_slot WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE)",
            args![&slots, at],
        )
        .await?;
    }
    Ok(())
}

/// The rows of messages, of their recipients and of the schedule, and the id of one of the messages.
fn rows(messages: &[NewMessage], slots: &HashMap<Destination, i64>, ids: &IdSource) -> (Option<i64>, [Batch; 3]) {
    let messages: Vec<(i64, &NewMessage)> = messages.iter().filter(|m| !m.recipients.is_empty()).map(|m| (ids.next(), m)).collect();
    let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let envelopes = Batch::new(
        "INSERT INTO queue_message (id, trace, blob, size, header_size, sender, envid, ret, body, smtputf8, account, tenant, pool, \
         arrived_at, recipients) {rows}",
        [
            Column::ints(messages.iter().map(|(id, _)| *id)),
            Column::ints(messages.iter().map(|(_, m)| m.trace.0)),
            Column::ints(messages.iter().map(|(_, m)| m.blob.0)),
            Column::ints(messages.iter().map(|(_, m)| signed(m.size))),
            Column::ints(messages.iter().map(|(_, m)| signed(m.header_size))),
            Column::OptText(messages.iter().map(|(_, m)| m.sender.as_ref().map(ToString::to_string)).collect()),
            Column::OptText(messages.iter().map(|(_, m)| m.envid.clone()).collect()),
            Column::ints(messages.iter().map(|(_, m)| ret_code(m.ret))),
            Column::ints(messages.iter().map(|(_, m)| body_code(m.body))),
            Column::ints(messages.iter().map(|(_, m)| m.smtputf8.into())),
            Column::OptInt(messages.iter().map(|(_, m)| m.account.map(|a| a.0)).collect()),
            Column::OptText(messages.iter().map(|(_, m)| m.tenant.clone()).collect()),
            Column::texts(messages.iter().map(|(_, m)| pool_text(m.pool.as_ref()))),
            Column::ints(messages.iter().map(|(_, m)| m.arrived_at.0)),
            Column::ints(messages.iter().map(|(_, m)| signed(m.recipients.len() as u64))),
        ],
    );
    let mut rows = Vec::with_capacity(messages.len());
    for (id, message) in &messages {
        for recipient in &message.recipients {
            // Every destination was found or made above.
            let slot = slots.get(&destination(message, recipient)).copied().unwrap_or_default();
            rows.push((ids.next(), *id, slot, recipient, due_at(message)));
        }
    }
    let recipients = Batch::new(
        "INSERT INTO queue_recipient (id, message, slot, address, notify, original, held) {rows}",
        [
            Column::ints(rows.iter().map(|r| r.0)),
            Column::ints(rows.iter().map(|r| r.1)),
            Column::ints(rows.iter().map(|r| r.2)),
            Column::texts(rows.iter().map(|r| r.3.address.to_string())),
            Column::ints(rows.iter().map(|r| notify_code(r.3.notify))),
            Column::OptText(rows.iter().map(|r| r.3.original.clone()).collect()),
            Column::ints(rows.iter().map(|r| r.4.is_none().into())),
        ],
    );
    let due: Vec<(i64, i64, i64)> = rows.iter().filter_map(|r| Some((r.0, r.2, r.4?))).collect();
    let schedule = Batch::new(
        "INSERT INTO queue_due (id, slot, next_at) {rows}",
        [Column::ints(due.iter().map(|d| d.0)), Column::ints(due.iter().map(|d| d.1)), Column::ints(due.iter().map(|d| d.2))],
    );
    (messages.first().map(|(id, _)| *id), [envelopes, recipients, schedule])
}
