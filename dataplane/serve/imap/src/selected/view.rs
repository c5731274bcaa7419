//! What a search looks at: a folder as it was at one moment, be it selected or not.

use std::{ops::Range, sync::Arc};

use postern_core::{AccountId, FolderId};
use postern_proto_imap::types::{SequenceSet, UidSet};
use postern_store::mail::snapshot::Snapshot;

use super::{Selected, set};
use crate::refused::Refused;

/// A folder at one moment, as one client sees it.
#[derive(Clone)]
pub(crate) struct View {
    pub account: AccountId,
    pub folder: FolderId,
    pub told: Arc<Snapshot>,
    /// `$`; empty for a mailbox that is not selected.
    saved: UidSet,
}

impl View {
    /// A mailbox that is not selected.
    pub const fn of(account: AccountId, folder: FolderId, told: Arc<Snapshot>) -> Self {
        Self { account, folder, told, saved: UidSet::new() }
    }

    /// See [`Selected::resolve`].
    ///
    /// # Errors
    /// As there.
    pub fn resolve(&self, set: &SequenceSet, uid: bool) -> Result<Vec<Range<usize>>, Refused> {
        set::resolve(&self.told, &self.saved, set, uid).ok_or_else(Refused::no_such_message)
    }

    /// UIDs of indexes, in their order.
    pub fn uids(&self, indexes: &[usize]) -> Vec<u32> {
        self.told.uids(indexes)
    }

    /// Indexes of UIDs, in their order; those that are not there are passed over.
    pub fn indexes(&self, uids: &[u32]) -> Vec<usize> {
        uids.iter().filter_map(|uid| self.told.index_of(*uid)).collect()
    }
}

impl Selected {
    /// The mailbox as the client knows it now.
    pub fn view(&self) -> View {
        View { account: self.account, folder: self.folder, told: self.told.clone(), saved: self.saved.clone() }
    }
}
