//! Look-ups: a story by its trace, stories by key, the message log of a day.
//!
//! Every look-up names its days, so that each is a few probes of an index and never a walk over a day.

use postern_core::{Timestamp, TraceId};

use super::{Dialogue, Event, Key, Stage};
use crate::{
    args,
    db::{Db, Row},
    error::Result,
};

/// Days that one look-up goes back at most: longer than any retention.
const MAX_DAYS: i64 = 800;

const TIMELINE: &str = "SELECT id, trace, at, stage, tenant, detail, CAST(NULL AS BYTEA) FROM event \
    WHERE day = ANY($1) AND trace = $2 AND ($3 IS NULL OR tenant = $3) ORDER BY at, id";
const TIMELINE_WITH_DIALOGUE: &str = "SELECT id, trace, at, stage, tenant, detail, dialogue FROM event \
    WHERE day = ANY($1) AND trace = $2 AND ($3 IS NULL OR tenant = $3) ORDER BY at, id";

/// A story's events in the order in which they happened, up to `now`; `tenant` limits them to what that tenant may see.
///
/// # Errors
/// [`crate::StoreError`] as the database says.
pub async fn timeline(db: &Db, trace: TraceId, tenant: Option<&str>, with_dialogue: bool, now: Timestamp) -> Result<Vec<Event>> {
    // A day of room on both sides: clocks of two pods may disagree around midnight.
    let days = days(trace.made_at().day() - 1, now.day() + 1);
    let sql = if with_dialogue { TIMELINE_WITH_DIALOGUE } else { TIMELINE };
    db.rows(sql, args![&days, trace, tenant]).await?.iter().map(event).collect()
}

/// Stories that a key leads to, from `since` to `now`, the newest first, at most `limit`. Their events say whose they are:
/// show a tenant only what [`timeline`] gives for it.
///
/// # Errors
/// [`crate::StoreError`] as the database says.
pub async fn by_key(db: &Db, key: Key, since: Timestamp, now: Timestamp, limit: u32) -> Result<Vec<TraceId>> {
    let days = days(since.day(), now.day() + 1);
    let rows = db
        .rows(
            "SELECT DISTINCT trace FROM event_key WHERE day = ANY($1) AND key = $2 ORDER BY trace DESC LIMIT $3",
            args![&days, key.0, limit],
        )
        .await?;
    rows.iter().map(|row| Ok(TraceId(row.int(0)?))).collect()
}

/// Which stories of a day to list; all that are given must fit.
#[derive(Clone, Debug, Default)]
pub struct LogQuery {
    /// Days since 1970-01-01 ([`Timestamp::day`]).
    pub day: i64,
    /// Whose. A tenant that asks is always named here.
    pub tenant: Option<String>,
    /// An address, IP or Message-ID of the story.
    pub key: Option<Key>,
    /// Only stories before this one: of the last of the page before.
    pub before: Option<LogCursor>,
}

/// Where a page of the log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogCursor(TraceId, i64);

impl Event {
    /// Where a page that ends with this event ends.
    #[must_use]
    pub const fn cursor(&self) -> LogCursor {
        LogCursor(self.trace, self.id)
    }
}

const LOG: &str = "SELECT id, trace, at, stage, tenant, detail, CAST(NULL AS BYTEA) FROM event \
    WHERE day = $1 AND stage <= 1 AND (trace, id) < ($2, $3) ORDER BY trace DESC, id DESC LIMIT $4";
const LOG_OF_TENANT: &str = "SELECT id, trace, at, stage, tenant, detail, CAST(NULL AS BYTEA) FROM event \
    WHERE day = $1 AND stage <= 1 AND (trace, id) < ($2, $3) AND tenant = $5 ORDER BY trace DESC, id DESC LIMIT $4";
// `+ 0` keeps SQLite from taking the bound over to the events and walking the day.
const LOG_BY_KEY: &str = "SELECT e.id, e.trace, e.at, e.stage, e.tenant, e.detail, CAST(NULL AS BYTEA) \
    FROM event_key k CROSS JOIN event e \
    WHERE k.day = $1 AND k.key = $6 AND k.trace + 0 <= $2 AND e.day = $1 AND e.trace = k.trace AND e.stage <= 1 \
    AND (k.trace < $2 OR e.id < $3) AND ($5 IS NULL OR e.tenant = $5) ORDER BY k.trace DESC, e.id DESC LIMIT $4";

/// How stories of a day began (accepted or refused), the newest first, at most `limit`.
///
/// # Errors
/// [`crate::StoreError`] as the database says.
pub async fn log(db: &Db, query: &LogQuery, limit: u32) -> Result<Vec<Event>> {
    let LogCursor(trace, id) = query.before.unwrap_or(LogCursor(TraceId(i64::MAX), i64::MAX));
    let rows = match (query.key, query.tenant.as_deref()) {
        (Some(key), tenant) => db.rows(LOG_BY_KEY, args![query.day, trace, id, limit, tenant, key.0]).await?,
        (None, Some(tenant)) => db.rows(LOG_OF_TENANT, args![query.day, trace, id, limit, tenant]).await?,
        (None, None) => db.rows(LOG, args![query.day, trace, id, limit]).await?,
    };
    rows.iter().map(event).collect()
}

fn days(first: i64, last: i64) -> Vec<i64> {
    (first.max(last - MAX_DAYS)..=last).collect()
}

fn event(row: &Row) -> Result<Event> {
    Ok(Event {
        id: row.int(0)?,
        trace: TraceId(row.int(1)?),
        at: Timestamp(row.int(2)?),
        stage: Stage::from_code(row.int(3)?),
        tenant: row.opt_text(4)?,
        detail: row.text(5)?,
        dialogue: row.opt_bytes(6)?.map(Dialogue::from_packed),
    })
}
