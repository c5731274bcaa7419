//! The group commit: everything that waits goes into one transaction, and nobody waits for a timer.
//!
//! ```text
//! smtp session ─┐
//! smtp session ─┼─ accept() ─► queue ─► take all that waits ─► one transaction ─► answer each
//! imap session ─┘               ▲                                    │
//!                               └── busy accounts wait for the next ─┘
//! ```
//! On PostgreSQL small changes of flags and small expunges go the same way (`change.rs`).
//!
//! A message is stored when [`Ingest::accept`] returns: its body, the placements of all its local
//! recipients, the queue rows of the others and its events are one commit. The first that comes
//! opens a batch; what arrives while a batch commits is the next one.
//!
//! A batch that the database refuses is cut in half until the one message that it refuses stands
//! alone. An account that another process has locked is skipped and its messages go into a later
//! batch; after a few rounds each waits for the lock in a transaction of its own. A COMMIT without an answer is looked for when
//! the database is back (`doubt.rs`); one that is not found is told as ambiguous: the sender must ask again, and a copy is better
//! than a loss.

mod change;
mod commit;
mod decide;
mod doubt;
mod held;
mod replaced;
mod rows;

use std::{collections::VecDeque, fmt, sync::Arc, time::Duration};

use postern_core::{AccountId, Clock, FolderId, IdSource, Timestamp, TraceId};
use tokio::sync::{Semaphore, mpsc, oneshot};

pub(crate) use self::change::{Change, Changed, What};
pub use self::replaced::Replaced;
use crate::{
    blob::Prepared,
    changes::Changes,
    db::Db,
    error::{Result, StoreError},
    mail::{Flags, SpecialUse, cells::Cells, recent::Recent},
    queue::{self, Queue},
    trail::EventRow,
};

/// Messages in one transaction.
pub const BATCH_MESSAGES: usize = 256;
/// Stored bytes in one transaction.
pub const BATCH_BYTES: usize = 8 << 20;
/// Messages that may wait; more wait in their sessions.
const WAITING: usize = 4_096;
/// How many batches may skip a message's locked account before it waits for the lock.
const SKIPS: u32 = 10;
/// Transactions that wait for a locked account at once: each has a connection, and the others need some too.
const PATIENT: usize = 3;
/// Pause before a batch of nothing but messages that were skipped.
const PAUSE: Duration = Duration::from_millis(2);

/// What one caller wants to be true, all of it or nothing.
#[derive(Clone, Debug, Default)]
pub struct Accept {
    /// Bodies that deliveries and queue rows name.
    pub bodies: Vec<NewBody>,
    /// Placements in boxes.
    pub deliveries: Vec<LocalDelivery>,
    /// What leaves through the queue.
    pub queue: Vec<queue::NewMessage>,
    /// Events.
    pub events: Vec<EventRow>,
    /// What goes as the first delivery comes.
    pub replaces: Option<Replaced>,
}

/// A body with what is known of it.
#[derive(Clone, Debug)]
pub struct NewBody {
    /// Compressed, summed and, if large, uploaded.
    pub prepared: Prepared,
    /// The way it came.
    pub trace: TraceId,
    /// Its encoded summary.
    pub summary: Arc<[u8]>,
}

/// One placement to make.
#[derive(Clone, Debug)]
pub struct LocalDelivery {
    /// Index in [`Accept::bodies`].
    pub body: usize,
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub folder: Target,
    /// System flags.
    pub flags: Flags,
    /// Keywords, joined as [`crate::mail::flags::join`] does.
    pub keywords: Option<String>,
    /// Header lines of this copy alone.
    pub prefix: Vec<u8>,
    /// INTERNALDATE.
    pub received_at: Timestamp,
}

/// A folder of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// INBOX.
    Inbox,
    /// The folder with this use; INBOX when there is none.
    Special(SpecialUse),
    /// This one.
    Folder(FolderId),
}

/// Where a delivery came to lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub folder: FolderId,
    /// UIDVALIDITY there.
    pub uid_validity: u32,
    /// UID there.
    pub uid: u32,
    /// MODSEQ of the commit.
    pub modseq: i64,
}

/// What somebody waits for.
struct Job {
    work: Work,
    skipped: u32,
}

/// What is to be done, with the address of its answer.
enum Work {
    Accept(Box<Accept>, oneshot::Sender<Result<Vec<Placed>>>),
    Change(Change, oneshot::Sender<Result<Changed>>),
}

impl Job {
    fn bytes(&self) -> usize {
        match &self.work {
            Work::Accept(accept, _) => accept.bodies.iter().map(|b| b.prepared.stored_len()).sum(),
            Work::Change(..) => 0,
        }
    }

