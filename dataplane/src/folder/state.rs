//! What is remembered of the last time that the folder was applied. Memory only: the directory is the truth.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use postern_core::directory::{Digest, SourceKey};
use postern_projection::{Object, Problem, Report};

use super::Generated;

/// The last outcome, and the statuses that were reported since.
#[derive(Default)]
pub(super) struct State {
    /// Objects that can be asked for, each with the last status that was told of it.
    pub objects: BTreeMap<SourceKey, Object>,
    /// The judgement of each.
    pub reports: BTreeMap<SourceKey, Report>,
    /// Everything that is wrong.
    pub problems: Arc<[Problem]>,
    /// Digest that is in force, and the position from which it is.
    pub since: HashMap<SourceKey, (Digest, i64)>,
    /// The greatest position that every process is known to have passed. Latched: a process that is new turns nothing red.
    pub served: i64,
    /// Passwords that were made and not told yet.
    pub generated: Vec<Generated>,
}

impl State {
    /// Remembers from when on these digests are in force.
    pub fn in_force(&mut self, digests: impl IntoIterator<Item = (SourceKey, Digest)>, position: i64) {
        let mut before = std::mem::take(&mut self.since);
        for (source, digest) in digests {
            let known = before.remove(&source).filter(|(known, _)| *known == digest);
            self.since.insert(source, known.unwrap_or((digest, position)));
        }
    }
}
