//! From what became of a job to durable rows, while the courier goes on with the next.

use std::sync::Arc;

use postern_store::{
    queue::{QueuedMessage, Settled, Settlement},
    trail::EventRow,
};
use tokio::task::JoinSet;

use super::{
    crew::Crew,
    lease::Lease,
    report::{Decided, Told, decide},
};

/// Settles what became of some recipients of one message, tells its sender where one is to be told, and takes the rows
/// out of the hand. `attempts` are events of hosts that were tried on the way.
pub(super) async fn finish(crew: Arc<Crew>, lease: Arc<Lease>, message: Arc<QueuedMessage>, told: Vec<Told>, attempts: Vec<EventRow>) {
    let now = crew.store.now();
    let rows: Vec<_> = told.iter().map(|told| told.item.id).collect();
    let any_delivered = told.iter().any(|told| told.result.is_ok());
    let last = told.len() == message.recipients as usize && told.iter().all(|told| told.result.is_ok());
    let mut decided: Vec<Decided> =
        told.into_iter().map(|told| decide(told, &crew.config.schedule, now, crew.roll() as u32, crew.config.keep_dialogue)).collect();
    decided.iter().for_each(|decided| crew.config.observer.attempted(&decided.settlement.fate));
    if let Some(first) = decided.first_mut() {
        first.settlement.events.splice(0..0, attempts);
    }
    let (mut quiet, mut notable) = (Vec::new(), Vec::new());
    for Decided { settlement, notice } in decided {
        match notice {
            Some(notice) => notable.push((settlement, notice)),
            None => quiet.push(settlement),
        }
    }
    let mut fine = settle(&crew, quiet).await;
    if last && notable.is_empty() {
        crew.bodies.forget(message.blob);
    }
    if !notable.is_empty() {
        match crew.notices.settle(&message, notable).await {
            Ok(settled) => warn_of_stale(&message, &settled),
            Err(error) => {
                tracing::error!(%error, trace = %message.trace, "what became of a message cannot be written");
                fine = false;
            }
        }
    }
    // A delivery that cannot be written down stays in hand until the lease ends: handed out at once, it would go out again at once.
    if fine || !any_delivered {
        lease.done(rows);
    }
}

/// Settles without a notice; whether all could be written.
async fn settle(crew: &Arc<Crew>, mut settlements: Vec<Settlement>) -> bool {
    let written = |result| match result {
        Ok(settled) => {
            if settled != Settled::Done {
                tracing::warn!(?settled, "a settlement did not hold: the lease or the row is another's");
            }
            true
        }
        Err(error) => {
            tracing::error!(%error, "what became of a message cannot be written");
            false
        }
    };
    // One recipient is the rule, and needs no task.
    if settlements.len() <= 1 {
        return match settlements.pop() {
            Some(settlement) => written(crew.settler.settle(settlement).await),
            None => true,
        };
    }
    let mut all = JoinSet::new();
    for settlement in settlements {
        let settler = crew.settler.clone();
        all.spawn(async move { settler.settle(settlement).await });
    }
    let mut fine = true;
    while let Some(result) = all.join_next().await {
        fine &= result.is_ok_and(written);
    }
    fine
}

fn warn_of_stale(message: &QueuedMessage, settled: &[Settled]) {
    if settled.iter().any(|s| *s != Settled::Done) {
        tracing::warn!(trace = %message.trace, ?settled, "a settlement did not hold: the lease or the row is another's");
    }
}
