//! The folders of this process that are in memory, and how the process's own commits move them on.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use postern_core::{AccountId, FolderId};

use super::{
    cell::{CellKey, FolderCell},
    folder::Folder,
    snapshot::Entry,
};

/// Places of folders beyond which those that nobody holds are looked for.
const SWEEP_ABOVE: usize = 1_000;

/// Every folder that somebody has open or that is kept warm. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cells(Arc<Mutex<HashMap<CellKey, Weak<FolderCell>>>>);

/// What one commit did to a folder, from its row before to its row after.
#[derive(Debug)]
pub(crate) struct Step {
    /// Whose.
    pub account: AccountId,
    /// The row that the transaction found, with the account locked.
    pub before: Folder,
    /// The row that it left.
    pub after: Folder,
    /// Placements that came or changed.
    pub changed: BTreeMap<u32, Entry>,
    /// UIDs that went.
    pub gone: Vec<u32>,
    /// The account's MODSEQ after the commit.
    pub modseq: i64,
}

impl Cells {
    /// The shared place of a folder; nothing is read yet.
    pub fn cell(&self, key: CellKey) -> Arc<FolderCell> {
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = cells.get(&key).and_then(Weak::upgrade) {
            return cell;
        }
        if cells.len() > SWEEP_ABOVE && cells.len().is_power_of_two() {
            cells.retain(|_, cell| cell.strong_count() > 0);
        }
        let cell = Arc::new(FolderCell::new(key));
        cells.insert(key, Arc::downgrade(&cell));
        cell
    }

    /// Those of `folders` that are in memory as their owners see them.
    pub fn known(&self, folders: impl Iterator<Item = (i64, i64)>) -> HashSet<(i64, i64)> {
        let cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = |&(account, folder): &(i64, i64)| {
            cells.get(&(AccountId(account), FolderId(folder), None)).is_some_and(|cell| cell.strong_count() > 0)
        };
        folders.filter(is_known).collect()
    }

    /// Moves folders on by what a commit of this process did, so that nobody asks the database what it was just told.
    /// One that was not known up to that commit stays as it is: who looks at it next asks.
    pub fn advance(&self, steps: impl IntoIterator<Item = Step>) {
        for step in steps {
            let found =
                self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(step.account, step.before.id, None)).and_then(Weak::upgrade);
            if let Some(cell) = found {
                cell.advance(step);
            }
        }
    }
}
