//! Convergence: what the resources say comes to stand in the directory.
//!
//! ```text
//!  touched ─► gather (cache, Secrets) ─► project (pure) ─► batches ─► hash ─► apply behind the fence ─► ledger, statuses
//! ```
//!
//! A pass takes all that changed since the last one began. When nothing but boxes and aliases changed, only their tenants
//! are projected, for what they contest is their tenant's; anything else is a pass over the whole. Records whose inputs
//! are in force already are left out. A record that the directory cannot take is told so, alone; a database that is away
//! keeps what was touched until it is back.

mod batch;
mod gather;
mod orphans;
mod outcome;
mod pass;
mod scope;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use postern_core::Secret;
use postern_store::{StoreError, directory::fence};
use tokio::time::{Instant, sleep};

pub use self::gather::has_finalizer;
use self::{pass::Converge, scope::Scope};
use crate::{
    context::Context,
    ledger::Ledger,
    queue::Queue,
    references::References,
    watch::{Cache, Kind},
};

/// A pass begins once nothing has changed for so long,
const STILL: Duration = Duration::from_millis(25);
/// but no later than this after the first change.
const PATIENCE: Duration = Duration::from_millis(250);
/// First pause after the database failed; it doubles up to [`MAX_PAUSE`].
const MIN_PAUSE: Duration = Duration::from_millis(250);
/// Longest pause after the database failed.
const MAX_PAUSE: Duration = Duration::from_secs(10);
/// How often objects are tried again that the directory did not take, or holds without serving.
const RETRY: Duration = Duration::from_secs(20);

/// So many batches of a pass are no wait for anybody.
const LONG_BACKLOG: usize = 2;

/// Kinds that the directory depends on.
const KINDS: &[Kind] = &[Kind::Domain, Kind::Mailbox, Kind::Alias, Kind::IpPool, Kind::Branding, Kind::MailCluster, Kind::Namespace];

/// What convergence tells the other drivers.
#[derive(Clone, Debug, Default)]
pub struct Outlets {
    /// How each object stands.
    pub ledger: Ledger,
    /// Whose status may have to be written.
    pub statuses: Queue,
    /// Whose status may be written when there is time: figures that change often.
    pub figures: Queue,
    /// Whose signing keys may have to be made.
    pub keys: Queue,
    /// Whose finalizer may go: the directory has taken note.
    pub releases: Queue,
    /// What the pass under way has still to write.
    pub backlog: Backlog,
}

/// Batches that wait for the directory. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Backlog(Arc<AtomicUsize>);

impl Backlog {
    /// Whether so much waits that others should leave it the processor: mail comes before what statuses say of it.
    #[must_use]
    pub fn is_long(&self) -> bool {
        self.0.load(Ordering::Relaxed) > LONG_BACKLOG
    }

    fn set(&self, batches: usize) {
        self.0.store(batches, Ordering::Relaxed);
    }
}

/// Keeps the directory as the resources say, until the leadership ends.
pub async fn run(context: Context, outlets: Outlets, references: References) {
    let ended = context.ended.clone();
    tokio::select! {
        () = keep(context, outlets, references) => {}
        () = ended.cancelled() => {}
    }
}

async fn keep(context: Context, outlets: Outlets, references: References) {
    let changes = context.cache.subscribe(KINDS);
    listed(&context.cache).await;
    let digest_key = match context.keys.fingerprint(&[b"digests of a cluster's Secrets, v1"]) {
        Ok(key) => Secret::new(key),
        Err(error) => {
            tracing::error!(%error, "no key for the digests of Secrets");
            return;
        }
    };
    let mut converge = Converge::new(context.clone(), outlets.clone(), references.clone(), digest_key);
    let (mut scope, mut pause, mut retry) = (Scope::Whole, MIN_PAUSE, Instant::now() + RETRY);
    loop {
        let began = Instant::now();
        match converge.pass(&scope).await {
            Ok(()) => {
                context.metrics.reconciled("converge", "ok", began.elapsed());
                (scope, pause) = (Scope::nothing(), MIN_PAUSE);
            }
            Err(error) if has_lost(&context, &error).await => {
                tracing::warn!(%error, "another operator leads");
                context.ended.cancel();
                return;
            }
            Err(error) => {
                context.metrics.reconciled("converge", "failed", began.elapsed());
                tracing::warn!(%error, "the directory was not brought up to date; trying again");
                converge.tell_away(&scope);
                sleep(pause).await;
                pause = (pause * 2).min(MAX_PAUSE);
                scope.add(changes.take());
                continue;
            }
        }
        // Passwords that wait to be hashed go on while nothing else is asked for.
        while scope.is_nothing() {
            let (waiting, age) = changes.waiting();
            context.metrics.waiting("converge", waiting + converge.unhashed(), age);
            tokio::select! {
                biased;
                touched = changes.next(STILL, PATIENCE), if waiting > 0 || converge.unhashed() == 0 => scope.add(touched),
                touched = references.touched(), if converge.unhashed() == 0 => scope.add(touched),
                () = tokio::time::sleep_until(retry) => {
                    retry = Instant::now() + RETRY;
                    scope.add(converge.unsettled());
                }
                () = std::future::ready(()), if waiting == 0 && converge.unhashed() > 0 => {
                    if let Err(error) = converge.hash_some().await {
                        tracing::warn!(%error, "passwords were not written; trying again");
                        scope = Scope::Whole;
                    }
                }
            }
        }
    }
}

/// Waits until every kind was listed.
async fn listed(cache: &Cache) {
    const LOOK: Duration = Duration::from_millis(50);
    while !cache.is_complete() {
        sleep(LOOK).await;
    }
}

/// Whether an error means that the fence was raised by another.
async fn has_lost(context: &Context, error: &StoreError) -> bool {
    matches!(error, StoreError::Refused(_)) && fence::is_over(&context.db, context.epoch).await.unwrap_or(false)
}
