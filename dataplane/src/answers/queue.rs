//! `postern queue`: what waits to be sent, and orders about it. Every order leaves an event in the story of its message.

use postern_core::{QueueId, Timestamp};
use postern_inspect::Scope;
use postern_store::{
    Result, Store,
    queue::{Listed, QueueFilter},
    trail::{EventRow, Stage},
};

use crate::control::{QueueAction, Response};

/// Rows of one order at most.
const MOST: u32 = 10_000;

/// Shows the queue or moves it.
///
/// # Errors
/// As the database says.
pub async fn answer(store: &Store, action: QueueAction) -> Result<Response> {
    let now = store.now();
    match action {
        QueueAction::List { domain, limit } => {
            let rows = postern_inspect::queue(&store.queue, Scope::All, domain, limit, now).await?;
            Ok(Response::Table { table: postern_inspect::queue_table(&rows, now) })
        }
        QueueAction::Retry { ids } => order(store, &ids, true, Stage::Released, "retry").await,
        QueueAction::Hold { ids } => order(store, &ids, false, Stage::Held, "hold").await,
        QueueAction::Release { ids } => order(store, &ids, false, Stage::Released, "release").await,
        QueueAction::Bounce { ids } => order(store, &ids, false, Stage::Released, "bounce").await,
        QueueAction::Drop { ids } => order(store, &ids, false, Stage::Dropped, "drop").await,
    }
}

async fn order(store: &Store, ids: &[String], all_without: bool, stage: Stage, verb: &str) -> Result<Response> {
    let now = store.now();
    let rows = match named(store, ids, now).await? {
        Ok(rows) if rows.is_empty() && ids.is_empty() && all_without => store.queue.list(&QueueFilter::default(), MOST, now).await?,
        Ok(rows) => rows,
        Err(message) => return Ok(Response::Refused { message }),
    };
    let ids: Vec<QueueId> = rows.iter().map(|row| row.id).collect();
    let events: Vec<EventRow> = rows
        .iter()
        .map(|row| {
            let detail = serde_json::json!({"recipient": row.recipient, "by": "operator", "order": verb});
            let event = EventRow::new(row.trace, now, stage, &detail);
            if let Some(tenant) = &row.tenant { event.of_tenant(tenant) } else { event }
        })
        .collect();
    let done = match verb {
        "hold" => store.queue.hold(&ids, None, &events).await?,
        "release" => store.queue.release_held(&ids, None, &events, now).await?,
        "bounce" => store.queue.give_up(&ids, None, &events, now).await?,
        "drop" => store.queue.discard(&ids, None, &events, now).await?,
        _ => store.queue.retry_now(&ids, None, &events, now).await?,
    };
    Ok(Response::Text { text: format!("{verb}: {done} of {}\n", ids.len()) })
}

/// The rows of ids, or what is wrong with one.
async fn named(store: &Store, ids: &[String], now: Timestamp) -> Result<std::result::Result<Vec<Listed>, String>> {
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        let Ok(parsed) = id.parse::<QueueId>() else { return Ok(Err(format!("{id} is no queue id; `postern queue` lists them"))) };
        match store.queue.inspect(parsed, None, now).await? {
            Some(row) => rows.push(row),
            None => return Ok(Err(format!("{id} is not in the queue"))),
        }
    }
    Ok(Ok(rows))
}
