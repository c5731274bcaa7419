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

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};
use std::time::Duration;

use rusqlite::Connection;
use tokio::{
    sync::{Mutex, OwnedMutexGuard, oneshot},
    task::spawn_blocking,
    time::Instant,
};

use super::{Batch, Column, Row, Value, sqlite};
use crate::error::{Result, StoreError};

/// Members of one group.
const GROUP_MEMBERS: usize = 128;
/// How old a group's transaction may become before it commits although others wait.
const GROUP_AGE: Duration = Duration::from_millis(10);
/// Rows, and entries of a list, beyond which a statement runs beside.
const SMALL: usize = 64;
/// Octets beyond which it does.
const SMALL_OCTETS: usize = 64 * 1024;

type Outcome = oneshot::Receiver<Result<()>>;

/// The writer of one database. Clones share it.
#[derive(Clone)]
pub(super) struct Writer {
    state: Arc<Mutex<State>>,
    waiting: Arc<AtomicUsize>,
}

struct State {
    connection: Option<Connection>,
    /// When the transaction that is open now was begun.
    open: Option<Instant>,
    /// Who is done in it and waits for its commit.
    members: Vec<oneshot::Sender<Result<()>>>,
    /// A member is in the middle.
    inside: Option<Inside>,
    /// How many transactions were committed.
    commits: Arc<AtomicU64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// Alone so far: undone by ROLLBACK.
    First,
    /// After others: undone by ROLLBACK TO.
    Savepoint,
}

/// One member's turn on the connection.
pub(super) struct Turn {
    /// Away while a statement runs beside, and when the turn is over.
    state: Option<OwnedMutexGuard<State>>,
    writer: Writer,
    over: bool,
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

impl Writer {
    pub(super) fn new(connection: Connection, commits: Arc<AtomicU64>) -> Self {
        let state = State { connection: Some(connection), open: None, members: Vec::new(), inside: None, commits };
        Self { state: Arc::new(Mutex::new(state)), waiting: Arc::default() }
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
        Ok(Turn { state: Some(state), writer: self.clone(), over: false })
    }

    fn is_wanted(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }

    /// After somebody left in the middle: undoes its work and, when nobody else will, commits for the members.
    fn finish_later(&self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let writer = self.clone();
        runtime.spawn(async move {
            let state = writer.state.clone().lock_owned().await;
            let _ = spawn_blocking(move || writer.leave(state)).await;
        });
    }

    /// Undoes who is in the middle; whoever goes last commits for the others.
    fn leave(&self, mut state: OwnedMutexGuard<State>) {
        state.undo();
        if !self.is_wanted() {
            // Its members hear of what goes wrong.
            let _ = state.commit();
        }
    }

    pub(super) async fn close(&self) {
        let mut state = self.state.clone().lock_owned().await;
        let closed = spawn_blocking(move || {
            state.undo();
            let _ = state.commit();
            state.connection.take().map_or(Ok(()), |connection| connection.close().map_err(|(_, error)| error))
        });
        if let Ok(Err(error)) = closed.await {
            tracing::warn!(%error, "closing the database");
        }
    }
}

impl State {
    fn connection(&self) -> Result<&Connection> {
        self.connection.as_ref().ok_or_else(closed)
    }

    fn run(&self, sql: &'static str) -> Result<()> {
        sqlite::execute(self.connection()?, sql, [0; 0]).map(drop)
    }

    fn enter(&mut self) -> Result<()> {
        if self.open.is_none() {
            self.run("BEGIN IMMEDIATE")?;
            self.open = Some(Instant::now());
        }
        if self.members.is_empty() {
            self.inside = Some(Inside::First);
        } else {
            self.run("SAVEPOINT member")?;
            self.inside = Some(Inside::Savepoint);
        }
        Ok(())
    }

    /// Undoes the member that is in the middle, if there is one.
    fn undo(&mut self) {
        let undone = match self.inside.take() {
            None => return,
            Some(Inside::Savepoint) => self.run("ROLLBACK TO member").and_then(|()| self.run("RELEASE member")),
            Some(Inside::First) => {
                self.open = None;
                // SQLite may have rolled back by itself after a full disk; then this fails and is right to.
                let _ = self.run("ROLLBACK");
                Ok(())
            }
        };
        if let Err(error) = undone {
            // The whole transaction is gone with it.
            self.fail(&error);
        }
    }

