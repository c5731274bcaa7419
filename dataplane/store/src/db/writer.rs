//! The one connection that writes to SQLite, and the group commit over it.
//!
//! A transaction that is done does not commit while another waits for the connection: it hands the
//! open transaction on and waits for whoever is last. So a burst of small writes (flags, appends,
//! settlements, a delivery among them) costs one fsync, and each is told only after it. Each member
//! has a savepoint, so that one which fails undoes itself alone.
//!
//! Whoever holds the connection when nobody waits commits for all; a member that is dropped in the
//! middle is undone by a task that then commits for the others. One that is dropped while the
//! database opens or ends something leaves the transaction in doubt: it is rolled back before
//! anybody goes on, and a member whose commit cannot be told from a rollback hears that.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use sqlx::{Connection, Executor, SqliteConnection};
use tokio::{
    sync::{Mutex, OwnedMutexGuard, oneshot},
    time::Instant,
};

use crate::error::{Result, StoreError};

/// Members of one group.
const GROUP_MEMBERS: usize = 128;
/// How old a group's transaction may become before it commits although others wait.
const GROUP_AGE: Duration = Duration::from_millis(10);

/// The writer of one database. Clones share it.
#[derive(Clone)]
pub(super) struct Writer {
    state: Arc<Mutex<State>>,
    waiting: Arc<AtomicUsize>,
}

struct State {
    connection: Option<SqliteConnection>,
    /// When the transaction that is open now was begun.
    open: Option<Instant>,
    /// Who is done in it and waits for its commit.
    members: Vec<oneshot::Sender<Result<()>>>,
    /// A member is in the middle.
    inside: Option<Inside>,
    /// A statement that opens or ends something was sent and its answer never seen.
    in_doubt: bool,
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
    state: OwnedMutexGuard<State>,
    writer: Writer,
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
    /// `commits` is moved by every commit.
    pub(super) fn new(connection: SqliteConnection, commits: Arc<AtomicU64>) -> Self {
        let state = State { connection: Some(connection), open: None, members: Vec::new(), inside: None, in_doubt: false, commits };
        Self { state: Arc::new(Mutex::new(state)), waiting: Arc::default() }
    }

    /// Waits for a turn and opens the transaction or joins it.
    pub(super) async fn begin(&self) -> Result<Turn> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut waiting = Waiting(self, false);
        let state = self.state.clone().lock_owned().await;
        waiting.1 = true;
        drop(waiting);
        let mut turn = Turn { state, writer: self.clone() };
        turn.state.undo().await;
        if let Err(error) = turn.state.enter().await {
            turn.state.fail(&error).await;
            return Err(error);
        }
        Ok(turn)
    }

    /// After somebody left in the middle: undoes its work and, when nobody else will, commits for the members.
    fn finish_later(&self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let writer = self.clone();
        runtime.spawn(async move {
            let mut state = writer.state.lock().await;
            state.undo().await;
            if writer.waiting.load(Ordering::SeqCst) == 0 {
                let _ = state.commit().await;
            }
        });
    }

    pub(super) async fn close(&self) {
        let mut state = self.state.lock().await;
        state.undo().await;
        let _ = state.commit().await;
        if let Some(connection) = state.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "closing the database");
        }
    }
}

impl State {
    fn connection(&mut self) -> Result<&mut SqliteConnection> {
        self.connection.as_mut().ok_or_else(|| StoreError::Unavailable("the database is closed".into()))
    }

    /// Runs a statement that opens or ends something.
    async fn run(&mut self, sql: &'static str) -> Result<()> {
        self.in_doubt = true;
        let done = match self.connection() {
            Ok(connection) => connection.execute(sql).await.map(drop).map_err(StoreError::from),
            Err(error) => Err(error),
        };
        self.in_doubt = false;
        done
    }

    async fn enter(&mut self) -> Result<()> {
        if self.open.is_none() {
            self.run("BEGIN IMMEDIATE").await?;
            self.open = Some(Instant::now());
        }
        if self.members.is_empty() {
            self.inside = Some(Inside::First);
        } else {
            self.run("SAVEPOINT member").await?;
            self.inside = Some(Inside::Savepoint);
        }
        Ok(())
    }

    /// Undoes the member that is in the middle, if there is one.
    async fn undo(&mut self) {
        if self.in_doubt {
            return self.settle_doubt().await;
        }
        let undone = match self.inside.take() {
            None => return,
            Some(Inside::Savepoint) => self.run("ROLLBACK TO member; RELEASE member").await,
            Some(Inside::First) => {
                self.open = None;
                // SQLite may have rolled back by itself after a full disk; then this fails and is right to.
                let _ = self.run("ROLLBACK").await;
                Ok(())
            }
        };
        if let Err(error) = undone {
            // The whole transaction is gone with it.
            self.fail(&error).await;
        }
    }

    /// Ends what somebody left in the middle of beginning or ending. Where there is still a transaction to roll back, none was committed.
    async fn settle_doubt(&mut self) {
        (self.inside, self.open) = (None, None);
        let was_open = self.run("ROLLBACK").await.is_ok();
        for member in self.members.drain(..) {
            let cause = "another writer left in the middle".to_owned();
            let _ = member.send(Err(if was_open { StoreError::Unavailable(cause) } else { StoreError::Ambiguous(cause) }));
        }
    }