    /// The accounts that it needs locked.
    fn accounts(&self) -> impl Iterator<Item = i64> {
        let (deliveries, change) = match &self.work {
            Work::Accept(accept, _) => (accept.deliveries.as_slice(), None),
            Work::Change(change, _) => (&[][..], Some(change.account.0)),
        };
        deliveries.iter().map(|delivery| delivery.account.0).chain(change)
    }

    /// A session that went away does not need to know.
    fn refuse(self, error: StoreError) {
        match self.work {
            Work::Accept(_, answer) => drop(answer.send(Err(error))),
            Work::Change(_, answer) => drop(answer.send(Err(error))),
        }
    }
}

/// The way in. Clones share it; when the last goes, the task ends.
#[derive(Clone, Debug)]
pub struct Ingest(mpsc::Sender<Job>);

/// Who counts commits. It is called between two of them: it must not wait.
pub trait Observer: Send + Sync + fmt::Debug {
    /// So many messages were stored in one commit, which took so long from its beginning.
    fn committed(&self, messages: usize, took: Duration) {
        let _ = (messages, took);
    }

    /// So many messages were not stored: the database was away, or refused the last of them.
    fn failed(&self, messages: usize) {
        let _ = messages;
    }
}

/// Nobody counts.
impl Observer for () {}

/// What the ingest task works with.
#[derive(Clone)]
pub struct Tools {
    /// The database.
    pub db: Db,
    /// Ids for rows.
    pub ids: IdSource,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who wants to know.
    pub changes: Changes,
    /// Folders in memory.
    pub(crate) cells: Cells,
    /// Rows that readers want next.
    pub(crate) recent: Recent,
    /// Whose senders sleep until something is queued.
    pub queue: Queue,
    /// Who counts.
    pub observer: Arc<dyn Observer>,
}

impl Ingest {
    /// Starts the task.
    #[must_use]
    pub fn start(tools: Tools) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        tokio::spawn(run(tools, receiver));
        Self(sender)
    }

    /// Stores it all in one commit, durable when this returns; placements in the order of the deliveries.
    ///
    /// # Errors
    /// [`StoreError::OverQuota`] when a box has no room: nothing was stored for anybody.
    /// [`StoreError::NotFound`] when an account or folder is gone, or the message to replace. [`StoreError::Ambiguous`] when
    /// the commit may or may not have happened and the database, once it was back, could not tell that it did.
    /// [`StoreError::Unavailable`] when it did not.
    pub async fn accept(&self, accept: Accept) -> Result<Vec<Placed>> {
        let (answer, answered) = oneshot::channel();
        self.ask(Work::Accept(Box::new(accept), answer), answered).await
    }

    /// Changes messages of a folder in the same commit as whatever else waits; durable when this returns.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the account is gone; [`StoreError::Ambiguous`] and [`StoreError::Unavailable`] as
    /// [`Ingest::accept`].
    pub(crate) async fn change(&self, change: Change) -> Result<Changed> {
        let (answer, answered) = oneshot::channel();
        self.ask(Work::Change(change, answer), answered).await
    }

    async fn ask<T>(&self, work: Work, answered: oneshot::Receiver<Result<T>>) -> Result<T> {
        let gone = || StoreError::Unavailable("the process is stopping".into());
        self.0.send(Job { work, skipped: 0 }).await.map_err(|_| gone())?;
        // The task answers every job; when it died in the middle, what it did is not known.
        answered.await.map_err(|_| StoreError::Ambiguous("the ingest task ended".into()))?
    }
}

async fn run(tools: Tools, mut inbox: mpsc::Receiver<Job>) {
    let mut skipped: VecDeque<Job> = VecDeque::new();
    let patient = Arc::new(Semaphore::new(PATIENT));
    loop {
        let mut batch: Vec<Job> = skipped.drain(..).collect();
        if batch.is_empty() {
            match inbox.recv().await {
                Some(job) => batch.push(job),
                None => return,
            }
        }
        let mut bytes: usize = batch.iter().map(Job::bytes).sum();
        while batch.len() < BATCH_MESSAGES && bytes < BATCH_BYTES {
            let Ok(job) = inbox.try_recv() else { break };
            bytes += job.bytes();
            batch.push(job);
        }
        let only_skipped = batch.iter().all(|job| job.skipped > 0);
        for job in commit::settle(&tools, batch, false).await {
            if job.skipped < SKIPS {
                skipped.push_back(job);
                continue;
            }
            // Whoever holds its account may hold it long: it waits in a transaction of its own, and delays nobody.
            let (tools, patient) = (tools.clone(), patient.clone());
            tokio::spawn(async move {
                let _turn = patient.acquire().await;
                commit::settle(&tools, vec![job], true).await;
            });
        }
        if only_skipped && !skipped.is_empty() {
            tokio::time::sleep(PAUSE).await;
        }
    }
}
