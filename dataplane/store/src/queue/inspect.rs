//! Looking at the queue: lists, destinations, numbers. Reads only.

use postern_core::{Address, QueueId, Timestamp, TraceId};

use super::{
    PoolKey, Queue,
    insert::NEVER,
    item::{address_of, pool_of},
};
use crate::{args, db::Row, error::Result};

/// Which rows to list; all that are given must fit.
#[derive(Clone, Debug, Default)]
pub struct QueueFilter {
    /// Recipient domain.
    pub domain: Option<String>,
    /// Whose mail. A tenant that asks is always named here.
    pub tenant: Option<String>,
    /// Sender or recipient.
    pub address: Option<Address>,
    /// Only held ones, or only others.
    pub held: Option<bool>,
    /// Only rows after this one: the last of the page before.
    pub after: Option<QueueId>,
}

/// A row as operators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The row.
    pub id: QueueId,
    /// Its story.
    pub trace: TraceId,
    /// MAIL FROM; `None` is `<>`.
    pub sender: Option<Address>,
    /// RCPT TO.
    pub recipient: Address,
    /// Whose mail it is.
    pub tenant: Option<String>,
    /// Where it leaves from.
    pub pool: Option<PoolKey>,
    /// Octets of the message.
    pub size: i64,
    /// When it was accepted.
    pub arrived_at: Timestamp,
    /// When it is tried next; `None` while it is held.
    pub next_at: Option<Timestamp>,
    /// Attempts made.
    pub attempts: i64,
    /// What the last attempt was told.
    pub reply: Option<String>,
    /// The source address of the last attempt.
    pub source: Option<String>,
    /// Whether a worker holds its slot.
    pub leased: bool,
}

/// What waits for one destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Recipient domain.
    pub domain: String,
    /// Where it leaves from.
    pub pool: Option<PoolKey>,
    /// Recipients that wait, held ones included.
    pub waiting: i64,
    /// When the oldest of them was accepted.
    pub oldest: Timestamp,
    /// Whether a worker holds the slot.
    pub leased: bool,
}

/// The queue in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Recipients that wait for their time or for a worker.
    pub waiting: i64,
    /// Those of them that are due now.
    pub due: i64,
    /// Recipients that are held.
    pub held: i64,
    /// Since when the most overdue of them is due: how far the senders are behind. `None` when nothing is due.
    pub behind_since: Option<Timestamp>,
    /// When the oldest queued message was accepted.
    pub oldest: Option<Timestamp>,
}

const LISTED: &str = "SELECT r.id, m.trace, m.sender, r.address, m.tenant, m.pool, m.size, m.arrived_at, d.next_at, r.attempts, r.reply, \
    r.source, s.until - db_clock($1) FROM queue_recipient r JOIN queue_message m ON m.id = r.message \
    JOIN queue_slot s ON s.id = r.slot LEFT JOIN queue_due d ON d.id = r.id \
    WHERE r.id > $2 AND ($3 IS NULL OR s.domain = $3) AND ($4 IS NULL OR m.tenant = $4) \
    AND ($5 IS NULL OR lower(r.address) = $5 OR lower(m.sender) = $5) AND ($6 IS NULL OR r.held = $6) \
    ORDER BY r.id LIMIT $7";

impl Queue {
    /// One page of the queue, oldest first, at most `limit` rows.
    ///
    /// # Errors
    /// [`crate::StoreError`] as the database says.
    pub async fn list(&self, filter: &QueueFilter, limit: u32, now: Timestamp) -> Result<Vec<Listed>> {
        let after = filter.after.map_or(i64::MIN, |id| id.0);
        let domain = filter.domain.as_deref().map(str::to_lowercase);
        let address = filter.address.as_ref().map(|a| a.to_string().to_lowercase());
        let held = filter.held.map(i64::from);
        let rows =
            self.db.rows(LISTED, args![now, after, domain.as_deref(), filter.tenant.as_deref(), address.as_deref(), held, limit]).await?;
        rows.iter().map(listed).collect()
    }

    /// One row; `tenant` limits it to that tenant's.
    ///
    /// # Errors
    /// [`crate::StoreError`] as the database says.
    pub async fn inspect(&self, id: QueueId, tenant: Option<&str>, now: Timestamp) -> Result<Option<Listed>> {
        let none = None::<&str>;
        let rows = self.db.rows(LISTED, args![now, id.0 - 1, none, tenant, none, None::<i64>, 1]).await?;
        let row = rows.first().map(listed).transpose()?;
        Ok(row.filter(|row| row.id == id))
    }

    /// Destinations with the most waiting recipients first, at most `limit`.
    ///
    /// # Errors
    /// [`crate::StoreError`] as the database says.
    pub async fn destinations(&self, tenant: Option<&str>, limit: u32, now: Timestamp) -> Result<Vec<Destination>> {
        let rows = self
            .db
            .rows(
                "SELECT s.domain, s.pool, COUNT(*), MIN(m.arrived_at), MAX(s.until) - db_clock($1) FROM queue_recipient r \
                 JOIN queue_message m ON m.id = r.message JOIN queue_slot s ON s.id = r.slot WHERE $2 IS NULL OR m.tenant = $2 \
                 GROUP BY s.domain, s.pool ORDER BY COUNT(*) DESC, s.domain, s.pool LIMIT $3",
                args![now, tenant, limit],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Destination {
                    domain: row.text(0)?,
                    pool: pool_of(row.str(1)?)?,
                    waiting: row.int(2)?,
                    oldest: Timestamp(row.int(3)?),
                    leased: row.int(4)? > 0,
                })
            })
            .collect()
    }

    /// The queue in numbers. Reads all of the schedule: ask every few seconds, not for every request.
    ///
    /// # Errors
    /// [`crate::StoreError`] as the database says.
    pub async fn depth(&self, now: Timestamp) -> Result<Depth> {
        let row = self
            .db
            .row(
                "SELECT COUNT(*), COUNT(CASE WHEN next_at <= $1 THEN 1 END), COALESCE(MIN(next_at), $2), \
                 (SELECT COUNT(*) FROM queue_recipient WHERE held = 1), \
                 (SELECT arrived_at FROM queue_message ORDER BY id LIMIT 1) FROM queue_due",
                args![now, NEVER],
            )
            .await?;
        let Some(row) = row else { return Ok(Depth::default()) };
        Ok(Depth {
            waiting: row.int(0)?,
            due: row.int(1)?,
            behind_since: Some(Timestamp(row.int(2)?)).filter(|at| *at <= now),
            held: row.int(3)?,
            oldest: row.opt_int(4)?.map(Timestamp),
        })
    }
}

fn listed(row: &Row) -> Result<Listed> {
    Ok(Listed {
        id: QueueId(row.int(0)?),
        trace: TraceId(row.int(1)?),
        sender: row.opt_text(2)?.map(|text| address_of(&text)).transpose()?,
        recipient: address_of(row.str(3)?)?,
        tenant: row.opt_text(4)?,
        pool: pool_of(row.str(5)?)?,
        size: row.int(6)?,
        arrived_at: Timestamp(row.int(7)?),
        next_at: row.opt_int(8)?.map(Timestamp),
        attempts: row.int(9)?,
        reply: row.opt_text(10)?,
        source: row.opt_text(11)?,
        leased: row.int(12)? > 0,
    })
}
