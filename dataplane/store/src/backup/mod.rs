//! Backup and restore: the whole store in one file that either database writes and either reads.
//!
//! ```text
//! magic, format │ head │ table │ rows rows rows … │ table │ rows … │ end
//!                 └ schema, epoch, time              └ counts: without it the archive was cut
//! ```
//! [`backup`] reads one snapshot while the server serves; bodies that lie outside the database
//! travel as if they lay in it. [`restore`] reads an archive twice: first all its checksums, then
//! into an empty database of either kind, and raises the store's epoch, so that no UID or MODSEQ
//! that a client may have seen is given again. So a standalone server moves to PostgreSQL and back.
//!
//! Sealed secrets travel sealed: the file with the sealing keys is not in the archive and must be
//! kept as carefully, and apart from it. A restored queue sends what waited at the time of the
//! backup; [`QueueFate::Hold`] keeps it back where that mail may have left since.
//!
//! This module must not know what a row means, with three exceptions: where a body lies, which days
//! the trail needs, and that nobody holds a lease in a restored queue.

mod archive;
mod cells;
mod restore;
mod table;
mod write;

use std::collections::BTreeMap;

use postern_core::{BlobId, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) use self::restore::refuse_unfinished;
pub use self::{
    archive::FORMAT,
    restore::{QueueFate, Restored, restore, verify},
    table::{LEFT_OUT, names as table_names},
    write::{backup, backup_to_file},
};

/// What an archive says of itself before its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Number of the schema that its tables have.
    pub schema: i64,
    /// The store's epoch at that time.
    pub epoch: i64,
    /// The moment that it shows.
    pub taken_at: Timestamp,
}

/// What is in an archive, or went into one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// What it says of itself.
    pub head: Head,
    /// Rows by table.
    pub rows: BTreeMap<String, u64>,
    /// Bytes of the archive.
    pub bytes: u64,
}

/// What came of a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What went into it.
    pub summary: Summary,
    /// Bodies that rows name and that could not be found: the archive is whole but for them.
    pub missing: Vec<BlobId>,
}
