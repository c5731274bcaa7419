//! A folder in memory: what every session of the process that has it open shares.
//!
//! A [`Snapshot`] never changes. It is a list of chunks of entries by UID; the next one shares the
//! chunks that nothing touched, so a session that still shows the last one costs a few pointers,
//! and the difference between two of them is found without looking at what they share. An entry is
//! 56 bytes; bodies and summaries are not here. Where they come from is [`super::cell`]'s affair.

use std::{ops::Range, sync::Arc};

use postern_core::Timestamp;

use super::{
    flags::{Flags, Keywords},
    folder::Folder,
    sent::SentDates,
};

/// Entries of a full chunk.
pub(super) const CHUNK: usize = 512;

/// One placement as every session sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// UID.
    pub uid: u32,
    /// RFC822.SIZE.
    pub size: u32,
    /// SAVEDATE in seconds since the epoch: our own clock, never before it.
    pub saved_at: u32,
    /// System flags.
    pub flags: Flags,
    /// Keywords.
    pub keywords: Option<Box<str>>,
    /// MODSEQ.
    pub modseq: i64,
    /// The message.
    pub message: i64,
    /// INTERNALDATE in seconds since the epoch.
    pub received_at: i64,
}

impl Entry {
    /// INTERNALDATE.
    #[must_use]
    pub const fn received(&self) -> Timestamp {
        Timestamp::from_secs(self.received_at)
    }

    /// SAVEDATE (RFC 8514), to the second.
    #[must_use]
    pub fn saved(&self) -> Timestamp {
        Timestamp::from_secs(self.saved_at.into())
    }

    /// Keywords in a form to keep.
    #[must_use]
    pub fn shared_keywords(&self) -> Keywords {
        self.keywords.as_deref().map(Arc::from)
    }
}

/// A folder at one MODSEQ.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The folder's row at that time.
    pub folder: Folder,
    chunks: Vec<Arc<Vec<Entry>>>,
    /// Number of entries before each chunk.
    starts: Vec<usize>,
    len: usize,
    /// When its messages were sent, as far as somebody has asked; shared with the snapshots before and after.
    sent: Arc<SentDates>,
}

/// What differs between an older and a newer snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// UIDs that are gone, with their index in the older one, ascending.
    pub expunged: Vec<(usize, u32)>,
    /// Indexes in the newer one of entries that changed.
    pub changed: Vec<usize>,
    /// Indexes in the newer one of entries that are new.
    pub new: Vec<usize>,
}

impl Snapshot {
    pub(super) fn build(folder: Folder, chunks: Vec<Arc<Vec<Entry>>>) -> Self {
        let mut len = 0;
        let starts = chunks
            .iter()
            .map(|chunk| {
                len += chunk.len();
                len - chunk.len()
            })
            .collect();
        Self { folder, chunks, starts, len, sent: Arc::default() }
    }

    /// The same entries under another state of the folder's row: a name, a counter.
    pub(super) fn under(&self, folder: Folder) -> Self {
        Self { folder, ..self.clone() }
    }

    /// The same with UNSEEN counted anew: entries as somebody else sees them say another number than the folder's row.
    pub(super) fn recounted(mut self) -> Self {
        let unseen = self.iter().filter(|entry| !entry.flags.has(Flags::SEEN)).count();
        self.folder.unseen = u32::try_from(unseen).unwrap_or(u32::MAX);
        self
    }

