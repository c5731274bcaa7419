//! What every process serves: the position that all of them have passed. It only rises here, so that a process that is new
//! turns nothing red.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, mem,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use postern_store::directory::process;
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};

use crate::{context::Context, ledger::Since, queue::Queue, watch::Id};

/// Look at the processes while somebody waits,
const SOON: Duration = Duration::from_millis(250);
/// and while nobody does.
const LATER: Duration = Duration::from_secs(5);

/// So long a status waits for the processes, so that it is written once and not twice. A process that takes longer is told of.
const PATIENCE: Duration = Duration::from_secs(3);

/// The position that every process has passed, and who waits for one.
#[derive(Default)]
pub struct Served {
    position: AtomicI64,
    waiting: Mutex<BTreeMap<i64, Waiting>>,
    somebody: Notify,
}

/// Who waits for one position.
struct Waiting {
    since: Instant,
    ids: BTreeSet<Id>,
    /// Their patience has ended, and they were told so.
    late: bool,
}

/// Whether an object is served as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// By every process.
    Served,
    /// It will be in a moment: there is nothing to say yet.
    Coming,
    /// Not by all, and that takes its time.
    Late,
}

impl Served {
    /// Whether every process serves an object as it stands; if not, it is looked at again once they do, or once it takes long.
    pub fn progress(&self, id: &Id, since: Since, said_before: bool) -> Progress {
        let at = match since {
            Since::Never => return Progress::Late,
            Since::Before(_) if said_before => return Progress::Served,
            Since::Before(at) | Since::At(at) => at,
        };
        if at <= self.position.load(Ordering::Relaxed) {
            return Progress::Served;
        }
        let mut waiting = self.waiting();
        let there = waiting.entry(at).or_insert_with(|| Waiting { since: Instant::now(), ids: BTreeSet::new(), late: false });
        there.ids.insert(id.clone());
        self.somebody.notify_one();
        if there.since.elapsed() >= PATIENCE { Progress::Late } else { Progress::Coming }
    }

    /// Follows the processes and tells who need not wait any more.
    pub async fn watch(&self, context: &Context, statuses: &Queue) {
        loop {
            match process::served(&context.db, context.now()).await {
                Ok(Some(least)) => {
                    let before = self.position.fetch_max(least, Ordering::Relaxed);
                    context.metrics.directory_lag((context.directory.position() - least.max(before)).max(0));
                    let mut waiting = self.waiting();
                    let later = waiting.split_off(&(least.max(before) + 1));
                    let done = mem::replace(&mut *waiting, later);
                    drop(waiting);
                    statuses.push(done.into_values().flat_map(|waiting| waiting.ids));
                }
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "the processes' positions"),
            }
            statuses.push(self.late());
            if self.waiting().is_empty() {
                tokio::select! {
                    () = sleep(LATER) => {}
                    () = self.somebody.notified() => {}
                }
            } else {
                sleep(SOON).await;
            }
        }
    }

    /// Whose patience has just ended. They go on waiting.
    fn late(&self) -> Vec<Id> {
        let mut waiting = self.waiting();
        let late = waiting.values_mut().filter(|waiting| !waiting.late && waiting.since.elapsed() >= PATIENCE);
        let late = late.flat_map(|waiting| {
            waiting.late = true;
            waiting.ids.iter().cloned()
        });
        late.collect()
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<i64, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Served({})", self.position.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::Kind;

    #[tokio::test(start_paused = true)]
    async fn what_is_about_to_be_served_is_waited_for_and_what_is_not_is_told() {
        let (served, id) = (Served::default(), Id::new(Kind::Mailbox, "acme", "alice"));
        assert_eq!(served.progress(&id, Since::Never, true), Progress::Late);
        assert_eq!(served.progress(&id, Since::Before(7), true), Progress::Served, "a new leader turns nothing red");
        assert_eq!(served.progress(&id, Since::At(7), true), Progress::Coming);
        assert_eq!(served.late(), []);
        tokio::time::advance(PATIENCE).await;
        assert_eq!(served.late(), std::slice::from_ref(&id));
        assert_eq!(served.late(), [], "told once");
        assert_eq!(served.progress(&id, Since::At(7), true), Progress::Late);
        served.position.store(7, Ordering::Relaxed);
        assert_eq!(served.progress(&id, Since::At(7), false), Progress::Served);
    }
}
