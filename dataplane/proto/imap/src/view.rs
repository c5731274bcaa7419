//! What one session has been told of its mailbox: sequence numbers over a shared snapshot.
//!
//! The snapshot is the mailbox as it is; every session of the process shares it. A client's sequence
//! numbers are of the mailbox as it was told, which may still hold messages that are gone and lack
//! messages that have come. The view keeps only that difference:
//!
//! ```text
//! snapshot   1  2     5  6     9  12      uids that are there
//! expunged         3        7             gone, and not told: they keep their numbers
//! told ───────────────────────┘           the highest uid told; 9 and 12 are to come
//! client     1  2  3  5  6  7             its sequence numbers 1 to 6
//! ```
//!
//! EXPUNGE may not be sent while a command that speaks in sequence numbers is at work (RFC 9051
//! §7.5.1); EXISTS and FETCH may at any time. The caller says which moment it is by [`Allow`].

use std::ops::Range;

use crate::types::{Command, SequenceSet, UidSet};

/// A mailbox at one moment: messages in ascending order of uid, each with the modseq of its last change.
pub trait Snapshot {
    /// How many messages there are.
    fn len(&self) -> usize;
    /// The uid of the message with that index, counted from 0.
    fn uid_at(&self, index: usize) -> Option<u32>;
    /// How many messages have a uid below this one: the index of that uid if it is there, else where it would be.
    fn position(&self, uid: u32) -> usize;
    /// The modseq that this snapshot reflects.
    fn modseq(&self) -> u64;
    /// Calls `visit` with index, uid and modseq of each message changed after `modseq`, in any order.
    fn changed_since(&self, modseq: u64, visit: &mut dyn FnMut(usize, u32, u64));

    /// Whether there is no message.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The index of a uid.
    fn index_of(&self, uid: u32) -> Option<usize> {
        let at = self.position(uid);
        (self.uid_at(at) == Some(uid)).then_some(at)
    }
}

/// Which updates the moment allows (RFC 9051 §7.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allow {
    /// All: during NOOP, IDLE, UID commands, and all others that name no sequence numbers.
    Everything,
    /// No EXPUNGE: during FETCH, STORE and SEARCH by sequence number.
    NoExpunge,
}

impl Allow {
    /// What may be told before this command is answered.
    #[must_use]
    pub fn during(command: &Command) -> Self {
        match command {
            // RFC 9051 §7.5.1: no EXPUNGE during FETCH, STORE and SEARCH; their UID forms are other commands.
            Command::Fetch { uid: false, .. } | Command::Store { uid: false, .. } => Self::NoExpunge,
            Command::Search(args) if !args.uid || args.key.uses_sequence_numbers() => Self::NoExpunge,
            _ => Self::Everything,
        }
    }
}

/// One thing to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// `* n EXPUNGE`: the numbers above it go down by one.
    Expunge {
        /// Its sequence number at this point of the answer.
        sequence: u32,
        /// Its uid.
        uid: u32,
    },
    /// `* n EXISTS`: so many messages now, untold expunges included.
    Exists(u32),
    /// `* n FETCH (FLAGS …)`: its flags have changed.
    Flags {
        /// Its sequence number after the updates before.
        sequence: u32,
        /// Its uid.
        uid: u32,
        /// Its index in the snapshot.
        index: usize,
    },
}

/// A set named a sequence number that the client cannot know: BAD (RFC 9051 §9, seq-number).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("No message has that sequence number")]
pub struct NoSuchMessage;

/// The messages that a set names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// Indexes in the snapshot: ascending, disjoint.
    pub indexes: Vec<Range<usize>>,
    /// A message named by number is gone: answer `NO [EXPUNGEISSUED]` where it matters (RFC 5530). UIDs that are gone do not count.
    pub gone: bool,
}

impl Targets {
    /// How many messages.
    #[must_use]
    pub fn len(&self) -> usize {
        self.indexes.iter().map(ExactSizeIterator::len).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.indexes.is_empty()
    }
}

