//! Handing out what is due.

use std::{collections::HashMap, sync::Arc, time::Duration};

use postern_core::{QueueId, Recipient, Timestamp, TraceId};

use super::{
    Queue, QueueItem, QueuedMessage, Slot, SlotId, Token,
    item::{GIVEN_UP, address_of, message_of, notify_of},
};
use crate::{
    args,
    db::Row,
    dialect,
    error::{Result, StoreError},
    trail::{EventRow, Stage},
};

/// How often a slot is read from its beginning: finds what was committed very late, or was due by a clock behind ours.
///
/// In between only what is after the last row handed out is read, or shortly before it ([`LATE`]). Without that, rows that
/// are gone but not yet vacuumed would be passed again at each call, which beside an hour-old snapshot means all of an hour's.
const REREAD: Duration = Duration::from_secs(20);
/// Mail is due when it arrived and is seen when it is committed: of two that came together the earlier may be seen second.
/// What became due so shortly before the last row handed out is looked at again.
const LATE: Duration = Duration::from_secs(3);

impl Queue {
    /// Due rows of leased slots that are not in hand already, at most `each` of a slot, the longest due first. A slot
    /// whose lease lapsed or went to another gives none. Tell the slot when a row is settled ([`Slot::settled`]).
    /// A row that cannot be read is held, and its story says why: the others must not wait for it.
    ///
    /// # Errors
    /// [`StoreError`] as the database says; nothing was handed out then.
    pub async fn due(&self, slots: &mut [&mut Slot], each: u32, now: Timestamp) -> Result<Vec<QueueItem>> {
        for slot in &mut *slots {
            if slot.read_at.is_none_or(|at| now < at || now >= at + REREAD) {
                slot.cursor = i64::MIN;
                slot.read_at = Some(now);
            }
        }
        let ids: Vec<i64> = slots.iter().map(|slot| slot.id.0).collect();
        let tokens: Vec<i64> = slots.iter().map(|slot| slot.token.0).collect();
        let late = i64::try_from(LATE.as_micros()).unwrap_or(i64::MAX);
        let since: Vec<i64> = slots.iter().map(|slot| slot.cursor.saturating_sub(late)).collect();
        // What is in hand is met again there, and must not take the place of what is not.
        let in_hand = slots.iter().map(|slot| slot.in_hand()).max().unwrap_or_default();
        let limit = each.saturating_add(u32::try_from(in_hand).unwrap_or(u32::MAX));
        let rows = self.db.rows(dialect::due::text(self.db.dialect()), args![&ids, &tokens, &since, now, limit]).await?;
        let mut messages = HashMap::new();
        let mut items = Vec::with_capacity(rows.len());
        let mut damaged = Vec::new();
        for row in &rows {
            match item_of(row, &mut messages) {
                Ok(item) => items.push(item),
                Err(StoreError::Damaged(why)) => damaged.push((QueueId(row.int(0)?), TraceId(row.int(MESSAGE + 1)?), why)),
                Err(error) => return Err(error),
            }
        }
        self.hold_damaged(&damaged, now).await?;
        let mut by_id: HashMap<SlotId, (&mut Slot, u32)> = slots.iter_mut().map(|slot| (slot.id, (&mut **slot, 0))).collect();
        items.retain(|item| {
            let Some((slot, handed)) = by_id.get_mut(&item.slot) else { return false };
            let new = *handed < each && slot.taken.insert(item.id);
            if new {
                *handed += 1;
                slot.cursor = slot.cursor.max(item.due_at.0);
            }
            new
        });
        Ok(items)
    }

    async fn hold_damaged(&self, damaged: &[(QueueId, TraceId, String)], now: Timestamp) -> Result<()> {
        if damaged.is_empty() {
            return Ok(());
        }
        for (id, trace, why) in damaged {
            tracing::error!(row = id.0, %trace, why, "a row of the queue cannot be read and is held");
        }
        let ids: Vec<QueueId> = damaged.iter().map(|(id, ..)| *id).collect();
        let event =
            |(_, trace, why): &(QueueId, TraceId, String)| EventRow::new(*trace, now, Stage::Held, &serde_json::json!({ "cause": why }));
        self.hold(&ids, None, &damaged.iter().map(event).collect::<Vec<_>>()).await.map(drop)
    }
}

/// The first column of the message.
const MESSAGE: usize = 11;
/// The column behind it.
const HELD: usize = 26;

/// Reads the columns of [`dialect::due`].
fn item_of(row: &Row, messages: &mut HashMap<i64, Arc<QueuedMessage>>) -> Result<QueueItem> {
    let message = match messages.entry(row.int(MESSAGE)?) {
        std::collections::hash_map::Entry::Occupied(known) => known.get().clone(),
        std::collections::hash_map::Entry::Vacant(new) => new.insert(Arc::new(message_of(row, MESSAGE)?)).clone(),
    };
    let source = row.opt_text(8)?.map(|text| text.parse()).transpose();
    Ok(QueueItem {
        id: QueueId(row.int(0)?),
        slot: SlotId(row.int(1)?),
        token: Token(row.int(2)?),
        due_at: Timestamp(row.int(3)?),
        recipient: Recipient { address: address_of(row.str(4)?)?, notify: notify_of(row.int(5)?), original: row.opt_text(6)? },
        attempts: u32::try_from(row.int(7)?).unwrap_or(u32::MAX),
        source: source.map_err(|e| StoreError::Damaged(format!("queue_recipient.source: {e}")))?,
        reply: row.opt_text(9)?,
        delay_told: row.int(10)? != 0,
        given_up: row.int(HELD)? == GIVEN_UP,
        message,
    })
}
