//! The group: one open transaction, who is in the middle of it, and who waits for its commit.
//!
//! It exists so that the rules of the hand-over stand in one place, each a step on the connection: a member enters behind a
//! savepoint, is undone alone, hands on, or commits for all. It must not wait, change threads or count who is queued: it
//! asks ([`Writer::is_wanted`]). A member in [`State::members`] must be sent an outcome by whatever ends the transaction.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rusqlite::Connection;
use tokio::{sync::oneshot, time::Instant};

use super::{
    super::{Batch, sqlite},
    Writer,
};
use crate::error::{Result, StoreError};

/// Members of one group.
const GROUP_MEMBERS: usize = 128;
/// How old a group's transaction may become before it commits although others wait.
const GROUP_AGE: Duration = Duration::from_millis(10);

/// What a member is told that has handed on: whether the one after it has committed.
pub(super) type Outcome = oneshot::Receiver<Result<()>>;

/// The connection, and the transaction that may be open on it.
pub(super) struct State {
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

impl State {
    pub(super) const fn new(connection: Connection, commits: Arc<AtomicU64>) -> Self {
        Self { connection: Some(connection), open: None, members: Vec::new(), inside: None, commits }
    }

    /// # Errors
    /// [`StoreError::Unavailable`] once it is closed.
    pub(super) fn connection(&self) -> Result<&Connection> {
        self.connection.as_ref().ok_or_else(closed)
    }

    fn run(&self, sql: &'static str) -> Result<()> {
        sqlite::execute(self.connection()?, sql, [0; 0]).map(drop)
    }

    /// Begins the transaction, or joins it behind a savepoint.
    pub(super) fn enter(&mut self) -> Result<()> {
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
    pub(super) fn undo(&mut self) {
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
    pub(super) fn commit(&mut self) -> Result<()> {
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

    /// Undoes who is in the middle; whoever goes last commits for the others.
    pub(super) fn leave(&mut self, writer: &Writer) {
        self.undo();
        if !writer.is_wanted() {
            // Its members hear of what goes wrong.
            let _ = self.commit();
        }
    }

    /// Undoes everybody and tells them why.
    pub(super) fn fail(&mut self, error: &StoreError) {
        let _ = self.run("ROLLBACK");
        self.open = None;
        for member in self.members.drain(..) {
            let _ = member.send(Err(StoreError::Unavailable(error.to_string())));
        }
    }

    /// Whether anybody waits for the commit of what is open.
    pub(super) const fn has_members(&self) -> bool {
        !self.members.is_empty()
    }

    /// Whether this member leaves the commit to the one who waits.
    pub(super) fn hands_on(&self, writer: &Writer) -> bool {
        writer.is_wanted() && self.members.len() < GROUP_MEMBERS && self.open.is_some_and(|since| since.elapsed() < GROUP_AGE)
    }

    /// What the member in the middle wrote is the group's. Where that fails the transaction has ended by itself.
    fn join(&mut self) -> Result<()> {
        let joined = match self.inside.take() {
            Some(Inside::Savepoint) => self.run("RELEASE member"),
            _ if self.connection()?.is_autocommit() => Err(StoreError::Unavailable("the transaction has ended by itself".into())),
            _ => Ok(()),
        };
        joined.inspect_err(|error| self.fail(error))
    }

    /// This member is done, and is told when the one after it has committed.
    pub(super) fn hand_on(&mut self) -> Result<Outcome> {
        self.join()?;
        let (member, committed) = oneshot::channel();
        self.members.push(member);
        Ok(committed)
    }

    /// Writes the last of a member and ends it.
    pub(super) fn end(&mut self, batches: &[Batch], writer: &Writer) -> Result<Option<Outcome>> {
        for batch in batches {
            if let Err(error) = self.connection().and_then(|connection| sqlite::batch(connection, batch)) {
                self.leave(writer);
                return Err(error);
            }
        }
        if self.hands_on(writer) {
            return self.hand_on().map(Some);
        }
        self.join()?;
        self.commit().map(|()| None)
    }

    /// Undoes who is in the middle, commits for the others, and gives the file back.
    pub(super) fn close(&mut self) -> rusqlite::Result<()> {
        self.undo();
        // Its members hear of what goes wrong.
        let _ = self.commit();
        self.connection.take().map_or(Ok(()), |connection| connection.close().map_err(|(_, error)| error))
    }
}

pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("the database is closed".into())
}