/// One session's view of its selected mailbox. About a hundred bytes, and four for each expunge untold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// The highest uid told.
    told: u32,
    /// Changes up to this modseq are told.
    modseq: u64,
    /// Uids at most `told` that are gone and not told; ascending.
    expunged: Vec<u32>,
    /// The session's own silent changes: uids, and the modseq that each command gave them.
    silent: Vec<(UidSet, u64)>,
    /// `$`.
    saved: UidSet,
}

impl View {
    /// What SELECT tells: the whole snapshot.
    pub fn new(snapshot: &impl Snapshot) -> Self {
        let last = snapshot.len().checked_sub(1).and_then(|last| snapshot.uid_at(last));
        Self { told: last.unwrap_or(0), modseq: snapshot.modseq(), ..Self::default() }
    }

    /// How many messages the client counts.
    #[must_use]
    pub fn count(&self, snapshot: &impl Snapshot) -> u32 {
        number(self.known(snapshot) + self.expunged.len())
    }

    /// These uids have left the mailbox since the snapshot before. Tell it before the new snapshot is used with this view.
    pub fn expunged(&mut self, uids: impl IntoIterator<Item = u32>) {
        for uid in uids {
            self.saved.remove(uid);
            if uid > self.told {
                continue; // came and went untold
            }
            match self.expunged.binary_search(&uid) {
                Ok(_) => {}
                Err(at) => self.expunged.insert(at, uid),
            }
        }
    }

    /// Uids told that the snapshot no longer holds, where the feed of changes cannot say: compares it with the one before.
    pub fn moved(&mut self, before: &impl Snapshot, after: &impl Snapshot) {
        let gone: Vec<u32> = (0..before.len()).map_while(|i| before.uid_at(i)).filter(|&uid| after.index_of(uid).is_none()).collect();
        self.expunged(gone);
    }

    /// The session changed these messages itself and asked for silence (`.SILENT`): changes with that modseq are not told.
    pub fn silence(&mut self, uids: UidSet, modseq: u64) {
        self.silent.push((uids, modseq));
    }

    /// Tells changes up to this modseq as told: the answer to a command has shown them.
    pub fn told_changes(&mut self, modseq: u64) {
        self.modseq = self.modseq.max(modseq);
        self.silent.retain(|(_, at)| *at > self.modseq);
    }

    /// What is to be told now, in the order to tell it: expunges from the highest down, EXISTS, changed flags. It counts as told.
    pub fn updates(&mut self, snapshot: &impl Snapshot, allow: Allow) -> Vec<Update> {
        let mut updates = Vec::new();
        if allow == Allow::Everything {
            // From the highest down: no number told moves one that is yet to be told.
            while let Some(&uid) = self.expunged.last() {
                let sequence = number(snapshot.position(uid) + self.expunged.len());
                self.expunged.pop();
                updates.push(Update::Expunge { sequence, uid });
            }
            self.expunged.shrink_to_fit();
        }
        let before = self.told;
        let last = snapshot.len().checked_sub(1).and_then(|last| snapshot.uid_at(last));
        if let Some(last) = last.filter(|&last| last > before) {
            self.told = last;
            updates.push(Update::Exists(self.count(snapshot)));
        }
        let from = self.modseq;
        snapshot.changed_since(from, &mut |index, uid, modseq| {
            // New messages are for the client to fetch; its own silent changes it knows.
            if uid <= before && !self.silent.iter().any(|(uids, at)| *at == modseq && uids.contains(uid)) {
                updates.push(Update::Flags { sequence: self.sequence_at(index, uid), uid, index });
            }
        });
        self.told_changes(snapshot.modseq());
        updates
    }

    /// Whether [`View::updates`] with [`Allow::Everything`] could have something to tell.
    #[must_use]
    pub fn is_behind(&self, snapshot: &impl Snapshot) -> bool {
        let last = snapshot.len().checked_sub(1).and_then(|last| snapshot.uid_at(last));
        !self.expunged.is_empty() || snapshot.modseq() > self.modseq || last.is_some_and(|last| last > self.told)
    }

    /// The client's number for a message of the snapshot.
    #[must_use]
    pub fn sequence_at(&self, index: usize, uid: u32) -> u32 {
        number(index + 1 + self.expunged.partition_point(|&gone| gone < uid))
    }

