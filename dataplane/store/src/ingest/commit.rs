//! One batch, one transaction: lock, decide, write, commit, tell.

use std::{collections::HashMap, time::Instant};

use postern_core::AccountId;

use super::{Accept, Changed, Job, LocalDelivery, Placed, Tools, Work, change, decide, doubt::Witness, held::Held, rows};
use crate::{
    blob,
    db::{Batch, RETRIES, Tx},
    error::{Result, StoreError},
    mail::cells::Step,
    queue::{self, Queued},
    trail,
};

/// What becomes of a job in a transaction that may still fail.
enum Decision {
    Store(Vec<Placed>),
    Change(Changed),
    Skip,
    Refuse(StoreError),
}

/// A transaction decided, and committed if there was anything to write.
struct Outcome {
    /// By which it is told that it was committed, should the answer get lost.
    witness: Option<Witness>,
    decisions: Vec<Decision>,
    queued: Queued,
    steps: Vec<Step>,
}

/// Commits a batch and answers its jobs; returns those whose accounts were locked elsewhere. With `wait` there are none.
pub(super) async fn settle(tools: &Tools, batch: Vec<Job>, wait: bool) -> Vec<Job> {
    let mut skipped = Vec::new();
    let mut parts = vec![batch];
    while let Some(part) = parts.pop() {
        let jobs: Vec<&Job> = part.iter().collect();
        let began = Instant::now();
        match attempt(tools, &jobs, wait).await {
            Ok(Outcome { decisions, queued, steps, .. }) => {
                let stored = decisions.iter().filter(|decision| matches!(decision, Decision::Store(_))).count();
                if stored > 0 {
                    tools.observer.committed(stored, began.elapsed());
                }
                if !queued.is_empty() {
                    tools.queue.announce(&queued);
                    tools.changes.queued();
                }
                tools.cells.advance(steps);
                // Announced before it is answered: a session that changed flags tells its client what it has heard of.
                tools.changes.announce(moved(&part, &decisions));
                skipped.extend(part.into_iter().zip(decisions).filter_map(|(job, decision)| answer(job, decision)));
            }
            // One of them is poison: halves, until it stands alone. Each half is a transaction of its own.
            Err(StoreError::Statement(_) | StoreError::Refused(_) | StoreError::Damaged(_) | StoreError::NotFound(_)) if part.len() > 1 => {
                let mut first = part;
                let second = first.split_off(first.len() / 2);
                parts.push(second);
                parts.push(first);
            }
            Err(error) => {
                tools.observer.failed(part.iter().filter(|job| matches!(job.work, Work::Accept(..))).count());
                tracing::warn!(members = part.len(), %error, "a batch was not stored");
                part.into_iter().for_each(|job| job.refuse(error.again()));
            }
        }
    }
    skipped
}

/// The accounts that moved on, with the highest MODSEQ of each.
fn moved(jobs: &[Job], decisions: &[Decision]) -> HashMap<AccountId, i64> {
    let mut moved = HashMap::new();
    let mut note = |account: AccountId, modseq: i64| {
        let at = moved.entry(account).or_insert(modseq);
        *at = modseq.max(*at);
    };
    for (job, decision) in jobs.iter().zip(decisions) {
        match (&job.work, decision) {
            (_, Decision::Store(placed)) => placed.iter().for_each(|placed| note(placed.account, placed.modseq)),
            (Work::Change(change, _), Decision::Change(changed)) => note(change.account, changed.modseq),
            _ => {}
        }
    }
    moved
}

/// Tells a job what became of it; one that was skipped comes back. A session that went away does not need to know.
fn answer(mut job: Job, decision: Decision) -> Option<Job> {
    match (job.work, decision) {
        (work, Decision::Skip) => {
            job.work = work;
            job.skipped += 1;
            return Some(job);
        }
        (Work::Accept(_, answer), Decision::Store(placed)) => drop(answer.send(Ok(placed))),
        (Work::Change(_, answer), Decision::Change(changed)) => drop(answer.send(Ok(changed))),
        (work, Decision::Refuse(error)) => Job { work, ..job }.refuse(error),
        (work, _) => Job { work, ..job }.refuse(StoreError::Statement("an answer of another kind".into())),
    }
    None
}

