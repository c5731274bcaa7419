//! Folders that somebody searches while their text index is far behind, or lacks much: they do not wait for the pass over all boxes.
//!
//! One folder at a time, a slice at a time, so that no delivery waits long behind it. What is asked for twice is done once.

use std::collections::VecDeque;

use postern_core::Timestamp;
use tokio::sync::broadcast::{
    Receiver,
    error::{RecvError, TryRecvError},
};

use super::{Slice, indexing};
use crate::{
    error::Result,
    mail::index::{self, build::Behind},
    store::Store,
};

/// Folders that wait; those beyond are left to the pass.
const MOST: usize = 256;

/// What is asked for.
#[derive(Debug)]
pub struct Wanted {
    asks: Receiver<Behind>,
    folders: VecDeque<Behind>,
    /// Something was added since this was last asked.
    fresh: bool,
}

impl Wanted {
    /// Hears this process's sessions and those of others.
    pub fn hear(store: &Store) -> Self {
        Self { asks: store.hints.index.subscribe(), folders: VecDeque::new(), fresh: false }
    }

    /// Waits until a folder is asked for.
    pub async fn asked(&mut self) {
        match self.asks.recv().await {
            Ok(at) => self.add(at),
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }

    /// Takes what was asked for; whether any of it is new.
    pub fn listen(&mut self) -> bool {
        // As many as can be waiting, and not for ever.
        for _ in 0..=MOST {
            match self.asks.try_recv() {
                Ok(at) => self.add(at),
                // Those that were missed are found in the next pass, or asked for again.
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        std::mem::take(&mut self.fresh)
    }

    /// Another process is the janitor, and heard the same.
    pub fn forget(&mut self) {
        self.listen();
        self.folders.clear();
    }

    /// Does a slice of the folder that waits longest.
    pub async fn slice(&mut self, store: &Store, now: Timestamp) -> Result<Slice> {
        let Some(at) = self.folders.front().copied() else { return Ok(Slice::default()) };
        let done = match index::slice(&store.db, &store.boxes, at, now).await {
            Ok(done) => done,
            Err(error) if error.is_temporary() => return Err(error),
            Err(error) => {
                indexing::tell(&error, at);
                0
            }
        };
        if done == 0 {
            self.folders.pop_front();
        }
        Ok(Slice { done, more: !self.folders.is_empty() })
    }

    fn add(&mut self, at: Behind) {
        if self.folders.len() < MOST && !self.folders.contains(&at) {
            self.folders.push_back(at);
            self.fresh = true;
        }
    }
}
