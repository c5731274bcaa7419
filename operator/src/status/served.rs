//! What every process serves: the position that all of them have passed. It only rises here, so that a process that is new
//! turns nothing red.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use postern_store::directory::process;
use tokio::time::sleep;

use crate::{context::Context, ledger::Since, queue::Queue, watch::Id};

/// Look at the processes while somebody waits,
const SOON: Duration = Duration::from_millis(500);
/// and while nobody does.
const LATER: Duration = Duration::from_secs(5);

/// The position that every process has passed, and who waits for one.
#[derive(Default)]
pub struct Served {
    position: AtomicI64,
    waiting: Mutex<BTreeMap<i64, Vec<Id>>>,
}

impl Served {
    /// Whether every process serves an object as it stands; if not, it is looked at again once they do.
    pub fn has(&self, id: &Id, since: Since, said_before: bool) -> bool {
        let at = match since {
            Since::Never => return false,
            Since::Before(_) if said_before => return true,
            Since::Before(at) | Since::At(at) => at,
        };
        let served = at <= self.position.load(Ordering::Relaxed);
        if !served {
            self.waiting.lock().unwrap_or_else(PoisonError::into_inner).entry(at).or_default().push(id.clone());
        }
        served
    }

    /// Follows the processes and tells who need not wait any more.
    pub async fn watch(&self, context: &Context, statuses: &Queue) {
        loop {
            match process::served(&context.db, context.now()).await {
                Ok(Some(least)) => {
                    let before = self.position.fetch_max(least, Ordering::Relaxed);
                    context.metrics.directory_lag((context.directory.position() - least.max(before)).max(0));
                    let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                    let later = waiting.split_off(&(least.max(before) + 1));
                    let done = std::mem::replace(&mut *waiting, later);
                    drop(waiting);
                    statuses.push(done.into_values().flatten());
                }
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "the processes' positions"),
            }
            let somebody = !self.waiting.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
            sleep(if somebody { SOON } else { LATER }).await;
        }
    }
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Served({})", self.position.load(Ordering::Relaxed))
    }
}
