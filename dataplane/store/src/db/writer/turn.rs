//! A member's turn: what a transaction does between its begin and its end.
//!
//! It exists to decide where each statement runs: small ones where they stand, large ones and whatever commits on a thread that
//! may block. It must not leave the group waiting: a turn that is dropped before its end asks the writer to undo it, and what
//! runs beside goes on to its end even when its caller stops waiting.

use rusqlite::Connection;
use tokio::{sync::OwnedMutexGuard, task::spawn_blocking};

use super::{
    super::{Batch, Row, Value, sqlite},
    Writer,
    group::{State, closed},
    size,
};
use crate::error::{Result, StoreError};

/// One member's turn on the connection.
pub(in crate::db) struct Turn {
    /// Away while a statement runs beside, and when the turn is over.
    state: Option<OwnedMutexGuard<State>>,
    writer: Writer,
    over: bool,
}

impl Turn {
    /// The turn of a member that has entered.
    pub(super) const fn new(state: OwnedMutexGuard<State>, writer: Writer) -> Self {
        Self { state: Some(state), writer, over: false }
    }

    /// Runs a statement; how many rows it touched.
    pub(in crate::db) async fn execute(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<u64> {
        if size::is_small(args) {
            return sqlite::execute(self.state()?.connection()?, sql, args.iter().map(|value| sqlite::output(*value)));
        }
        let args: Vec<_> = args.iter().map(sqlite::owned).collect();
        self.beside(move |connection| sqlite::execute(connection, sql, args)).await
    }

    /// Rows of a statement.
    pub(in crate::db) async fn rows(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<Vec<Row>> {
        if size::is_small(args) {
            return sqlite::rows(self.state()?.connection()?, sql, args.iter().map(|value| sqlite::output(*value)));
        }
        let args: Vec<_> = args.iter().map(sqlite::owned).collect();
        self.beside(move |connection| sqlite::rows(connection, sql, args)).await
    }

    /// Runs a statement for many rows.
    pub(in crate::db) async fn batch(&mut self, batch: Batch) -> Result<u64> {
        if size::is_small_batch(&batch) {
            return sqlite::batch(self.state()?.connection()?, &batch);
        }
        self.beside(move |connection| sqlite::batch(connection, &batch)).await
    }

    /// Several statements without arguments.
    pub(in crate::db) async fn script(&mut self, sql: &'static str) -> Result<()> {
        self.beside(move |connection| Ok(connection.execute_batch(sql)?)).await
    }

    /// Writes the last of it; durable when it returns.
    pub(in crate::db) async fn commit(mut self, batches: Vec<Batch>) -> Result<()> {
        let Some(mut state) = self.state.take() else { return Err(closed()) };
        self.over = true;
        let writer = self.writer.clone();
        let ended = if batches.is_empty() && state.hands_on(&writer) {
            let ended = state.hand_on();
            drop(state);
            ended.map(Some)
        } else {
            // It goes on when this caller stops waiting: others may wait for it too.
            let ended = spawn_blocking(move || state.end(&batches, &writer));
            ended.await.map_err(|_| StoreError::Ambiguous("the writer went away".into()))?
        };
        match ended? {
            None => Ok(()),
            // Every member is told; when its sender is lost, so is the database.
            Some(committed) => committed.await.map_err(|_| StoreError::Ambiguous("the writer went away".into()))?,
        }
    }

    /// Undoes it; when nobody else will, commits for the others.
    pub(in crate::db) async fn rollback(mut self) {
        let Some(mut state) = self.state.take() else { return };
        self.over = true;
        state.undo();
        if state.has_members() {
            let writer = self.writer.clone();
            let _ = spawn_blocking(move || state.leave(&writer)).await;
        }
    }

    fn state(&mut self) -> Result<&mut State> {
        self.state.as_deref_mut().ok_or_else(closed)
    }

    /// Runs what may take long on a thread that may block.
    async fn beside<T: Send + 'static>(&mut self, work: impl FnOnce(&Connection) -> Result<T> + Send + 'static) -> Result<T> {
        let state = self.state.take().ok_or_else(closed)?;
        let done = spawn_blocking(move || {
            let result = state.connection().and_then(work);
            (state, result)
        });
        let (state, result) = done.await.map_err(StoreError::unavailable)?;
        self.state = Some(state);
        result
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.over {
            self.writer.finish_later();
        }
    }
}
