//! Hints between processes over NOTIFY.
//!
//! Sent by one task after the commits, never inside them: NOTIFY takes a lock that would make all
//! commits wait for each other. Hints that pile up while one is being sent go out together, the
//! newest MODSEQ of each account. LISTEN has a connection of its own, made anew when it breaks;
//! what was missed meanwhile the poll finds. That connection also shows that this process is there.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use postern_core::{AccountId, FolderId};
use sqlx::{Connection, PgConnection, postgres::PgListener};
use tokio::sync::{broadcast, mpsc, watch};

use super::{Changes, Told};
use crate::{
    db::Db,
    directory::process::{self, Process},
    mail::index::build::Behind,
};

/// Channel of account hints.
const ACCOUNTS: &str = "postern_account";
/// Channel of directory hints.
pub const DIRECTORY: &str = "postern_directory";
/// Channel of queue hints.
pub const QUEUE: &str = "postern_queue";
/// Channel of folders whose text index is wanted.
const INDEX: &str = "postern_index";
/// Hints in one payload: PostgreSQL takes 8000 bytes.
const PER_PAYLOAD: usize = 180;
/// Folders that a janitor may be behind with; it hears of no more, and finds them in its next pass.
const WANTED: usize = 256;

/// Hints that are not about accounts.
#[derive(Clone, Debug)]
pub struct Hints {
    /// The directory's position moved.
    pub directory: watch::Sender<()>,
    /// Something was queued.
    pub queue: watch::Sender<()>,
    /// Folders whose text index is wanted at once.
    pub index: broadcast::Sender<Behind>,
}

impl Default for Hints {
    fn default() -> Self {
        Self { directory: watch::channel(()).0, queue: watch::channel(()).0, index: broadcast::channel(WANTED).0 }
    }
}

/// Sends this process's hints and hears those of others, for ever; returns at once on SQLite, where there are no others.
pub async fn relay(db: Db, process: Process, hub: Changes, hints: Hints) {
    let Some(options) = db.listen_options() else { return };
    let (sender, receiver) = mpsc::unbounded_channel();
    hub.tell_others(sender);
    tokio::join!(send(&options, receiver), listen(&options, process, &hub, &hints));
}

async fn send(options: &sqlx::postgres::PgConnectOptions, mut told: mpsc::UnboundedReceiver<Told>) {
    let mut connection: Option<PgConnection> = None;
    while let Some(first) = told.recv().await {
        let (mut newest, mut queued, mut wanted) = (HashMap::new(), false, BTreeSet::new());
        let mut next = Some(first);
        while let Some(one) = next {
            match one {
                Told::Queued => queued = true,
                Told::Wanted(Behind { account, folder }) => drop(wanted.insert((account.0, folder.0))),
                Told::Moved(account, modseq) => {
                    let at = newest.entry(account).or_insert(modseq);
                    *at = modseq.max(*at);
                }
            }
            next = told.try_recv().ok();
        }
        let moved: Vec<String> = newest.into_iter().map(|(account, modseq)| format!("{}:{modseq}", account.0)).collect();
        let wanted: Vec<String> = wanted.into_iter().map(|(account, folder)| format!("{account}:{folder}")).collect();
        let pairs = moved.chunks(PER_PAYLOAD).map(|part| (ACCOUNTS, part)).chain(wanted.chunks(PER_PAYLOAD).map(|part| (INDEX, part)));
        let notes = pairs.map(|(channel, part)| (channel, part.join(" "))).chain(queued.then(|| (QUEUE, String::new())));
        for (channel, payload) in notes {
            if connection.is_none() {
                connection = telling(options).await.ok();
            }
            let Some(open) = &mut connection else { break };
            if sqlx::query("SELECT pg_notify($1, $2)").bind(channel).bind(payload).execute(open).await.is_err() {
                connection = None;
            }
        }
    }
}

/// A connection to tell others by. A hint commits a transaction; what a crash loses of them the poll finds, so none waits for an fsync.
async fn telling(options: &sqlx::postgres::PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let mut connection = PgConnection::connect_with(options).await?;
    sqlx::query("SET synchronous_commit = off").execute(&mut connection).await?;
    Ok(connection)
}

async fn listen(options: &sqlx::postgres::PgConnectOptions, process: Process, hub: &Changes, hints: &Hints) {
    let mut pause = Duration::from_millis(100);
    loop {
        if let Err(error) = listen_once(options, process, hub, hints).await {
            tracing::debug!(%error, "listening for changes of other processes");
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(2));
    }
}

async fn listen_once(
    options: &sqlx::postgres::PgConnectOptions,
    process: Process,
    hub: &Changes,
    hints: &Hints,
) -> Result<(), sqlx::Error> {
    let pool =
        sqlx::postgres::PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None).connect_lazy_with(options.clone());
    let mut listener = PgListener::connect_with(&pool).await?;
    process::attest(process, &mut listener).await?;
    listener.listen_all([ACCOUNTS, DIRECTORY, QUEUE, INDEX]).await?;
    loop {
        let Some(note) = listener.try_recv().await? else { return Ok(()) };
        match note.channel() {
            DIRECTORY => {
                hints.directory.send_replace(());
            }
            QUEUE => {
                hints.queue.send_replace(());
            }
            INDEX => {
                for (account, folder) in pairs(note.payload()) {
                    // Nobody hears it where no janitor is.
                    let _ = hints.index.send(Behind { account: AccountId(account), folder: FolderId(folder) });
                }
            }
            _ => pairs(note.payload()).for_each(|(account, modseq)| hub.hint(AccountId(account), modseq)),
        }
    }
}

/// `1:2 3:4`. What is no pair is passed over.
fn pairs(payload: &str) -> impl Iterator<Item = (i64, i64)> {
    payload.split(' ').filter_map(|pair| pair.split_once(':')).filter_map(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)))
}
