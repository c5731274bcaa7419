//! The one connection that writes to SQLite, and the group commit over it.
//!
//! A transaction that is done does not commit while another waits for the connection: it hands the
//! open transaction on and waits for whoever is last. So a burst of small writes (flags, appends,
//! settlements, a delivery among them) costs one fsync, and each is told only after it. Each member
//! has a savepoint, so that one which fails undoes itself alone.
//!
//! Small statements run where they stand: they take microseconds, a change of thread takes more. What
//! is large, and every COMMIT, runs beside on a thread that may block, and goes on to its end even when its caller
//! stops waiting; so nothing of it is ever left in the middle.
//!
//! Whoever holds the connection when nobody waits commits for all; a member that is dropped before its end is undone by
//! a task that then commits for the others.
//!
//! It must not tell anybody that a change is stored before the COMMIT that holds it has returned, nor leave a member without
//! an answer.
//!
//! [`group`] has the transaction and the rules of the hand-over, [`turn`] what a member does, [`size`] what runs where it stands; here
//! is the queue: who waits, and who commits when the one that others relied on has gone.

mod group;
mod size;
#[cfg(test)]
mod tests;
mod turn;

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use rusqlite::Connection;
use tokio::{sync::Mutex, task::spawn_blocking};

use self::group::State;
pub(super) use self::turn::Turn;
use crate::error::Result;

/// The writer of one database. Clones share it.
#[derive(Clone)]
pub(super) struct Writer {
    state: Arc<Mutex<State>>,
    waiting: Arc<AtomicUsize>,
}

impl Writer {
    pub(super) fn new(connection: Connection, commits: Arc<AtomicU64>) -> Self {
        Self { state: Arc::new(Mutex::new(State::new(connection, commits))), waiting: Arc::default() }
    }

    /// Waits for a turn and opens the transaction or joins it.
    pub(super) async fn begin(&self) -> Result<Turn> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut waiting = Waiting(self, false);
        let mut state = self.state.clone().lock_owned().await;
        waiting.1 = true;
        drop(waiting);
        state.undo();
        if let Err(error) = state.enter() {
            state.fail(&error);
            return Err(error);
        }
        Ok(Turn::new(state, self.clone()))
    }

    fn is_wanted(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }

    /// After somebody left in the middle: undoes its work and, when nobody else will, commits for the members.
    fn finish_later(&self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let writer = self.clone();
        runtime.spawn(async move {
            let mut state = writer.state.clone().lock_owned().await;
            let _ = spawn_blocking(move || state.leave(&writer)).await;
        });
    }

    /// Closes the file, once whoever has the connection is done with it.
    pub(super) async fn close(&self) {
        let mut state = self.state.clone().lock_owned().await;
        let closed = spawn_blocking(move || state.close());
        if let Ok(Err(error)) = closed.await {
            tracing::warn!(%error, "closing the database");
        }
    }
}

/// Counts one who waits for its turn; if it goes away before, it may have been the one that others relied on.
struct Waiting<'a>(&'a Writer, bool);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
        if !self.1 {
            self.0.finish_later();
        }
    }
}
