//! The store as a process holds it: the database, the bodies, the ways in and out.

use std::{path::PathBuf, sync::Arc, time::Duration};

use postern_core::{Clock, IdSource, Timestamp, role::Role};

use crate::{
    args,
    blob::{Backend, Blobs, DEFAULT_INLINE_MAX, Prepared},
    changes::{Changes, Hints},
    db::{DEFAULT_CONNECTIONS, Db, Location},
    directory::process::{self, Process},
    error::{Result, StoreError},
    ingest::{self, Ingest},
    mail::{boxes::Boxes, cells::Cells, recent::Recent},
    migrations,
    queue::Queue,
    transaction,
};

/// How to open a store.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the data is.
    pub location: Location,
    /// How long to wait for the database at start, and for its schema where that is somebody else's to bring up.
    pub wait: Duration,
    /// Who brings the schema up.
    pub schema: Schema,
    /// Stored size up to which a body lies in the database, in bytes.
    pub inline_max: usize,
    /// Where larger bodies go; without it they lie in the database too.
    pub backend: Option<Arc<dyn Backend>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What this process does.
    pub roles: Vec<Role>,
    /// What this process is called where others see it.
    pub host: String,
    /// Who counts commits.
    pub observer: Arc<dyn ingest::Observer>,
}

/// Who brings the schema up to this version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Schema {
    /// This process, when it opens the store.
    #[default]
    Migrate,
    /// Another; this one waits for it.
    Await,
}

impl Options {
    /// A folder with SQLite inside.
    #[must_use]
    pub fn folder(path: impl Into<PathBuf>, clock: Arc<dyn Clock>) -> Self {
        Self::at(Location::Folder(path.into()), Duration::from_secs(5), clock)
    }

    /// A PostgreSQL server.
    #[must_use]
    pub fn postgres(url: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        let location = Location::Postgres { url: url.into(), connections: DEFAULT_CONNECTIONS };
        Self::at(location, Duration::from_secs(60), clock)
    }

    fn at(location: Location, wait: Duration, clock: Arc<dyn Clock>) -> Self {
        Self {
            location,
            wait,
            schema: Schema::Migrate,
            inline_max: DEFAULT_INLINE_MAX,
            backend: None,
            clock,
            roles: Vec::new(),
            host: String::new(),
            observer: Arc::new(()),
        }
    }
}

/// An open store. Clones share it.
#[derive(Clone)]
pub struct Store {
    /// The database.
    pub db: Db,
    /// This process, as the others see it.
    pub process: Process,
    /// Ids, with this process's node number.
    pub ids: IdSource,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Bodies.
    pub blobs: Blobs,
    /// Who wants to know of accounts that move on.
    pub changes: Changes,
    /// Hints of other processes that are not about accounts.
    pub hints: Hints,
    /// Boxes.
    pub boxes: Boxes,
    /// Mail for other servers.
    pub queue: Queue,
    /// The way in for mail.
    pub ingest: Ingest,
}

impl Store {
    /// Opens the database, brings its schema up to this version or waits until somebody has, and takes a node number.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached in time.
    pub async fn open(options: Options) -> Result<Self> {
        let db = Db::open(&options.location, options.wait).await?;
        match options.schema {
            Schema::Migrate => migrations::migrate(&db).await?,
            Schema::Await => migrations::wait_until_current(&db, options.wait).await?,
        };
        let process = process::register(&db, &options.roles, &options.host, options.clock.now()).await?;
        let ids = IdSource::new(options.clock.clone(), process.node);
        let blobs = Blobs::new(options.inline_max, options.backend);
        let (changes, hints) = (Changes::default(), Hints::default());
        let queue = Queue::new(db.clone(), ids.clone());
        let tools = ingest::Tools {
            db: db.clone(),
            ids: ids.clone(),
            clock: options.clock.clone(),
            changes: changes.clone(),
            queue: queue.clone(),
            cells: Cells::default(),
            recent: Recent::new(db.dialect()),
            observer: options.observer,
        };
        let ingest = Ingest::start(tools.clone());
        let boxes = Boxes::new(&tools, blobs.clone(), ingest.clone(), hints.index.clone());
        Ok(Self { db, process, ids, clock: options.clock, blobs, changes, hints, boxes, queue, ingest })
    }

    /// Makes a body ready for [`Ingest::accept`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when a large body cannot be written out.
    pub async fn prepare(&self, body: &[u8]) -> Result<Prepared> {
        self.blobs.prepare(self.ids.blob(), self.clock.now(), body).await
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn ping(&self) -> Result<()> {
        self.db.row("SELECT value FROM counter WHERE name = 'store_epoch'", &[]).await.map(drop)
    }

    /// The store's epoch: it rises with each restore.
    ///
    /// # Errors
    /// As the database says.
    pub async fn epoch(&self) -> Result<i64> {
        self.db.row("SELECT value FROM counter WHERE name = 'store_epoch'", &[]).await?.ok_or(StoreError::NotFound("store epoch"))?.int(0)
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// What a restore adds to every UIDNEXT and MODSEQ: clients saw numbers that the backup does not know.
const EPOCH_JUMP: i64 = 1 << 20;

/// Raises the store's epoch after a restore or a failover to a new timeline: no UID or MODSEQ that a
/// client may have seen is given again, and every client resynchronises from here.
///
/// # Errors
/// As the database says.
pub async fn raise_epoch(db: &Db) -> Result<i64> {
    transaction!(db, |tx| {
        tx.execute("UPDATE account SET modseq = modseq + $1", args![EPOCH_JUMP]).await?;
        tx.execute("UPDATE folder SET uid_next = uid_next + $1, modseq = modseq + $1, history_floor = modseq + $1", args![EPOCH_JUMP])
            .await?;
        let row = tx.row("UPDATE counter SET value = value + 1 WHERE name = 'store_epoch' RETURNING value", &[]).await?;
        row.ok_or(StoreError::NotFound("store epoch"))?.int(0)
    })
}
