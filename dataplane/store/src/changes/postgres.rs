//! Hints between processes over NOTIFY.
//!
//! Sent by one task after the commits, never inside them: NOTIFY takes a lock that would make all
//! commits wait for each other. Hints that pile up while one is being sent go out together, the
//! newest MODSEQ of each account. LISTEN has a connection of its own, made anew when it breaks;
//! what was missed meanwhile the poll finds.

use std::{collections::HashMap, time::Duration};

use postern_core::AccountId;
use sqlx::{Connection, PgConnection, postgres::PgListener};
use tokio::sync::mpsc;

use super::{Changes, Told};
use crate::db::Db;

/// Channel of account hints.
const ACCOUNTS: &str = "postern_account";
/// Channel of directory hints.
pub const DIRECTORY: &str = "postern_directory";
/// Channel of queue hints.
pub const QUEUE: &str = "postern_queue";
/// Hints in one payload: PostgreSQL takes 8000 bytes.
const PER_PAYLOAD: usize = 180;

/// Hints that are not about accounts.
#[derive(Clone, Debug)]
pub struct Hints {
    /// The directory's position moved.
    pub directory: tokio::sync::watch::Sender<()>,
    /// Something was queued.
    pub queue: tokio::sync::watch::Sender<()>,
}

impl Default for Hints {
    fn default() -> Self {
        Self { directory: tokio::sync::watch::channel(()).0, queue: tokio::sync::watch::channel(()).0 }
    }
}

/// Sends this process's hints and hears those of others, for ever; returns at once on SQLite, where there are no others.
pub async fn relay(db: Db, hub: Changes, hints: Hints) {
    let Some(options) = db.listen_options() else { return };
    let (sender, receiver) = mpsc::unbounded_channel();
    hub.tell_others(sender);
    tokio::join!(send(&options, receiver), listen(&options, &hub, &hints));
}

async fn send(options: &sqlx::postgres::PgConnectOptions, mut told: mpsc::UnboundedReceiver<Told>) {
    let mut connection: Option<PgConnection> = None;
    while let Some(first) = told.recv().await {
        let (mut newest, mut queued) = (HashMap::new(), false);
        let mut next = Some(first);
        while let Some(one) = next {
            match one {
                Told::Queued => queued = true,
                Told::Moved(account, modseq) => {
                    let at = newest.entry(account).or_insert(modseq);
                    *at = modseq.max(*at);
                }
            }
            next = told.try_recv().ok();
        }
        let moved: Vec<String> = newest.into_iter().map(|(account, modseq)| format!("{}:{modseq}", account.0)).collect();
        let notes = moved.chunks(PER_PAYLOAD).map(|part| (ACCOUNTS, part.join(" "))).chain(queued.then(|| (QUEUE, String::new())));
        for (channel, payload) in notes {
            if connection.is_none() {
                connection = PgConnection::connect_with(options).await.ok();
            }
            let Some(open) = &mut connection else { break };
            if sqlx::query("SELECT pg_notify($1, $2)").bind(channel).bind(payload).execute(open).await.is_err() {
                connection = None;
            }
        }
    }
}

async fn listen(options: &sqlx::postgres::PgConnectOptions, hub: &Changes, hints: &Hints) {
    let mut pause = Duration::from_millis(100);
    loop {
        if let Err(error) = listen_once(options, hub, hints).await {
            tracing::debug!(%error, "listening for changes of other processes");
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(2));
    }
}

async fn listen_once(options: &sqlx::postgres::PgConnectOptions, hub: &Changes, hints: &Hints) -> Result<(), sqlx::Error> {
    let pool =
        sqlx::postgres::PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None).connect_lazy_with(options.clone());
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen_all([ACCOUNTS, DIRECTORY, QUEUE]).await?;
    loop {
        let Some(note) = listener.try_recv().await? else { return Ok(()) };
        match note.channel() {
            DIRECTORY => {
                hints.directory.send_replace(());
            }
            QUEUE => {
                hints.queue.send_replace(());
            }
            _ => {
                for hint in note.payload().split(' ') {
                    if let Some((Ok(account), Ok(modseq))) = hint.split_once(':').map(|(a, m)| (a.parse(), m.parse())) {
                        hub.hint(AccountId(account), modseq);
                    }
                }
            }
        }
    }
}
