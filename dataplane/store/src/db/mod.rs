//! One handle for both databases: statements, transactions, nothing of mail.
//!
//! Reads take any connection of the pool. Writes take a [`Tx`]; on SQLite there is one writing
//! connection, handed out in order, so every transaction is serial there and a burst of them
//! shares one fsync (`writer`); on PostgreSQL rows are
//! locked by the statements themselves. See [`crate::dialect`] for what the SQL may contain.

mod checkpoint;
mod lock;
mod postgres;
mod read;
mod readers;
mod row;
mod sqlite;
mod tx;
mod value;
mod writer;

use std::{path::PathBuf, str::FromStr, sync::Arc, time::Duration};

pub use self::{
    read::ReadTx,
    row::Row,
    tx::Tx,
    value::{Batch, Column, Value},
};
use crate::{
    dialect::{self, Dialect},
    error::{Result, StoreError},
};
use sqlx::{
    ConnectOptions, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::task::spawn_blocking;

/// Connections that a process opens to PostgreSQL unless told otherwise.
pub const DEFAULT_CONNECTIONS: u32 = 12;
/// Connections that read from SQLite beside the one that writes.
const SQLITE_READERS: usize = 4;
/// Pages in SQLite's log at which the writer itself copies back what is left: 256 MiB. Most is copied beside it, see `checkpoint`.
const WAL_PAGES: &str = "65536";
/// How many times a transaction that met another is run again.
pub const RETRIES: u32 = 8;

/// Where the data is.
#[derive(Clone, Debug)]
pub enum Location {
    /// A PostgreSQL server.
    Postgres {
        /// `postgres://user@host/name`.
        url: String,
        /// Connections at most.
        connections: u32,
    },
    /// A folder of our own with `postern.db` in it.
    Folder(PathBuf),
}

/// A database, opened.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

enum Inner {
    Postgres { pool: PgPool, options: Box<PgConnectOptions> },
    Sqlite { read: readers::Readers, write: writer::Writer, checkpointer: checkpoint::Checkpointer, lock: lock::FolderLock },
}

impl Db {
    /// Opens the database, trying again until `wait` has passed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be reached in time, or when another process
    /// holds the folder; [`StoreError::Refused`] for a URL that is none.
    pub async fn open(location: &Location, wait: Duration) -> Result<Self> {
        match location {
            Location::Postgres { url, connections } => Self::open_postgres(url, *connections, wait).await,
            Location::Folder(folder) => Self::open_sqlite(folder).await,
        }
    }

    async fn open_postgres(url: &str, connections: u32, wait: Duration) -> Result<Self> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|e| StoreError::Refused(format!("not a PostgreSQL URL: {e}")))?
            .application_name("postern")
            .statement_cache_capacity(512)
            .log_slow_statements(tracing::log::LevelFilter::Debug, Duration::from_secs(1));
        let pool = postgres::trusting(PgPoolOptions::new())
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(5))
            .idle_timeout(Duration::from_secs(600))
            .connect_lazy_with(options.clone());
        let deadline = tokio::time::Instant::now() + wait;
        let mut pause = Duration::from_millis(50);
        loop {
            match sqlx::query("SELECT 1").execute(&pool).await {
                Ok(_) => break,
                Err(e) if tokio::time::Instant::now() >= deadline => return Err(e.into()),
                Err(e) => {
                    tracing::info!(cause = %e, "waiting for the database");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(2));
                }
            }
        }
        Ok(Self { inner: Arc::new(Inner::Postgres { pool, options: Box::new(options) }) })
    }

    async fn open_sqlite(folder: &std::path::Path) -> Result<Self> {
        tokio::fs::create_dir_all(folder).await.map_err(StoreError::unavailable)?;
        let lock = lock::FolderLock::take(folder)?;
        let path = folder.join("postern.db");
        let write = spawn_blocking({
            let path = path.clone();
            move || sqlite::open(&path, sqlite::Purpose::Write)
        });
        let write = write.await.map_err(StoreError::unavailable)??;
        let commits = Arc::default();
        let checkpointer = checkpoint::Checkpointer::start(path.clone(), Arc::clone(&commits));
        let read = readers::Readers::new(path, SQLITE_READERS);
        let write = writer::Writer::new(write, commits);
        Ok(Self { inner: Arc::new(Inner::Sqlite { read, write, checkpointer, lock }) })
    }

    /// Which database it is.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match *self.inner {
            Inner::Postgres { .. } => Dialect::Postgres,
            Inner::Sqlite { .. } => Dialect::Sqlite,
        }
    }

    /// Rows of a statement that only reads.
    ///
    /// # Errors
    /// [`StoreError`] as the database says.
    pub async fn rows(&self, sql: &'static str, args: &[Value<'_>]) -> Result<Vec<Row>> {
        match &*self.inner {
            Inner::Postgres { pool, .. } => {
                let mut turn = postgres::Turn::single(pool).await?;
                let mut rows = turn.rows(dialect::postgres::bind(sql, args)).await;
                if turn.is_broken() {
                    // It only reads, so it may be asked twice.
                    turn.replace(pool).await?;
                    rows = turn.rows(dialect::postgres::bind(sql, args)).await;
                }
                Ok(rows?.into_iter().map(Row::Postgres).collect())
            }
            Inner::Sqlite { read, .. } => {
                let args: Vec<_> = args.iter().map(sqlite::owned).collect();
                read.read(move |connection| sqlite::rows(connection, sql, args)).await
            }
        }
    }

    /// The first row of a statement that only reads.
    ///
    /// # Errors
    /// [`StoreError`] as the database says.
    pub async fn row(&self, sql: &'static str, args: &[Value<'_>]) -> Result<Option<Row>> {
        match &*self.inner {
            Inner::Postgres { .. } => Ok(self.rows(sql, args).await?.into_iter().next()),
            Inner::Sqlite { read, .. } => {
                let args: Vec<_> = args.iter().map(sqlite::owned).collect();
                read.read(move |connection| sqlite::row(connection, sql, args)).await
            }
        }
    }

    /// The only row of a statement that reads little, by a key. On SQLite it is read where the caller stands: the way to
    /// another thread and back costs several times such a statement.
    ///
    /// # Errors
    /// [`StoreError`] as the database says.
    pub async fn lookup(&self, sql: &'static str, args: &[Value<'_>]) -> Result<Option<Row>> {
        match &*self.inner {
            Inner::Postgres { .. } => self.row(sql, args).await,
            Inner::Sqlite { read, .. } => {
                read.read_here(|connection| sqlite::row(connection, sql, args.iter().map(|v| sqlite::output(*v)))).await
            }
        }
    }

    /// The same of a few rows: their number and size are bounded by the caller.
    ///
    /// # Errors
    /// [`StoreError`] as the database says.
    pub async fn lookups(&self, sql: &'static str, args: &[Value<'_>]) -> Result<Vec<Row>> {
        match &*self.inner {
            Inner::Postgres { .. } => self.rows(sql, args).await,
            Inner::Sqlite { read, .. } => {
                read.read_here(|connection| sqlite::rows(connection, sql, args.iter().map(|v| sqlite::output(*v)))).await
            }
        }
    }

    /// Begins a transaction that writes.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when no connection can be had.
    pub async fn begin(&self) -> Result<Tx> {
        match &*self.inner {
            Inner::Postgres { pool, .. } => Ok(Tx::postgres(postgres::Turn::begin(pool).await?)),
            Inner::Sqlite { write, .. } => Ok(Tx::sqlite(write.begin().await?)),
        }
    }

    /// Begins a transaction that sees everything as it is now and only reads.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when no connection can be had.
    pub async fn snapshot(&self) -> Result<ReadTx> {
        match &*self.inner {
            Inner::Postgres { options, .. } => ReadTx::postgres(options).await,
            Inner::Sqlite { read, .. } => ReadTx::sqlite(read.path()).await,
        }
    }

    /// How to open a connection of one's own to PostgreSQL, for LISTEN. `None` on SQLite.
    #[must_use]
    pub fn listen_options(&self) -> Option<PgConnectOptions> {
        match &*self.inner {
            Inner::Postgres { options, .. } => Some(*options.clone()),
            Inner::Sqlite { .. } => None,
        }
    }

    /// Closes every connection after its work in hand, and lets another process have the folder.
    pub async fn close(&self) {
        match &*self.inner {
            Inner::Postgres { pool, .. } => pool.close().await,
            Inner::Sqlite { read, write, checkpointer, lock } => {
                checkpointer.stop();
                read.close();
                write.close().await;
                lock.release();
            }
        }
    }
}

/// Runs a body in a transaction, commits, and runs it again when it met another transaction.
///
/// `transaction!(db, |tx| { … Ok(value) })` inside a function that returns [`Result`]. The body
/// must be repeatable: it may run up to [`RETRIES`] times more.
#[macro_export]
macro_rules! transaction {
    ($db:expr, |$tx:ident| $body:block) => {{
        let mut attempt = 0u32;
        loop {
            let mut transaction = $db.begin().await?;
            let result: $crate::error::Result<_> = async {
                let $tx = &mut transaction;
                $body
            }
            .await;
            let result = match result {
                Ok(value) => transaction.commit().await.map(|()| value),
                Err(error) => {
                    transaction.rollback().await;
                    Err(error)
                }
            };
            match result {
                Err($crate::error::StoreError::Conflict(_)) if attempt < $crate::db::RETRIES => {
                    attempt += 1;
                    tokio::time::sleep(std::time::Duration::from_millis(u64::from(attempt) * 3)).await;
                }
                result => break result,
            }
        }
    }};
}
