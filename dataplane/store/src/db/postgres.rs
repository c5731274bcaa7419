//! A connection of the pool in one caller's hands, bounded in time.
//!
//! A server whose machine is gone never answers, and a connection that waits for it would be lost to the pool for as
//! long as TCP hopes. So no answer is awaited for longer than [`PATIENCE`]; a connection that did not give one is hung
//! up and not given back, and so is one that cannot undo what was left in the middle.

use std::time::Duration;

use sqlx::{
    Connection, Executor, PgConnection, PgPool, Postgres,
    pool::PoolConnection,
    postgres::{PgArguments, PgPoolOptions, PgRow},
    query::Query,
};
use tokio::time::{error::Elapsed, timeout};

use crate::error::{Result, StoreError};

/// How long an answer is awaited, of COMMIT and of any other statement but a migration's.
const PATIENCE: Duration = Duration::from_secs(60);
/// A connection that lay idle for longer is tried before it is used.
const TRUSTED: Duration = Duration::from_secs(1);
/// How long the answer of a connection that is tried is awaited.
const TRIED: Duration = Duration::from_secs(5);
/// SQLSTATEs that end a connection: what was asked on it may be asked on another. 57014, a statement that took too long, is none.
const ENDED: [&str; 4] = ["57P01", "57P02", "57P03", "57P05"];

type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// What every connection of the pool is told first. By default PostgreSQL takes pages to be on a disk with an arm, and reads
/// all messages that there are rather than ten thousand of them by their keys.
const SETTINGS: &str = "SET random_page_cost = 1.1";

/// The pool's settings that have to do with how a connection begins, and with trust.
pub(super) fn trusting(options: PgPoolOptions) -> PgPoolOptions {
    let begin = options.after_connect(|connection, _| Box::pin(async move { connection.execute(SETTINGS).await.map(drop) }));
    begin.test_before_acquire(false).before_acquire(|connection, meta| {
        Box::pin(async move {
            if meta.idle_for > TRUSTED {
                connection.ping().await?;
            }
            Ok(true)
        })
    })
}

/// A connection in hand. Dropped in the middle of anything, it is undone before the pool has it back.
pub(super) struct Turn {
    connection: Option<PoolConnection<Postgres>>,
    /// A transaction is open, or a statement's answer has not been seen.
    unsettled: bool,
    /// See [`Turn::is_broken`].
    broken: bool,
}

impl Turn {
    /// A connection for one statement.
    pub(super) async fn single(pool: &PgPool) -> Result<Self> {
        Ok(Self::on(pool.acquire().await?))
    }

    const fn on(connection: PoolConnection<Postgres>) -> Self {
        Self { connection: Some(connection), unsettled: false, broken: false }
    }

    /// A connection that has just answered: for what failed on one that was trusted, such as those of a database that was
    /// started again a moment ago. Those that do not answer leave the pool.
    async fn tried(pool: &PgPool) -> Result<Self> {
        for _ in 0..=pool.options().get_max_connections() {
            let mut connection = pool.acquire().await?;
            if matches!(timeout(TRIED, connection.ping()).await, Ok(Ok(()))) {
                return Ok(Self::on(connection));
            }
            drop(connection.detach());
        }
        Err(StoreError::Unavailable("no connection answers".into()))
    }

    /// A connection with a transaction.
    pub(super) async fn begin(pool: &PgPool) -> Result<Self> {
        let mut turn = Self::single(pool).await?;
        let mut begun = turn.start().await;
        if turn.is_broken() {
            turn.replace(pool).await?;
            begun = turn.start().await;
        }
        begun.map(|()| turn)
    }

    async fn start(&mut self) -> Result<()> {
        self.unsettled = true;
        let answer = timeout(PATIENCE, self.connection()?.execute("BEGIN")).await;
        self.judge(answer).map(drop)
    }

    /// Whether the connection itself failed, and not what was asked on it: a statement that the server took too long over, or
    /// never answered, would be no quicker on another.
    pub(super) const fn is_broken(&self) -> bool {
        self.broken
    }

    /// Goes on with a connection that has just answered, in the place of one that broke.
    pub(super) async fn replace(&mut self, pool: &PgPool) -> Result<()> {
        self.hang_up();
        *self = Self::tried(pool).await?;
        Ok(())
    }

    /// Takes the connection out of the pool.
    fn hang_up(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection.detach());
        }
    }

    /// All rows.
    pub(super) async fn rows(&mut self, statement: Statement<'_>) -> Result<Vec<PgRow>> {
        let before = std::mem::replace(&mut self.unsettled, true);
        let answer = timeout(PATIENCE, statement.fetch_all(self.connection()?)).await;
        let rows = self.judge(answer)?;
        self.unsettled = before;
        Ok(rows)
    }

    /// Runs a statement; how many rows it touched.
    pub(super) async fn execute(&mut self, statement: Statement<'_>) -> Result<u64> {
        let before = std::mem::replace(&mut self.unsettled, true);
        let answer = timeout(PATIENCE, statement.execute(self.connection()?)).await;
        let done = self.judge(answer)?;
        self.unsettled = before;
        Ok(done.rows_affected())
    }

    /// Several statements, for as long as they take.
    pub(super) async fn script(&mut self, sql: &'static str) -> Result<()> {
        self.unsettled = true;
        self.connection()?.execute(sqlx::raw_sql(sql)).await?;
        Ok(())
    }

    /// Commits.
    pub(super) async fn commit(mut self) -> Result<()> {
        let answer = timeout(PATIENCE, self.connection()?.execute("COMMIT")).await;
        self.judge(answer).map_err(|error| match error {
            StoreError::Unavailable(cause) => StoreError::Ambiguous(cause),
            other => other,
        })?;
        self.unsettled = false;
        Ok(())
    }

    /// Undoes it all.
    pub(super) async fn rollback(mut self) {
        if let Some(connection) = self.connection.take() {
            undo(connection).await;
        }
    }

    fn connection(&mut self) -> Result<&mut PgConnection> {
        self.connection.as_deref_mut().ok_or_else(|| StoreError::Unavailable("the connection was hung up".into()))
    }

    fn judge<T>(&mut self, answer: std::result::Result<sqlx::Result<T>, Elapsed>) -> Result<T> {
        let Ok(answer) = answer else {
            self.hang_up();
            return Err(StoreError::Unavailable("the database gives no answer".into()));
        };
        self.broken = matches!(&answer, Err(error) if ends_the_connection(error));
        Ok(answer?)
    }
}

fn ends_the_connection(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(told) => told.code().is_some_and(|code| code.starts_with("08") || ENDED.contains(&&*code)),
        _ => false,
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if !self.unsettled {
            return;
        }
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(undo(connection))),
            Err(_) => drop(connection.detach()),
        }
    }
}

/// The pool has it back when it says that it is in no transaction any more.
async fn undo(mut connection: PoolConnection<Postgres>) {
    if !matches!(timeout(PATIENCE, connection.execute("ROLLBACK")).await, Ok(Ok(_))) {
        drop(connection.detach());
    }
}
