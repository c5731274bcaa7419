//! What waits to be sent.

use std::time::Duration;

use postern_core::{Timestamp, table::Table};
use postern_store::{
    Result,
    queue::{Listed, Queue, QueueFilter},
};
use serde_json::{Value, json};

use crate::Scope;

/// Rows of one list at most.
const MOST: u32 = 10_000;

/// Rows of the queue, the oldest first.
///
/// # Errors
/// As the database says.
pub async fn list(queue: &Queue, scope: Scope<'_>, domain: Option<String>, limit: u32, now: Timestamp) -> Result<Vec<Listed>> {
    let tenant = match scope {
        Scope::Tenant(tenant) => Some(tenant.to_owned()),
        Scope::All => None,
    };
    queue.list(&QueueFilter { domain, tenant, ..QueueFilter::default() }, limit.min(MOST), now).await
}

/// Rows for a program.
#[must_use]
pub fn data(rows: &[Listed]) -> Value {
    let row = |row: &Listed| {
        json!({
            "id": row.id.to_string(),
            "trace": row.trace.to_string(),
            "tenant": row.tenant,
            "sender": row.sender.as_ref().map(ToString::to_string),
            "recipient": row.recipient.to_string(),
            "size": row.size,
            "arrivedAt": row.arrived_at.to_string(),
            "nextAt": row.next_at.map(|at| at.to_string()),
            "attempts": row.attempts,
            "reply": row.reply,
        })
    };
    rows.iter().map(row).collect()
}

/// Rows for a terminal.
#[must_use]
pub fn table(rows: &[Listed], now: Timestamp) -> Table {
    let mut table = Table::new(["ID", "MESSAGE", "SENDER", "RECIPIENT", "AGE", "TRIES", "NEXT", "LAST REPLY"]);
    for row in rows {
        let next = match row.next_at {
            None => "held".into(),
            Some(_) if row.leased => "now".into(),
            Some(at) if at <= now => "due".into(),
            Some(at) => format!("in {}", short(at.since(now))),
        };
        table.row([
            row.id.to_string(),
            row.trace.to_string(),
            row.sender.as_ref().map_or_else(|| "<>".into(), ToString::to_string),
            row.recipient.to_string(),
            short(now.since(row.arrived_at)),
            row.attempts.to_string(),
            next,
            row.reply.clone().unwrap_or_default(),
        ]);
    }
    table
}

/// A duration as kubectl writes an age.
fn short(duration: Duration) -> String {
    match duration.as_secs() {
        s @ 0..120 => format!("{s}s"),
        s @ 120..7_200 => format!("{}m", s / 60),
        s @ 7_200..172_800 => format!("{}h", s / 3_600),
        s => format!("{}d", s / 86_400),
    }
}