async fn attempt(tools: &Tools, jobs: &[&Job], wait: bool) -> Result<Outcome> {
    let mut retries = 0;
    loop {
        let mut tx = tools.db.begin().await?;
        let result = match write(tools, &mut tx, jobs, wait).await {
            Ok((outcome, batches)) if !batches.is_empty() => {
                let committed = match (tx.commit_with(batches).await, outcome.witness) {
                    (Err(StoreError::Ambiguous(_)), Some(witness)) if witness.saw_the_commit(&tools.db).await => Ok(()),
                    (committed, _) => committed,
                };
                committed.map(|()| outcome)
            }
            other => {
                tx.rollback().await;
                other.map(|(outcome, _)| outcome)
            }
        };
        match result {
            Err(StoreError::Conflict(_)) if retries < RETRIES => retries += 1,
            result => return result,
        }
    }
}

/// Locks and decides; what is left to write when anything is to be stored.
async fn write(tools: &Tools, tx: &mut Tx, jobs: &[&Job], wait: bool) -> Result<(Outcome, Vec<Batch>)> {
    let now = tools.clock.now();
    let mut held = Held::take(tools, tx, jobs, wait).await?;
    let decisions: Vec<Decision> = jobs.iter().map(|job| decided(job, &mut held)).collect();
    let stored: Vec<(&Accept, &[Placed])> = jobs
        .iter()
        .zip(&decisions)
        .filter_map(|(job, decision)| match (&job.work, decision) {
            (Work::Accept(accept, _), Decision::Store(placed)) => Some((&**accept, placed.as_slice())),
            _ => None,
        })
        .collect();
    let mut batches = change::batches(&held.folders, now);
    if stored.is_empty() {
        if !batches.is_empty() {
            batches.extend(rows::counters(&held));
        }
        return Ok((Outcome { witness: None, decisions, queued: Queued::default(), steps: held.steps() }, batches));
    }
    let queued: Vec<_> = stored.iter().flat_map(|(job, _)| job.queue.iter().cloned()).collect();
    let (queued, queue_rows) = queue::prepare(tx, &queued, &tools.ids).await?;
    let bodies: Vec<_> = stored.iter().flat_map(|(job, _)| job.bodies.iter().map(|b| &b.prepared)).collect();
    let placements: Vec<(&Accept, &LocalDelivery, &Placed)> =
        stored.iter().flat_map(|(job, placed)| job.deliveries.iter().zip(*placed).map(move |(d, p)| (*job, d, p))).collect();
    for (job, placed) in &stored {
        if let (Some(replaced), Some(successor)) = (job.replaces, placed.first()) {
            replaced.take_away(tx, successor, now).await?;
        }
    }
    let events: Vec<_> = stored.iter().flat_map(|(job, _)| job.events.iter().cloned()).collect();
    batches.push(blob::batch(&bodies, now)?);
    let (message, inserts) = rows::messages(tools, &placements, &mut held)?;
    batches.extend(inserts);
    batches.extend(queue_rows);
    batches.extend(trail::batches(&events, &tools.ids));
    batches.extend(rows::counters(&held));
    let witness = message.or_else(|| queued.message().map(Witness::Queued));
    Ok((Outcome { witness, decisions, queued, steps: held.steps() }, batches))
}

/// What becomes of a job after those before it.
fn decided(job: &Job, held: &mut Held) -> Decision {
    if !held.admits(job) {
        return Decision::Skip;
    }
    let decided = match &job.work {
        Work::Accept(accept, _) => decide::place(accept, held).map(Decision::Store),
        Work::Change(change, _) => change.decide(held).map(Decision::Change),
    };
    decided.unwrap_or_else(Decision::Refuse)
}
