//! What every process does beside its roles: hears of changes, shows that it lives, watches its database.
//!
//! What has no end of its own is spawned in the background and goes with the server.

use std::{sync::Arc, time::Duration};

use postern_access::Authenticator;
use postern_net::{Drain, Phase};
use postern_store::{
    Store, StoreError, changes,
    directory::{Directory, LastLogins, process},
    mail,
    queue::RollCall,
    trail::Trail,
    upkeep::{Janitor, Policy},
};

use crate::{metrics::Metrics, readiness::Condition};

/// The position is the truth, NOTIFY is the hint: how often it is read without one.
const DIRECTORY_POLL: Duration = Duration::from_millis(400);
/// How soon a change of the directory may change what logins are offered; each look reads every account's row.
const SCRAM_POLL: Duration = Duration::from_secs(15);
/// How often watched accounts are looked at without a hint.
const ACCOUNT_POLL: Duration = Duration::from_secs(2);
/// How soon the others hear of a position that was applied.
const APPLIED_POLL: Duration = Duration::from_millis(250);
/// How often the queue is counted.
const MEASURE: Duration = Duration::from_secs(10);
/// The boxes are counted at every so many measurements: each of their rows is read.
const BOXES_EVERY: u32 = 6;
/// How soon a login is seen by others.
const LOGINS: Duration = Duration::from_secs(5);
/// Pause between two slices of the janitor.
const BETWEEN_SLICES: Duration = Duration::from_millis(20);
/// The janitor's pause after the database failed.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// Keeps the directory's caches at its position. Ready once it has caught up.
pub async fn follow_directory(store: Store, directory: Directory, caught_up: Condition, metrics: Metrics) {
    let mut hints = store.hints.directory.subscribe();
    loop {
        match directory.refresh().await {
            Ok(position) => {
                caught_up.met();
                metrics.directory(position, store.now());
            }
            Err(error) => caught_up.unmet(&error),
        }
        let _ = tokio::time::timeout(DIRECTORY_POLL, hints.changed()).await;
    }
}

/// Looks at watched accounts, so that a lost hint delays nobody for long.
pub async fn poll_accounts(store: Store) {
    loop {
        if let Err(error) = changes::poll(&store.db, &store.changes).await {
            tracing::debug!(%error, "polling accounts");
        }
        tokio::time::sleep(ACCOUNT_POLL).await;
    }
}

/// Offers SCRAM while every account can use it.
pub async fn offer_scram(directory: Directory, authenticator: Arc<Authenticator>) {
    let mut at = None;
    loop {
        let position = directory.position();
        if at != Some(position) {
            match directory.all_have_scram().await {
                Ok(all) => {
                    authenticator.offer_scram(all);
                    at = Some(position);
                }
                Err(error) => tracing::debug!(%error, "who has SCRAM is not known yet"),
            }
        }
        tokio::time::sleep(SCRAM_POLL).await;
    }
}

/// Wakes this process's senders when another process queued something.
pub async fn hear_of_queued(store: Store) {
    let mut hints = store.hints.queue.subscribe();
    while hints.changed().await.is_ok() {
        store.queue.nudge();
    }
}

/// Gives back what senders held that died, and wakes ours.
pub async fn free_leases_of_the_gone(store: Store) {
    let mut roll = RollCall::default();
    loop {
        match roll.call(&store.queue, store.now()).await {
            Ok(0) => {}
            Ok(slots) => {
                tracing::warn!(slots, "a sender has died; what it held is free");
                store.queue.nudge();
            }
            Err(error) => tracing::debug!(%error, "asking which senders are there"),
        }
        tokio::time::sleep(process::HEARTBEAT).await;
    }
}

/// Shows that this process lives and what it has applied; ready while the database answers.
pub async fn heartbeat(store: Store, directory: Directory, reachable: Condition, drain: Drain) {
    let (mut told, mut at) = (-1, store.now());
    while drain.phase() < Phase::Stopped {
        // At once when something was applied, for somebody waits to see it served everywhere.
        if directory.position() != told || store.now().since(at) >= process::HEARTBEAT {
            (told, at) = (directory.position(), store.now());
            match process::heartbeat(&store.db, store.process, told, at).await {
                Ok(()) => reachable.met(),
                // Given up for dead while it was cut off: its ids could meet another's. A restart gets a number of its own.
                Err(StoreError::NotFound(_)) => {
                    tracing::error!("this process was given up for dead; it stops and must be started again");
                    reachable.unmet("given up for dead");
                    drain.advance(Phase::Finishing);
                    return;
                }
                Err(error) => reachable.unmet(&error),
            }
        }
        tokio::select! {
            () = tokio::time::sleep(APPLIED_POLL) => {}
            () = drain.reached(Phase::Stopped) => {}
        }
    }
    if let Err(error) = process::leave(&store.db, store.process, store.now()).await {
        tracing::debug!(%error, "leaving");
    }
}

/// Measures what must be asked for: the queue and, for the whole installation where `boxes` says so, the boxes.
pub async fn measure(store: Store, metrics: Metrics, boxes: bool) {
    let mut turn = 0_u32;
    loop {
        match store.queue.depth(store.now()).await {
            Ok(depth) => metrics.queue(&depth, store.now()),
            Err(error) => tracing::debug!(%error, "measuring the queue"),
        }
        if boxes && turn.is_multiple_of(BOXES_EVERY) {
            match mail::totals(&store.db).await {
                Ok(totals) => metrics.boxes(&totals),
                Err(error) => tracing::debug!(%error, "measuring the boxes"),
            }
        }
        turn = turn.wrapping_add(1);
        tokio::time::sleep(MEASURE).await;
    }
}

/// Cleans up, a slice at a time, until the drain has stopped.
pub async fn janitor(store: Store, directory: Directory, policy: Policy, drain: Drain) {
    let mut janitor = Janitor::new(store.clone(), directory, policy);
    while drain.phase() < Phase::Stopped {
        let pause = match janitor.step(store.now()).await {
            // Between two slices whoever waits for the database has its turn.
            Ok(report) => report.next.since(store.now()).max(BETWEEN_SLICES),
            Err(error) => {
                tracing::warn!(%error, "cleaning up");
                AFTER_FAILURE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            // Who searches without an index ends its rest, and not the pause between two slices.
            () = janitor.wanted(), if pause > BETWEEN_SLICES => {}
            () = drain.reached(Phase::Stopped) => {}
        }
    }
    if let Err(error) = janitor.leave().await {
        tracing::debug!(%error, "leaving the janitor's place");
    }
}

/// Writes when boxes were last logged in to; what is left goes out at the end.
pub async fn write_logins(store: Store, logins: LastLogins, drain: Drain) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOGINS) => {}
            () = drain.reached(Phase::Stopped) => {}
        }
        if let Err(error) = logins.write(&store.db, store.now()).await {
            tracing::debug!(%error, "last logins are written later");
        }
        if drain.phase() >= Phase::Stopped {
            return;
        }
    }
}

/// Writes what strangers did; what is left goes out at the end.
pub async fn keep_trail(trail: Trail, drain: Drain) {
    trail.run(drain.reached(Phase::Stopped)).await;
}
