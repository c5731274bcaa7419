//! Settlements in groups: one transaction for whatever waits.
//!
//! A settlement that is lost is a mail sent twice, so temporary failures are tried again for as long
//! as it takes; the caller waits. A settlement that the database refuses fails alone.

use std::{sync::Arc, time::Duration};

use postern_core::Clock;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::sleep,
};

use super::{Queue, Settled, Settlement, settle_in};
use crate::{
    error::{Result, StoreError},
    transaction,
};

/// Settlements in one transaction at most.
const GROUP: usize = 512;
/// Longest pause between tries while the database is away.
const MAX_PAUSE: Duration = Duration::from_secs(2);

struct Waiting {
    settlement: Settlement,
    answer: oneshot::Sender<Result<Settled>>,
}

/// Where settlements go in. Clones share one task, which ends when the last clone is dropped and all is settled.
#[derive(Clone)]
pub struct Settler {
    sender: mpsc::Sender<Waiting>,
}

impl Settler {
    /// Starts the task. Await the handle to know that all is settled.
    #[must_use]
    pub fn start(queue: Queue, clock: Arc<dyn Clock>) -> (Self, JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(2 * GROUP);
        (Self { sender }, tokio::spawn(run(queue, clock, receiver)))
    }

    /// Settles, and returns once it is durable.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the task is gone; [`StoreError::Statement`] when the database refuses it for good.
    pub async fn settle(&self, settlement: Settlement) -> Result<Settled> {
        let gone = || StoreError::Unavailable("the settling task has ended".into());
        let (answer, result) = oneshot::channel();
        self.sender.send(Waiting { settlement, answer }).await.map_err(|_| gone())?;
        result.await.map_err(|_| gone())?
    }
}

async fn run(queue: Queue, clock: Arc<dyn Clock>, mut receiver: mpsc::Receiver<Waiting>) {
    let mut group = Vec::with_capacity(GROUP);
    while receiver.recv_many(&mut group, GROUP).await > 0 {
        let (settlements, answers): (Vec<_>, Vec<_>) = group.drain(..).map(|w| (w.settlement, w.answer)).unzip();
        let results = settle_group(&queue, &*clock, &settlements).await;
        for (answer, result) in answers.into_iter().zip(results) {
            // Who no longer waits does not need the answer: it is settled all the same.
            let _ = answer.send(result);
        }
    }
}

/// One result for each; a group that is refused is halved until the culprits stand alone.
async fn settle_group(queue: &Queue, clock: &dyn Clock, settlements: &[Settlement]) -> Vec<Result<Settled>> {
    let mut results = Vec::with_capacity(settlements.len());
    let mut parts = vec![settlements];
    while let Some(part) = parts.pop() {
        match settle_durably(queue, clock, part).await {
            Ok(settled) => results.extend(settled.into_iter().map(Ok)),
            Err(_) if part.len() > 1 => {
                let (first, second) = part.split_at(part.len() / 2);
                parts.extend([second, first]);
            }
            Err(error) => results.push(Err(error)),
        }
    }
    results
}

async fn settle_durably(queue: &Queue, clock: &dyn Clock, part: &[Settlement]) -> Result<Vec<Settled>> {
    let mut pause = Duration::from_millis(20);
    loop {
        match queue.settle(part, clock).await {
            Err(error) if error.is_temporary() => {
                tracing::warn!(%error, settlements = part.len(), "settling again");
                sleep(pause).await;
                pause = (pause * 2).min(MAX_PAUSE);
            }
            result => return result,
        }
    }
}

impl Queue {
    /// Settles in one transaction of its own.
    ///
    /// # Errors
    /// [`StoreError`] as the database says. After [`StoreError::Ambiguous`] the same call may be made again: what was
    /// committed is [`Settled::Gone`] then.
    pub async fn settle(&self, settlements: &[Settlement], clock: &dyn Clock) -> Result<Vec<Settled>> {
        transaction!(self.db, |tx| { settle_in(tx, settlements, clock.now(), &self.ids).await })
    }
}
