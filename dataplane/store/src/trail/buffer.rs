//! The bounded way into the trail for what strangers cause.
//!
//! Noting never waits and never fails. What is noted is written at most [`TrailLimits::every`] later,
//! everything in one transaction. A client that exceeds its budget between two writes is counted
//! instead, and one row says how often; so is everybody once the buffer is full. While the database
//! is away the counts go on, so the loss is told at least in numbers.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use postern_core::{Clock, IdSource, Network};
use tokio::sync::Notify;

use super::{EventRow, Key, Stage, insert};
use crate::{db::Db, error::Result, transaction};

/// The bounds.
#[derive(Clone, Copy, Debug)]
pub struct TrailLimits {
    /// Rows kept until the next write.
    pub rows: usize,
    /// Rows of one stage from one network (IPv4 /24, IPv6 /64) until the next write.
    pub per_network: u32,
    /// Networks that are counted apart; the others share one count.
    pub networks: usize,
    /// How long a row waits at most to be written.
    pub every: Duration,
}

impl Default for TrailLimits {
    /// 2000 rows, 20 of a network, 1000 networks, 500 ms.
    fn default() -> Self {
        Self { rows: 2000, per_network: 20, networks: 1000, every: Duration::from_millis(500) }
    }
}

/// The buffer of one process. Clones share it.
#[derive(Clone)]
pub struct Trail {
    db: Db,
    ids: IdSource,
    clock: Arc<dyn Clock>,
    limits: TrailLimits,
    buffer: Arc<Mutex<Buffer>>,
    noted: Arc<Notify>,
}

/// `None` stands for all networks beyond the bound.
type Group = (Stage, Option<Network>);

#[derive(Default)]
struct Buffer {
    rows: Vec<EventRow>,
    groups: HashMap<Group, Count>,
}

#[derive(Default)]
struct Count {
    /// Rows kept for it.
    kept: u32,
    /// Rows not kept.
    left_out: u64,
}

impl Trail {
    /// An empty buffer in front of `db`.
    #[must_use]
    pub fn new(db: Db, ids: IdSource, clock: Arc<dyn Clock>, limits: TrailLimits) -> Self {
        Self { db, ids, clock, limits, buffer: Arc::default(), noted: Arc::default() }
    }

    /// Notes what a client caused. `client` is `None` for what none did; such rows have no budget but the buffer's.
    pub fn note(&self, row: EventRow, client: Option<IpAddr>) {
        let mut buffer = self.buffer.lock().unwrap_or_else(PoisonError::into_inner);
        let full = buffer.rows.len() >= self.limits.rows;
        let kept = match client {
            None => !full,
            Some(ip) => {
                let mut group = (row.stage, Some(Network::of_client(ip, 24, 64)));
                if buffer.groups.len() >= self.limits.networks && !buffer.groups.contains_key(&group) {
                    group.1 = None;
                }
                let count = buffer.groups.entry(group).or_default();
                let within = !full && (count.kept < self.limits.per_network || group.1.is_none());
                if within {
                    count.kept += 1;
                } else {
                    count.left_out += 1;
                }
                within
            }
        };
        if kept {
            buffer.rows.push(row);
        } else if client.is_none() {
            buffer.groups.entry((row.stage, None)).or_default().left_out += 1;
        }
        drop(buffer);
        self.noted.notify_one();
    }

    /// Writes what is noted, again and again, until `stop`, and then once more. Spawn it once.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        loop {
            let stopped = tokio::select! {
                () = self.pause() => false,
                () = &mut stop => true,
            };
            // Never given up in the middle: what it has taken out of the buffer would be lost.
            if let Err(error) = self.flush().await {
                tracing::warn!(%error, "the trail waits for the database");
            }
            if stopped {
                return;
            }
        }
    }

    async fn pause(&self) {
        self.noted.notified().await;
        tokio::time::sleep(self.limits.every).await;
    }

    /// Writes what is noted.
    ///
    /// # Errors
    /// [`crate::StoreError`] as the database says. What was noted stays noted, as far as there is room.
    pub async fn flush(&self) -> Result<()> {
        let taken = std::mem::take(&mut *self.buffer.lock().unwrap_or_else(PoisonError::into_inner));
        let mut rows = taken.rows;
        let kept = rows.len();
        rows.extend(taken.groups.iter().filter(|(_, count)| count.left_out > 0).map(|(group, count)| self.summary(*group, count.left_out)));
        if rows.is_empty() {
            return Ok(());
        }
        let written = self.write(&rows).await;
        if written.is_err() {
            rows.truncate(kept);
            self.put_back(rows, taken.groups);
        }
        written
    }

    async fn write(&self, rows: &[EventRow]) -> Result<()> {
        transaction!(self.db, |tx| { insert(tx, rows, &self.ids).await })
    }

    /// One row in place of many.
    fn summary(&self, (stage, network): Group, left_out: u64) -> EventRow {
        let detail = serde_json::json!({ "summary": true, "count": left_out, "network": network.map(|n| n.to_string()) });
        let row = EventRow::new(self.ids.trace(), self.clock.now(), stage, &detail);
        row.with_keys(network.map(Key::network))
    }

    fn put_back(&self, rows: Vec<EventRow>, groups: HashMap<Group, Count>) {
        let mut buffer = self.buffer.lock().unwrap_or_else(PoisonError::into_inner);
        let room = self.limits.rows.saturating_sub(buffer.rows.len());
        let lost = rows.iter().skip(room).map(|row| row.stage).collect::<Vec<_>>();
        buffer.rows.splice(0..0, rows.into_iter().take(room));
        for stage in lost {
            buffer.groups.entry((stage, None)).or_default().left_out += 1;
        }
        for (mut group, count) in groups {
            if buffer.groups.len() >= self.limits.networks && !buffer.groups.contains_key(&group) {
                group.1 = None;
            }
            let known = buffer.groups.entry(group).or_default();
            known.left_out += count.left_out;
            known.kept += count.kept;
        }
        drop(buffer);
        self.noted.notify_one();
    }
}
