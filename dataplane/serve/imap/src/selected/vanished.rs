//! What a client that comes back must forget: UIDs that it may know and that are gone (RFC 7162 §3.2.10).
//!
//! Pure: the history comes in, a set of UIDs goes out. What the client is still shown is never among them,
//! though the store may have lost it by now: its end is told as news, and counted down.

use postern_proto_imap::types::UidSet;
use postern_store::mail::snapshot::Snapshot;

/// UIDs of `known` that are gone.
///
/// `expunged` is the history since the client was here; `None` when it does not reach so far back, and then whatever is not
/// there counts as gone, from `first` up (RFC 7162 §3.2.5.2).
pub(super) fn vanished(told: &Snapshot, known: &UidSet, expunged: Option<Vec<u32>>, first: u32) -> UidSet {
    match expunged {
        Some(mut uids) => {
            uids.sort_unstable();
            uids.into_iter().filter(|uid| known.contains(*uid) && told.index_of(*uid).is_none()).collect()
        }
        None => known.both(&absent(told, first)),
    }
}

/// UIDs from `first` up to UIDNEXT that no message has.
fn absent(told: &Snapshot, first: u32) -> UidSet {
    let mut gaps = Vec::new();
    let mut next = first.max(1);
    for entry in told.iter_from(told.lower_bound(next)) {
        if next < entry.uid {
            gaps.push((next, entry.uid - 1));
        }
        next = entry.uid.saturating_add(1);
    }
    gaps.push((next, told.folder.uid_next.saturating_sub(1)));
    UidSet::of_ranges(gaps)
}