    /// The client's number for a uid; `None` when the client has not been told of it, or it is gone.
    #[must_use]
    pub fn sequence_of(&self, snapshot: &impl Snapshot, uid: u32) -> Option<u32> {
        if uid > self.told {
            return None;
        }
        snapshot.index_of(uid).map(|index| self.sequence_at(index, uid))
    }

    /// The messages that a set names, of those the client was told of.
    ///
    /// # Errors
    /// [`NoSuchMessage`] for a sequence number above the count, `*` in an empty mailbox included. UIDs may name anything.
    pub fn resolve(&self, snapshot: &impl Snapshot, set: &SequenceSet, uid: bool) -> Result<Targets, NoSuchMessage> {
        let mut targets = Targets::default();
        match set {
            // RFC 9051 §6.4.4.1: $ works in both; what is gone has left it.
            SequenceSet::Saved => self.saved.ranges().iter().for_each(|&(low, high)| self.add_uids(snapshot, low, high, &mut targets)),
            SequenceSet::Ranges(ranges) if uid => {
                let largest = self.largest_uid(snapshot);
                for range in ranges {
                    let (low, high) = range.bounds(largest);
                    self.add_uids(snapshot, low, high, &mut targets);
                }
            }
            SequenceSet::Ranges(ranges) => {
                let count = self.count(snapshot);
                for range in ranges {
                    let (low, high) = range.bounds(count);
                    // RFC 9051 §9, seq-number: a number above the count, or * in an empty mailbox, is BAD.
                    if low == 0 || high > count {
                        return Err(NoSuchMessage);
                    }
                    self.add_sequence(snapshot, low, high, &mut targets);
                }
            }
        }
        targets.indexes = disjoint(std::mem::take(&mut targets.indexes));
        Ok(targets)
    }

    /// Keeps a search's result for `$` (RFC 9051 §6.4.4.1).
    pub fn save(&mut self, uids: UidSet) {
        self.saved = uids;
        self.saved.shrink();
    }

    /// What `$` stands for.
    #[must_use]
    pub const fn saved(&self) -> &UidSet {
        &self.saved
    }

    /// How many messages of the snapshot the client was told of.
    fn known(&self, snapshot: &impl Snapshot) -> usize {
        self.told.checked_add(1).map_or_else(|| snapshot.len(), |after| snapshot.position(after))
    }

    /// `*` among UIDs: the highest that the client counts.
    fn largest_uid(&self, snapshot: &impl Snapshot) -> u32 {
        let there = self.known(snapshot).checked_sub(1).and_then(|last| snapshot.uid_at(last));
        there.max(self.expunged.last().copied()).unwrap_or(0)
    }

    fn add_uids(&self, snapshot: &impl Snapshot, low: u32, high: u32, targets: &mut Targets) {
        let from = snapshot.position(low);
        let to = high.min(self.told).checked_add(1).map_or_else(|| snapshot.len(), |after| snapshot.position(after));
        if from < to {
            targets.indexes.push(from..to);
        }
    }

    /// Numbers `low..=high`, both at most the count.
    fn add_sequence(&self, snapshot: &impl Snapshot, low: u32, high: u32, targets: &mut Targets) {
        // Expunges before the first number, and up to the last, tell how far the numbers are from the indexes.
        let skipped = self.expunges_below(snapshot, low);
        let inside = self.expunges_below(snapshot, high.saturating_add(1));
        targets.gone |= inside > skipped;
        let (from, to) = ((low as usize).saturating_sub(1 + skipped), (high as usize).saturating_sub(inside));
        if from < to {
            targets.indexes.push(from..to);
        }
    }

    /// How many untold expunges have a number below this one.
    fn expunges_below(&self, snapshot: &impl Snapshot, sequence: u32) -> usize {
        // The i-th expunge has the number of those of the snapshot before it, plus i, plus one: it rises with i.
        let (mut low, mut high) = (0, self.expunged.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            let its = self.expunged.get(middle).map_or(usize::MAX, |&uid| snapshot.position(uid) + middle + 1);
            if its < sequence as usize { low = middle + 1 } else { high = middle }
        }
        low
    }
}

/// Ascending ranges without overlap.
fn disjoint(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| range.start);
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// Sequence numbers are 32 bits; more messages than that there cannot be, for uids are.
fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