    /// Entries in all: EXISTS.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether the folder is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The entry with sequence number `index + 1`.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Entry> {
        let chunk = self.starts.partition_point(|start| *start <= index).checked_sub(1)?;
        self.chunks[chunk].get(index - self.starts[chunk])
    }

    /// When its messages were sent, as far as that is known here.
    #[must_use]
    pub fn sent(&self) -> &SentDates {
        &self.sent
    }

    /// The index of a UID.
    #[must_use]
    pub fn index_of(&self, uid: u32) -> Option<usize> {
        let at = self.lower_bound(uid);
        self.get(at).filter(|e| e.uid == uid).map(|_| at)
    }

    /// The index of the first entry whose UID is `uid` or more; `len()` when there is none.
    #[must_use]
    pub fn lower_bound(&self, uid: u32) -> usize {
        let chunk = self.chunks.partition_point(|chunk| chunk.last().is_some_and(|e| e.uid < uid));
        match self.chunks.get(chunk) {
            Some(entries) => self.starts[chunk] + entries.partition_point(|e| e.uid < uid),
            None => self.len,
        }
    }

    /// UIDs of indexes, in their order; those that there are not are passed over.
    #[must_use]
    pub fn uids(&self, indexes: &[usize]) -> Vec<u32> {
        // Neighbours mostly come together: the run of the last one is looked at first.
        let (mut start, mut run): (usize, &[Entry]) = (0, &[]);
        let mut uids = Vec::with_capacity(indexes.len());
        for &index in indexes {
            if !(start..start + run.len()).contains(&index) {
                let Some(found) = self.runs(index..self.len).next() else { continue };
                (start, run) = found;
            }
            uids.extend(run.get(index - start).map(|entry| entry.uid));
        }
        uids
    }

    /// All entries by UID.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    /// Entries from an index on.
    pub fn iter_from(&self, index: usize) -> impl Iterator<Item = &Entry> {
        let chunk = self.starts.partition_point(|start| *start <= index).saturating_sub(1);
        let skip = index - self.starts.get(chunk).copied().unwrap_or(0);
        self.chunks.iter().skip(chunk).flat_map(|chunk| chunk.iter()).skip(skip)
    }

    /// Entries of a range in runs that lie together, each with the index of its first: what looks at all of them is fastest so.
    pub fn runs(&self, range: Range<usize>) -> impl Iterator<Item = (usize, &[Entry])> {
        let first = self.starts.partition_point(|start| *start <= range.start).saturating_sub(1);
        let chunks = self.starts.iter().copied().zip(&self.chunks).skip(first);
        chunks.take_while(move |(start, _)| *start < range.end).filter_map(move |(start, chunk)| {
            let skipped = range.start.saturating_sub(start);
            let run = chunk.get(skipped..chunk.len().min(range.end - start))?;
            (!run.is_empty()).then_some((start + skipped, run))
        })
    }

    /// What `newer` has that this has not; chunks that both share are not looked at.
    #[must_use]
    pub fn difference(&self, newer: &Self) -> Difference {
        let mut difference = Difference::default();
        let (mut old, mut new) = ((0, 0), (0, 0));
        loop {
            while let (Some(a), Some(b)) = (self.chunks.get(old.0), newer.chunks.get(new.0)) {
                if old.1 != 0 || new.1 != 0 || !Arc::ptr_eq(a, b) {
                    break;
                }
                (old.0, new.0) = (old.0 + 1, new.0 + 1);
            }
            match (self.at(old), newer.at(new)) {
                (None, None) => return difference,
                (Some(a), b) if b.is_none_or(|b| a.uid < b.uid) => {
                    difference.expunged.push((self.starts[old.0] + old.1, a.uid));
                    self.step(&mut old);
                }
                (a, Some(b)) => {
                    let index = newer.starts[new.0] + new.1;
                    match a.filter(|a| a.uid == b.uid) {
                        Some(a) => {
                            if a.flags != b.flags || a.keywords != b.keywords || a.modseq != b.modseq {
                                difference.changed.push(index);
                            }
                            self.step(&mut old);
                        }
                        None => difference.new.push(index),
                    }
                    newer.step(&mut new);
                }
                (Some(_), None) => self.step(&mut old),
            }
        }
    }

    fn at(&self, (chunk, offset): (usize, usize)) -> Option<&Entry> {
        self.chunks.get(chunk)?.get(offset)
    }

    fn step(&self, at: &mut (usize, usize)) {
        at.1 += 1;
        if self.chunks.get(at.0).is_some_and(|chunk| at.1 >= chunk.len()) {
            *at = (at.0 + 1, 0);
        }
    }

    /// This snapshot with `changed` (by UID, ascending) put in and `expunged` taken out.
    #[must_use]
    pub fn moved_on(&self, folder: Folder, changed: Vec<Entry>, expunged: &[u32]) -> Self {
        let mut chunks = self.chunks.clone();
        let mut appended = Vec::new();
        for entry in changed {
            let chunk = chunks.partition_point(|chunk| chunk.last().is_some_and(|e| e.uid < entry.uid));
            match chunks.get_mut(chunk) {
                None => appended.push(entry),
                Some(entries) => {
                    let entries = Arc::make_mut(entries);
                    match entries.binary_search_by_key(&entry.uid, |e| e.uid) {
                        Ok(at) => entries[at] = entry,
                        Err(at) => entries.insert(at, entry),
                    }
                }
            }
        }
        for entry in appended {
            match chunks.last_mut().filter(|chunk| chunk.len() < CHUNK) {
                Some(last) => Arc::make_mut(last).push(entry),
                None => chunks.push(Arc::new(vec![entry])),
            }
        }
        let mut expunged = expunged.to_vec();
        expunged.sort_unstable();
        let mut rest = expunged.as_slice();
        for entries in &mut chunks {
            let last = entries.last().map_or(0, |e| e.uid);
            let (gone, later) = rest.split_at(rest.partition_point(|uid| *uid <= last));
            rest = later;
            if entries.iter().any(|e| gone.binary_search(&e.uid).is_ok()) {
                Arc::make_mut(entries).retain(|e| gone.binary_search(&e.uid).is_err());
            }
        }
        chunks.retain(|chunk| !chunk.is_empty());
        Self { sent: self.sent.clone(), ..Self::build(folder, chunks) }
    }
}

#[cfg(test)]
mod tests {
    use postern_core::FolderId;
    use proptest::prelude::*;

    use super::*;

