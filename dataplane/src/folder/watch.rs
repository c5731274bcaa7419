//! When to look: at once when the system tells of a change, and every few seconds in case it did not.
//!
//! Both are hints. Whether anything changed is decided by the folder's stamp, so that neither a read by somebody else
//! nor a swap of hidden files costs a pass.

use std::{path::Path, time::Duration};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use postern_net::{Drain, Phase};
use postern_projection::Problem;
use postern_store::StoreError;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout, timeout_at},
};

use super::{Applied, Folder, scan};
use crate::readiness::Condition;

/// A change is applied once the folder has been still for so long: whoever writes is given time to finish,
const STILL: Duration = Duration::from_millis(100);
/// but no longer than this.
const PATIENCE: Duration = Duration::from_millis(500);
/// A look without a hint: for file systems that give none, such as a network's.
const LOOK: Duration = Duration::from_secs(2);
/// The same while nothing gives hints at all.
const LOOK_UNTOLD: Duration = Duration::from_millis(500);
/// Pause after the database failed.
const RETRY: Duration = Duration::from_millis(500);

impl Folder {
    /// Applies the folder now and whenever it changes, and makes missing keys, until the drain has stopped.
    ///
    /// `ready` is met once the folder was applied for the first time; problems in it do not matter there. `told` gets
    /// every pass, and with it the passwords that were made: it is the only one who does. Problems are logged here.
    pub async fn run(self, drain: Drain, ready: Condition, told: impl FnMut(&Applied) + Send) {
        tokio::select! {
            () = drain.reached(Phase::Stopped) => {}
            () = self.keep_keys() => {}
            () = self.keep_applied(&ready, told) => {}
        }
    }

    async fn keep_applied(&self, ready: &Condition, mut told: impl FnMut(&Applied) + Send) {
        let mut hints = Hints::of(&self.0.path);
        let (mut known, mut was_ready) = (Vec::new(), false);
        loop {
            let before = self.stamp().await;
            match self.apply().await {
                Ok(applied) => {
                    ready.met();
                    was_ready = true;
                    log(&known, &applied);
                    known = applied.problems.to_vec();
                    told(&applied);
                    self.changed_from(&applied.stamp, &mut hints).await;
                }
                Err(StoreError::Refused(why)) => {
                    // The other process was given the same folder, or an older view of it: whoever sees the next change leads.
                    tracing::info!(why, "another process applies the manifests");
                    ready.met();
                    was_ready = true;
                    self.changed_from(&before, &mut hints).await;
                    while let Err(error) = self.take_over().await {
                        tracing::warn!(%error, "the manifests cannot be taken over; trying again");
                        sleep(RETRY).await;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the manifests could not be applied; trying again");
                    if !was_ready {
                        ready.unmet(&error);
                    }
                    sleep(RETRY).await;
                }
            }
        }
    }

    /// Waits until the folder is not as it was, and still.
    async fn changed_from(&self, known: &scan::Stamp, hints: &mut Hints) {
        loop {
            if hints.wait().await {
                hints.still().await;
            }
            if self.stamp().await != *known {
                return;
            }
        }
    }

    async fn stamp(&self) -> scan::Stamp {
        let inner = self.0.clone();
        tokio::task::spawn_blocking(move || scan::stamp(&inner.path)).await.unwrap_or_default()
    }
}

/// What the system tells of the folder.
struct Hints {
    changes: mpsc::Receiver<()>,
    /// `None` when the system cannot tell.
    watcher: Option<RecommendedWatcher>,
}

impl Hints {
    fn of(path: &Path) -> Self {
        let (tell, changes) = mpsc::channel(1);
        let heard = move |event: notify::Result<notify::Event>| {
            // Reading is no change, and we read.
            if event.is_ok_and(|event| event.kind.is_access() && !event.need_rescan()) {
                return;
            }
            // A hint that waits already says as much.
            let _ = tell.try_send(());
        };
        let watcher = notify::recommended_watcher(heard).and_then(|mut watcher| {
            watcher.watch(path, RecursiveMode::Recursive)?;
            Ok(watcher)
        });
        if let Err(error) = &watcher {
            tracing::warn!(%error, "changes of the manifests are not told by the system; looking for them twice a second");
        }
        Self { changes, watcher: watcher.ok() }
    }

    /// Waits for a hint, or for the time to look without; true for a hint.
    async fn wait(&mut self) -> bool {
        let pause = if self.watcher.is_some() { LOOK } else { LOOK_UNTOLD };
        match timeout(pause, self.changes.recv()).await {
            Ok(Some(())) => true,
            // The watcher is gone, and with it whoever would tell.
            Ok(None) => {
                self.watcher = None;
                sleep(LOOK_UNTOLD).await;
                false
            }
            Err(_) => false,
        }
    }

    async fn still(&mut self) {
        let end = Instant::now() + PATIENCE;
        while let Ok(Some(())) = timeout_at(end.min(Instant::now() + STILL), self.changes.recv()).await {
            if Instant::now() >= end {
                return;
            }
        }
    }
}

/// What is new since the last pass; what is wrong still was said before.
fn log(known: &[Problem], applied: &Applied) {
    for problem in applied.problems.iter().filter(|problem| !known.contains(problem)) {
        tracing::warn!("{problem}");
    }
    if applied.problems.is_empty() && !known.is_empty() {
        tracing::info!("every manifest is sound again");
    }
    if applied.written > 0 || !applied.removed.is_empty() {
        tracing::info!(written = applied.written, removed = applied.removed.len(), position = applied.position, "manifests applied");
    }
}
