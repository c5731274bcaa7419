//! Writing events within a transaction.

use postern_core::IdSource;

use super::{Dialogue, EventRow};
use crate::{
    db::{Batch, Column, Tx},
    error::Result,
};

/// Writes events in the transaction of what they tell: two statements however many there are.
///
/// # Errors
/// [`crate::StoreError`] as the database says.
pub async fn insert(tx: &mut Tx, rows: &[EventRow], ids: &IdSource) -> Result<()> {
    tx.batches(batches(rows, ids).into()).await
}

/// The two statements of [`insert`], for a transaction that has more to say.
#[must_use]
pub fn batches(rows: &[EventRow], ids: &IdSource) -> [Batch; 2] {
    let events = [
        Column::ints(rows.iter().map(|r| r.at.day())),
        Column::ints(rows.iter().map(|r| r.trace.0)),
        Column::ints(rows.iter().map(|_| ids.next())),
        Column::ints(rows.iter().map(|r| r.at.0)),
        Column::ints(rows.iter().map(|r| r.stage as i64)),
        Column::OptText(rows.iter().map(|r| r.tenant.clone()).collect()),
        Column::texts(rows.iter().map(|r| r.detail.as_str())),
        Column::OptBytes(rows.iter().map(|r| r.dialogue.as_ref().map(Dialogue::packed).map(<[u8]>::to_vec)).collect()),
    ];
    let mut keys: Vec<(i64, i64, i64)> = rows.iter().flat_map(|r| r.keys.iter().map(move |key| (r.at.day(), key.0, r.trace.0))).collect();
    // In order, so that two transactions never wait for each other crosswise; once, as the rows of one story repeat themselves.
    keys.sort_unstable();
    keys.dedup();
    let keys = [Column::ints(keys.iter().map(|k| k.0)), Column::ints(keys.iter().map(|k| k.1)), Column::ints(keys.iter().map(|k| k.2))];
    [
        Batch::new("INSERT INTO event (day, trace, id, at, stage, tenant, detail, dialogue) {rows}", events),
        Batch::new("INSERT INTO event_key (day, key, trace) {rows} ON CONFLICT DO NOTHING", keys),
    ]
}