    fn row(modseq: i64) -> Folder {
        Folder {
            id: FolderId(1),
            name: "INBOX".into(),
            special_use: None,
            subscribed: true,
            uid_validity: 1,
            uid_next: 1,
            modseq,
            history_floor: 1,
            messages: 0,
            unseen: 0,
            deleted: 0,
            size: 0,
        }
    }

    fn entry(uid: u32, modseq: i64) -> Entry {
        Entry { uid, size: 1, saved_at: 0, flags: Flags::NONE, keywords: None, modseq, message: uid.into(), received_at: 0 }
    }

    proptest! {
        /// Whatever changes come, the snapshot holds what a plain list would, and two of them differ where the lists do.
        #[test]
        fn moves_on_like_a_list(
            steps in prop::collection::vec((prop::collection::btree_set(1u32..3_000, 0..1_200), prop::collection::btree_set(1u32..3_000, 0..700)), 1..5)
        ) {
            let mut snapshot = Snapshot::build(row(0), Vec::new());
            let mut list: std::collections::BTreeMap<u32, Entry> = Default::default();
            for (modseq, (set, gone)) in (1i64..).zip(steps) {
                let before = (snapshot.clone(), list.clone());
                let changed: Vec<Entry> = set.iter().map(|uid| entry(*uid, modseq)).collect();
                list.extend(changed.iter().map(|e| (e.uid, e.clone())));
                list.retain(|uid, _| !gone.contains(uid));
                snapshot = snapshot.moved_on(row(modseq), changed, &gone.iter().copied().collect::<Vec<_>>());
                prop_assert_eq!(snapshot.iter().collect::<Vec<_>>(), list.values().collect::<Vec<_>>());
                prop_assert_eq!(snapshot.len(), list.len());
                let backwards: Vec<usize> = (0..list.len() + 2).rev().collect();
                prop_assert_eq!(snapshot.uids(&backwards), list.keys().rev().copied().collect::<Vec<_>>());
                for (index, e) in list.values().enumerate() {
                    prop_assert_eq!(snapshot.get(index), Some(e));
                    prop_assert_eq!(snapshot.index_of(e.uid), Some(index));
                }
                let difference = before.0.difference(&snapshot);
                let gone: Vec<u32> = before.1.keys().filter(|uid| !list.contains_key(uid)).copied().collect();
                prop_assert_eq!(difference.expunged.iter().map(|(_, uid)| *uid).collect::<Vec<_>>(), gone);
                let new: Vec<u32> = list.keys().filter(|uid| !before.1.contains_key(uid)).copied().collect();
                prop_assert_eq!(difference.new.iter().map(|i| snapshot.get(*i).unwrap().uid).collect::<Vec<_>>(), new);
                let changed: Vec<u32> = list.iter().filter(|(uid, e)| before.1.get(uid).is_some_and(|b| b != *e)).map(|(uid, _)| *uid).collect();
                prop_assert_eq!(difference.changed.iter().map(|i| snapshot.get(*i).unwrap().uid).collect::<Vec<_>>(), changed);
            }
        }
    }

    #[test]
    fn a_folder_is_emptied_chunk_by_chunk() {
        let full = Snapshot::build(row(1), Vec::new()).moved_on(row(1), (1..=3_000).map(|u| entry(u, 1)).collect(), &[]);
        assert_eq!(full.len(), 3_000);
        let gone: Vec<u32> = (1..=2_900).chain([4_000]).collect();
        let left = full.moved_on(row(2), Vec::new(), &gone);
        assert_eq!(left.iter().map(|e| e.uid).collect::<Vec<_>>(), (2_901..=3_000).collect::<Vec<_>>());
        assert_eq!(full.difference(&left).expunged.len(), 2_900);
        assert!(left.moved_on(row(3), Vec::new(), &(1..=3_000).collect::<Vec<_>>()).is_empty());
    }

    #[test]
    fn shared_chunks_are_not_compared() {
        let old = Snapshot::build(row(1), vec![Arc::new((1..=512).map(|u| entry(u, 1)).collect()), Arc::new(vec![entry(600, 1)])]);
        let new = old.moved_on(row(2), vec![entry(600, 2), entry(601, 2)], &[]);
        assert!(Arc::ptr_eq(&old.chunks[0], &new.chunks[0]));
        let difference = old.difference(&new);
        assert_eq!((difference.changed, difference.new), (vec![512], vec![513]));
        assert_eq!(new.lower_bound(513), 512);
        assert_eq!(new.iter_from(511).map(|e| e.uid).collect::<Vec<_>>(), [512, 600, 601]);
        let runs =
            |range| new.runs(range).map(|(first, run)| (first, run.iter().map(|e| e.uid).collect())).collect::<Vec<(usize, Vec<u32>)>>();
        assert_eq!(runs(510..513), [(510, vec![511, 512]), (512, vec![600])]);
        assert_eq!(runs(513..9_999), [(513, vec![601])]);
        assert_eq!((runs(3..3), runs(514..514)), (Vec::new(), Vec::new()));
    }
}