    /// Commits for everybody.
    fn commit(&mut self) -> Result<()> {
        if self.open.is_none() {
            return Ok(());
        }
        if let Err(error) = self.run("COMMIT") {
            self.fail(&error);
            return Err(error);
        }
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.open = None;
        for member in self.members.drain(..) {
            let _ = member.send(Ok(()));
        }
        Ok(())
    }

    fn fail(&mut self, error: &StoreError) {
        let _ = self.run("ROLLBACK");
        self.open = None;
        for member in self.members.drain(..) {
            let _ = member.send(Err(StoreError::Unavailable(error.to_string())));
        }
    }

    /// Whether this member leaves the commit to the one who waits.
    fn hands_on(&self, writer: &Writer) -> bool {
        writer.is_wanted() && self.members.len() < GROUP_MEMBERS && self.open.is_some_and(|since| since.elapsed() < GROUP_AGE)
    }

    /// This member is done, and is told when the one after it has committed.
    fn hand_on(&mut self) -> Result<Outcome> {
        if self.inside == Some(Inside::Savepoint) {
            self.run("RELEASE member")?;
        }
        self.inside = None;
        let (member, committed) = oneshot::channel();
        self.members.push(member);
        Ok(committed)
    }

    /// Writes the last of a member and ends it.
    fn end(&mut self, batches: &[Batch], writer: &Writer) -> Result<Option<Outcome>> {
        for batch in batches {
            if let Err(error) = self.connection().and_then(|connection| sqlite::batch(connection, batch)) {
                self.undo();
                if !writer.is_wanted() {
                    let _ = self.commit();
                }
                return Err(error);
            }
        }
        if self.hands_on(writer) {
            return self.hand_on().map(Some);
        }
        if self.inside == Some(Inside::Savepoint) {
            self.run("RELEASE member")?;
        }
        self.inside = None;
        self.commit().map(|()| None)
    }
}

impl Turn {
    /// Runs a statement; how many rows it touched.
    pub(super) async fn execute(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<u64> {
        if is_small(args) {
            return sqlite::execute(self.state()?.connection()?, sql, args.iter().map(|value| sqlite::output(*value)));
        }
        let args: Vec<_> = args.iter().map(sqlite::owned).collect();
        self.beside(move |connection| sqlite::execute(connection, sql, args)).await
    }

    /// Rows of a statement.
    pub(super) async fn rows(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<Vec<Row>> {
        if is_small(args) {
            return sqlite::rows(self.state()?.connection()?, sql, args.iter().map(|value| sqlite::output(*value)));
        }
        let args: Vec<_> = args.iter().map(sqlite::owned).collect();
        self.beside(move |connection| sqlite::rows(connection, sql, args)).await
    }

    /// Runs a statement for many rows.
    pub(super) async fn batch(&mut self, batch: Batch) -> Result<u64> {
        if batch.len() <= SMALL && batch.columns.iter().map(Column::octets).sum::<usize>() <= SMALL_OCTETS {
            return sqlite::batch(self.state()?.connection()?, &batch);
        }
        self.beside(move |connection| sqlite::batch(connection, &batch)).await
    }

    /// Several statements without arguments.
    pub(super) async fn script(&mut self, sql: &'static str) -> Result<()> {
        self.beside(move |connection| Ok(connection.execute_batch(sql)?)).await
    }

    /// Writes the last of it; durable when it returns.
    pub(super) async fn commit(mut self, batches: Vec<Batch>) -> Result<()> {
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

    pub(super) async fn rollback(mut self) {
        let Some(mut state) = self.state.take() else { return };
        self.over = true;
        state.undo();
        if !state.members.is_empty() {
            let writer = self.writer.clone();
            let _ = spawn_blocking(move || writer.leave(state)).await;
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

fn is_small(args: &[Value<'_>]) -> bool {
    args.iter().all(|value| match value {
        Value::Ints(list) => list.len() <= SMALL,
        Value::Texts(list) => list.len() <= SMALL,
        Value::Text(text) => text.is_none_or(|text| text.len() <= SMALL_OCTETS),
        Value::Bytes(bytes) => bytes.is_none_or(|bytes| bytes.len() <= SMALL_OCTETS),
        Value::Int(_) => true,
    })
}

fn closed() -> StoreError {
    StoreError::Unavailable("the database is closed".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args;

    async fn writer() -> (Writer, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let connection = sqlite::open(&folder.path().join("t.db"), sqlite::Purpose::Write).unwrap();
        connection.execute_batch("CREATE TABLE t(a)").unwrap();
        (Writer::new(connection, Arc::default()), folder)
    }

    async fn count(writer: &Writer) -> i64 {
        let mut turn = writer.begin().await.unwrap();
        let n = turn.rows("SELECT count(*) FROM t", &[]).await.unwrap()[0].int(0).unwrap();
        turn.rollback().await;
        n
    }

    #[tokio::test]
    async fn a_burst_is_one_group_and_a_failure_in_it_is_undone_alone() {
        let (writer, _folder) = writer().await;
        let held = writer.begin().await.unwrap();
        let tasks: Vec<_> = (0..40i64)
            .map(|i| {
                let writer = writer.clone();
                tokio::spawn(async move {
                    let mut turn = writer.begin().await.unwrap();
                    turn.execute("INSERT INTO t VALUES ($1)", args![i]).await.unwrap();
                    match i % 4 {
                        0 => turn.rollback().await,
                        1 => drop(turn),
                        _ => turn.commit(Vec::new()).await.unwrap(),
                    }
                })
            })
            .collect();
        held.commit(Vec::new()).await.unwrap();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(count(&writer).await, 20);
    }

    #[tokio::test]
    async fn who_stops_waiting_leaves_nobody_hanging() {
        let (writer, _folder) = writer().await;
        for _ in 0..50 {
            let mut first = writer.begin().await.unwrap();
            first.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap();
            let other = tokio::spawn({
                let writer = writer.clone();
                async move { writer.begin().await.map(drop) }
            });
            while writer.waiting.load(Ordering::SeqCst) == 0 {
                tokio::task::yield_now().await;
            }
            let committed = tokio::spawn(first.commit(Vec::new()));
            other.abort();
            tokio::time::timeout(Duration::from_secs(10), committed).await.expect("committed").unwrap().unwrap();
        }
        assert_eq!(count(&writer).await, 50);
    }

    /// Polls a future some times and then drops it, as a session does that ends in the middle.
    async fn leave_after<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
        let mut future = std::pin::pin!(future);
        for _ in 0..polls {
            if let Some(done) = futures_util::FutureExt::now_or_never(&mut future) {
                return Some(done);
            }
            spawn_blocking(|| std::thread::sleep(Duration::from_millis(1))).await.unwrap();
        }
        None
    }

    #[tokio::test]
    async fn who_leaves_while_it_begins_does_not_keep_the_next_from_beginning() {
        let (writer, _folder) = writer().await;
        for polls in 1..4 {
            drop(leave_after(polls, writer.begin()).await);
            let mut turn = writer.begin().await.unwrap();
            turn.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap();
            turn.commit(Vec::new()).await.unwrap();
        }
        assert_eq!(count(&writer).await, 3);
    }

    #[tokio::test]
    async fn who_leaves_while_it_commits_for_others_does_not_make_them_wrong() {
        let (writer, _folder) = writer().await;
        let mut stored = 0;
        for polls in 1..7 {
            let mut first = writer.begin().await.unwrap();
            first.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap();
            let second = tokio::spawn({
                let writer = writer.clone();
                async move { writer.begin().await }
            });
            while writer.waiting.load(Ordering::SeqCst) == 0 {
                tokio::task::yield_now().await;
            }
            let first = tokio::spawn(first.commit(Vec::new()));
            let second = second.await.unwrap().unwrap();
            leave_after(polls, second.commit(Vec::new())).await;
            let told = tokio::time::timeout(Duration::from_secs(10), first).await.expect("it is told").unwrap();
            stored += i64::from(told.is_ok());
            assert_eq!(count(&writer).await, stored, "after {polls}: told {told:?}");
        }
        assert!(stored > 0);
    }
}
