//! Statuses: how each object stands, written by server-side apply of the status alone, when it differs from what is there.
//!
//! ```text
//!  ids ─► facts of the directory, for many at once ─► status (pure) ─► differs? ─► finalizer, status, Event
//!   ▲ convergence · facts of the world · the position that every process has passed · time
//! ```
//!
//! Nobody else writes statuses of these kinds. What a status says is decided by `postern-projection`; here it is fed.

mod facts;
mod served;
mod write;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use kube::core::ApiResource;
use postern_crds::{Alias, Branding, Domain, IpPool, MailCluster, Mailbox};
use tokio::time::{Instant, sleep};

pub use self::served::Served;
use self::write::Draft;
use crate::{
    context::Context,
    converge::Outlets,
    dns::pause,
    events::Events,
    queue::Queue,
    recall::recall,
    watch::{Id, Kind},
};

/// Objects looked at together.
const BATCH: usize = 256;
/// Writes at a time: as many as keep an API server busy that answers within tens of milliseconds.
const AT_ONCE: usize = 16;
/// The same while boxes wait for the directory in bulk, for mail comes before what is said of it; and while boxes are listed
/// anew, for an API server that has just begun is to tell us of changes first.
const ONE: usize = 1;
/// Objects written a second at most.
const RATE: u32 = 1_000;
/// Writes a second of figures that change often.
const FIGURES_RATE: u32 = 20;
/// Pause before figures are looked at, so that many changes are one.
const FIGURES_PAUSE: Duration = Duration::from_secs(5);
/// Above so many boxes figures are not kept in statuses: panel and plugin read them from SQL.
const FIGURES_LIMIT: usize = 10_000;
/// How often figures of all objects are looked at.
const FIGURES_EVERY: Duration = Duration::from_secs(3600);
/// How often it is seen who has logged in.
const LOGINS_EVERY: Duration = Duration::from_secs(60);
/// How often refused objects are looked at: patience with a missing reference ends with time alone.
const REFUSED_EVERY: Duration = Duration::from_secs(30);
/// So many objects that wait for their status are a bulk: their finalizers come after all statuses, for nobody looks at those.
const BULK: usize = 1_000;
/// Pause after the database or the API server failed.
const PAUSE: Duration = Duration::from_secs(1);

/// What the parts of this driver share.
struct Writer {
    context: Context,
    outlets: Outlets,
    served: Served,
    events: Events,
    /// Whose finalizer was put off.
    unfinalized: Queue,
}

/// Writes statuses until the leadership ends. Domains that lack keys are told to `outlets.keys`.
pub async fn run(context: Context, outlets: Outlets) {
    let ended = context.ended.clone();
    let events = Events::new(context.client.clone(), &context.place.identity, context.metrics.clone());
    let writer = Writer { context, outlets, served: Served::default(), events, unfinalized: Queue::default() };
    // What is not known anew yet is said as before.
    while let Err(error) = recall(&writer.context).await {
        tracing::warn!(%error, "what statuses say cannot be read; trying again");
        if pause(&writer.context, PAUSE).await {
            return;
        }
    }
    tokio::select! {
        () = writer.serve(&writer.outlets.statuses, RATE, Duration::ZERO) => {}
        () = writer.serve(&writer.outlets.figures, FIGURES_RATE, FIGURES_PAUSE) => {}
        () = writer.finalize() => {}
        () = writer.served.watch(&writer.context, &writer.outlets.statuses) => {}
        () = writer.hear_facts() => {}
        () = writer.look_again() => {}
        () = writer.hear_logins() => {}
        () = ended.cancelled() => {}
    }
}

impl Writer {
    /// Serves a queue, at a rate.
    async fn serve(&self, queue: &Queue, rate: u32, pause: Duration) {
        loop {
            let ids = queue.next(BATCH).await;
            let (waiting, age) = queue.waiting();
            self.context.metrics.waiting(if pause.is_zero() { "status" } else { "figures" }, waiting + ids.len(), age);
            sleep(pause).await;
            let began = Instant::now();
            let drafts = match self.drafts(&ids).await {
                Ok(drafts) => drafts,
                Err(error) => {
                    tracing::debug!(%error, "what statuses say could not be asked; trying again");
                    let drafts = self.drafts_without_directory(&ids);
                    queue.push(ids);
                    self.write(queue, drafts).await;
                    self.context.metrics.reconciled("status", "failed", began.elapsed());
                    sleep(PAUSE).await;
                    continue;
                }
            };
            let written = u32::try_from(drafts.len()).unwrap_or(u32::MAX);
            self.write(queue, drafts).await;
            self.context.metrics.reconciled("status", "ok", began.elapsed());
            tokio::time::sleep_until(began + Duration::from_secs(1) * written / rate).await;
        }
    }