    /// Commits for everybody.
    async fn commit(&mut self) -> Result<()> {
        if self.open.is_none() {
            return Ok(());
        }
        match self.run("COMMIT").await {
            Ok(()) => {
                self.commits.fetch_add(1, Ordering::Relaxed);
                self.open = None;
                for member in self.members.drain(..) {
                    let _ = member.send(Ok(()));
                }
                Ok(())
            }
            Err(error) => {
                self.fail(&error).await;
                Err(error)
            }
        }
    }

    async fn fail(&mut self, error: &StoreError) {
        let _ = self.run("ROLLBACK").await;
        self.open = None;
        for member in self.members.drain(..) {
            let _ = member.send(Err(StoreError::Unavailable(error.to_string())));
        }
    }
}

impl Turn {
    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection> {
        self.state.connection()
    }

    /// Durable when it returns.
    pub(super) async fn commit(mut self) -> Result<()> {
        if self.state.inside == Some(Inside::Savepoint) {
            self.state.run("RELEASE member").await?;
        }
        self.state.inside = None;
        let young = self.state.open.is_some_and(|since| since.elapsed() < GROUP_AGE);
        if self.writer.waiting.load(Ordering::SeqCst) == 0 || !young || self.state.members.len() >= GROUP_MEMBERS {
            if self.state.members.is_empty() {
                return self.state.commit().await;
            }
            // Others wait for it too: it goes on when this caller no longer waits.
            let committed = tokio::spawn(async move { self.state.commit().await });
            return committed.await.map_err(|_| StoreError::Ambiguous("the writer went away".into()))?;
        }
        let (member, committed) = oneshot::channel();
        self.state.members.push(member);
        drop(self);
        // Every member is told; when its sender is lost, so is the database.
        committed.await.map_err(|_| StoreError::Ambiguous("the writer went away".into()))?
    }

    pub(super) async fn rollback(mut self) {
        self.state.undo().await;
        if self.writer.waiting.load(Ordering::SeqCst) == 0 {
            let _ = self.state.commit().await;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.state.inside.is_some() || self.state.in_doubt {
            self.writer.finish_later();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use sqlx::{ConnectOptions, Row, sqlite::SqliteConnectOptions};

    use super::*;

    async fn writer() -> (Writer, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::from_str("sqlite:").unwrap().filename(folder.path().join("t.db")).create_if_missing(true);
        let mut connection = options.journal_mode(sqlx::sqlite::SqliteJournalMode::Wal).connect().await.unwrap();
        connection.execute("CREATE TABLE t(a)").await.unwrap();
        (Writer::new(connection, Arc::default()), folder)
    }

    async fn count(writer: &Writer) -> i64 {
        let mut turn = writer.begin().await.unwrap();
        let n = sqlx::query("SELECT count(*) FROM t").fetch_one(turn.connection().unwrap()).await.unwrap().get(0);
        turn.rollback().await;
        n
    }

    #[tokio::test]
    async fn a_burst_is_one_group_and_a_failure_in_it_is_undone_alone() {
        let (writer, _folder) = writer().await;
        let held = writer.begin().await.unwrap();
        let tasks: Vec<_> = (0..40)
            .map(|i| {
                let writer = writer.clone();
                tokio::spawn(async move {
                    let mut turn = writer.begin().await.unwrap();
                    sqlx::query("INSERT INTO t VALUES ($1)").bind(i).execute(turn.connection().unwrap()).await.unwrap();
                    match i % 4 {
                        0 => turn.rollback().await,
                        1 => drop(turn),
                        _ => turn.commit().await.unwrap(),
                    }
                })
            })
            .collect();
        held.commit().await.unwrap();
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
            sqlx::query("INSERT INTO t VALUES (1)").execute(first.connection().unwrap()).await.unwrap();
            let other = tokio::spawn({
                let writer = writer.clone();
                async move { writer.begin().await.map(drop) }
            });
            while writer.waiting.load(Ordering::SeqCst) == 0 {
                tokio::task::yield_now().await;
            }
            let committed = tokio::spawn(first.commit());
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
            tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_millis(1))).await.unwrap();
        }
        None
    }

    #[tokio::test]
    async fn who_leaves_while_it_begins_does_not_keep_the_next_from_beginning() {
        let (writer, _folder) = writer().await;
        for polls in 1..4 {
            drop(leave_after(polls, writer.begin()).await);
            let mut turn = writer.begin().await.unwrap();
            sqlx::query("INSERT INTO t VALUES (1)").execute(turn.connection().unwrap()).await.unwrap();
            turn.commit().await.unwrap();
        }
        assert_eq!(count(&writer).await, 3);
    }

    #[tokio::test]
    async fn who_leaves_while_it_commits_for_others_does_not_make_them_wrong() {
        let (writer, _folder) = writer().await;
        let mut stored = 0;
        for polls in 1..7 {
            let mut first = writer.begin().await.unwrap();
            sqlx::query("INSERT INTO t VALUES (1)").execute(first.connection().unwrap()).await.unwrap();
            let second = tokio::spawn({
                let writer = writer.clone();
                async move { writer.begin().await }
            });
            while writer.waiting.load(Ordering::SeqCst) == 0 {
                tokio::task::yield_now().await;
            }
            let first = tokio::spawn(first.commit());
            let second = second.await.unwrap().unwrap();
            leave_after(polls, second.commit()).await;
            let told = tokio::time::timeout(Duration::from_secs(10), first).await.expect("it is told").unwrap();
            stored += i64::from(told.is_ok());
            assert_eq!(count(&writer).await, stored, "after {polls}: told {told:?}");
        }
        assert!(stored > 0);
    }
}
