//! Tells a client what has changed since it was last told.

use std::sync::Arc;

use postern_proto_imap::{
    encode::{self, FetchWriter},
    types::{Dialect, Flags, SystemFlags},
};
use postern_store::mail::snapshot::{Difference, Entry, Snapshot};

use super::{Expunges, Own, Selected, set};
use crate::words;

/// What the moment asks of the answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Whether EXPUNGE may be told.
    pub expunges: Expunges,
    /// Whether FETCH names UIDs: in UID commands it must (RFC 9051 §6.4.9).
    pub uid: bool,
    /// The session's.
    pub dialect: Dialect,
}

/// What a client was told of.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Where the new messages lie.
    pub new: Vec<usize>,
    /// Where those lie that have changed.
    pub changed: Vec<usize>,
}

impl Selected {
    /// UIDs of the messages that [`Selected::tell`] is about to tell as expunged.
    pub fn leaving(&self, newest: &Arc<Snapshot>, moment: Moment) -> Vec<u32> {
        if moment.expunges == Expunges::Held || Arc::ptr_eq(&self.told, newest) {
            return Vec::new();
        }
        self.told.difference(newest).expunged.into_iter().map(|(_, uid)| uid).collect()
    }

    /// Writes the difference to `newest` and keeps what was told.
    pub fn tell(&mut self, newest: &Arc<Snapshot>, moment: Moment, own: Option<&Own<'_>>, out: &mut Vec<u8>) -> Told {
        if Arc::ptr_eq(&self.told, newest) {
            return Told::default();
        }
        let mut difference = self.told.difference(newest);
        let mut next = newest.clone();
        if moment.expunges == Expunges::Held && !difference.expunged.is_empty() {
            next = Arc::new(with_what_is_gone(&self.told, newest, &difference));
            difference = self.told.difference(&next);
        } else {
            self.sure = newest.folder.modseq;
        }
        self.told = next;
        tell_expunged(&difference, moment.dialect, out);
        if !difference.new.is_empty() {
            encode::exists(out, number(self.told.len()));
        }
        self.tell_keywords(&difference, out);
        for &index in &difference.changed {
            if let Some(entry) = self.told.get(index).filter(|entry| !is_own(entry, own)) {
                flags(out, index, entry, moment);
            }
        }
        Told { new: difference.new, changed: difference.changed }
    }

    /// `FETCH (FLAGS …)` for messages by UID; those that are gone are passed over.
    pub fn tell_flags(&self, uids: &[i64], moment: Moment, out: &mut Vec<u8>) {
        for &uid in uids {
            if let Some((index, entry)) = self.by_uid(uid) {
                flags(out, index, entry, moment);
            }
        }
    }

    /// `FETCH (UID … MODSEQ …)` for messages by UID, whose flags the client knows (RFC 7162 §3.1.3).
    pub fn tell_modseq(&self, uids: &[i64], moment: Moment, out: &mut Vec<u8>) {
        for &uid in uids {
            if let Some((index, entry)) = self.by_uid(uid) {
                let mut fetch = FetchWriter::of(out, number(index + 1), entry.uid, moment.dialect);
                fetch.uid(entry.uid);
                fetch.modseq(words::modseq(entry.modseq));
                fetch.finish();
            }
        }
    }

    fn by_uid(&self, uid: i64) -> Option<(usize, &Entry)> {
        let index = self.told.index_of(u32::try_from(uid).ok()?)?;
        self.told.get(index).map(|entry| (index, entry))
    }

    /// A keyword that no FLAGS response has named is named before the first message that has it.
    fn tell_keywords(&mut self, difference: &Difference, out: &mut Vec<u8>) {
        let mut learned = false;
        for &index in difference.changed.iter().chain(&difference.new) {
            if let Some(Entry { keywords: Some(words), .. }) = self.told.get(index) {
                learned |= set::learn(&mut self.keywords, Some(words));
            }
        }
        if learned {
            encode::flags(out, &Flags { system: SystemFlags::ALL, keywords: self.keywords.clone() });
        }
    }
}

/// EXPUNGE for each, or one VANISHED for all (RFC 7162 §3.2.10).
fn tell_expunged(difference: &Difference, dialect: Dialect, out: &mut Vec<u8>) {
    if dialect.qresync || dialect.uid_only {
        return encode::vanished(out, false, &difference.expunged.iter().map(|(_, uid)| *uid).collect());
    }
    // From the last to the first: no number changes before it is used.
    for (index, _) in difference.expunged.iter().rev() {
        encode::expunge(out, number(index + 1));
    }
}

/// What is new and changed, put into what was told; nothing taken out.
fn with_what_is_gone(told: &Snapshot, newest: &Snapshot, difference: &Difference) -> Snapshot {
    let mut indexes = [difference.changed.as_slice(), &difference.new].concat();
    indexes.sort_unstable();
    let entries = indexes.iter().filter_map(|&index| newest.get(index).cloned()).collect();
    told.moved_on(newest.folder.clone(), entries, &[])
}

fn flags(out: &mut Vec<u8>, index: usize, entry: &Entry, moment: Moment) {
    let mut fetch = FetchWriter::of(out, number(index + 1), entry.uid, moment.dialect);
    let Dialect { rev2, condstore, .. } = moment.dialect;
    if moment.uid || rev2 || condstore {
        fetch.uid(entry.uid);
    }
    words::write_flags(&mut fetch, entry);
    if condstore {
        fetch.modseq(words::modseq(entry.modseq));
    }
    fetch.finish();
}

fn is_own(entry: &Entry, own: Option<&Own<'_>>) -> bool {
    own.is_some_and(|own| own.modseq == entry.modseq && own.uids.binary_search(&entry.uid.into()).is_ok())
}

/// Sequence numbers are 32 bits; more messages than that there cannot be, for UIDs are.
pub(crate) fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