    /// Writes drafts; those that failed are asked for again.
    async fn write(&self, queue: &Queue, mut drafts: Vec<Draft>) {
        if self.outlets.statuses.waiting().0 > BULK {
            self.unfinalized.push(drafts.iter_mut().filter_map(|draft| draft.put_off_finalizer().then(|| draft.id.clone())));
        }
        let at_once = if self.outlets.backlog.is_long() || !self.context.cache.read().mailboxes.is_followed() { ONE } else { AT_ONCE };
        let failed: Vec<Id> = stream::iter(drafts)
            .map(async |draft| {
                let written = write::write(&self.context, &self.events, &draft).await;
                (draft.id, written)
            })
            .buffer_unordered(at_once)
            .filter_map(async |(id, written)| {
                let error = written.err()?;
                tracing::debug!(%error, %id, "a status was not written; trying again");
                Some(id)
            })
            .collect()
            .await;
        if !failed.is_empty() {
            sleep(PAUSE).await;
            queue.push(failed);
        }
    }

    /// Adds the finalizers that were put off, once no bulk of statuses waits. An object that is deleted before is missed by
    /// the watch, and leaves the directory as its row says.
    async fn finalize(&self) {
        loop {
            let ids = self.unfinalized.next(BATCH).await;
            while self.outlets.statuses.waiting().0 > BULK {
                sleep(PAUSE).await;
            }
            // What is still to be added is seen by looking again: a draft without a status has nothing but its finalizer.
            match self.drafts(&ids).await {
                Ok(drafts) => self.write(&self.unfinalized, drafts).await,
                Err(_) => {
                    self.unfinalized.push(ids);
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// What other drivers learn.
    async fn hear_facts(&self) {
        loop {
            self.outlets.statuses.push(self.context.facts.touched().await);
        }
    }

    /// Boxes that were logged in to; a status tells the day, so that few of them are written.
    async fn hear_logins(&self) {
        let mut since = self.context.now() - FIGURES_EVERY;
        loop {
            let now = self.context.now();
            if self.context.cache.read().mailboxes.len() <= FIGURES_LIMIT {
                match self.context.directory.logged_in_since(&self.context.place.cluster, since).await {
                    Ok(owners) => {
                        self.outlets.figures.push(owners.iter().filter_map(|owner| Id::of_owner(owner)).collect::<Vec<_>>());
                        // What processes were about to write at that moment is found the next time.
                        since = now - LOGINS_EVERY;
                    }
                    Err(error) => tracing::debug!(%error, "who has logged in is not known"),
                }
            }
            sleep(LOGINS_EVERY).await;
        }
    }

    /// What changes with time alone.
    async fn look_again(&self) {
        let mut figures = Instant::now() + FIGURES_EVERY;
        loop {
            sleep(REFUSED_EVERY).await;
            self.outlets.statuses.push(self.outlets.ledger.refused());
            if Instant::now() >= figures {
                figures = Instant::now() + FIGURES_EVERY;
                let tables = self.context.cache.read();
                if tables.mailboxes.len() <= FIGURES_LIMIT {
                    let ids = tables.mailboxes.iter().map(|(id, _)| id).chain(tables.domains.iter().map(|(id, _)| id));
                    self.outlets.figures.push(ids.collect::<Vec<_>>());
                }
            }
        }
    }
}

/// Names of a kind in the API; `None` for kinds whose status is not ours.
#[must_use]
pub fn resource(kind: Kind) -> Option<Arc<ApiResource>> {
    use std::sync::LazyLock;
    static ALL: LazyLock<BTreeMap<Kind, Arc<ApiResource>>> = LazyLock::new(|| {
        BTreeMap::from([
            (Kind::Domain, Arc::new(ApiResource::erase::<Domain>(&()))),
            (Kind::Mailbox, Arc::new(ApiResource::erase::<Mailbox>(&()))),
            (Kind::Alias, Arc::new(ApiResource::erase::<Alias>(&()))),
            (Kind::IpPool, Arc::new(ApiResource::erase::<IpPool>(&()))),
            (Kind::Branding, Arc::new(ApiResource::erase::<Branding>(&()))),
            (Kind::MailCluster, Arc::new(ApiResource::erase::<MailCluster>(&()))),
        ])
    });
    ALL.get(&kind).cloned()
}
