//! Which messages a set names.

use std::ops::Range;

use postern_proto_imap::types::{Keyword, SequenceSet, UidSet};
use postern_store::mail::snapshot::Snapshot;

/// Keywords that a FLAGS response names at most.
const MAX_KEYWORDS: usize = 1_000;

/// Indexes, ascending and disjoint; `None` when a sequence number is above the count.
pub(super) fn resolve(told: &Snapshot, saved: &UidSet, set: &SequenceSet, uid: bool) -> Option<Vec<Range<usize>>> {
    let uids = |low: u32, high: u32| between(told, low, high);
    let mut found: Vec<Range<usize>> = Vec::new();
    match set {
        SequenceSet::Saved => found.extend(saved.ranges().iter().map(|&(low, high)| uids(low, high))),
        SequenceSet::Ranges(ranges) if uid => {
            let largest = told.len().checked_sub(1).and_then(|last| told.get(last)).map_or(0, |last| last.uid);
            found.extend(ranges.iter().map(|range| range.bounds(largest)).map(|(low, high)| uids(low, high)));
        }
        SequenceSet::Ranges(ranges) => {
            let count = u32::try_from(told.len()).unwrap_or(u32::MAX);
            for range in ranges {
                let (low, high) = range.bounds(count);
                // RFC 9051 §9, seq-number: a number above the count, or * in an empty mailbox, is BAD.
                if low == 0 || high > count {
                    return None;
                }
                found.push(low as usize - 1..high as usize);
            }
        }
    }
    Some(disjoint(found))
}

/// Indexes of the messages with UIDs from `low` to `high`.
pub(super) fn between(told: &Snapshot, low: u32, high: u32) -> Range<usize> {
    told.lower_bound(low)..high.checked_add(1).map_or(told.len(), |after| told.lower_bound(after))
}

/// Keywords that stand in a folder, each once.
pub(super) fn keywords(snapshot: &Snapshot) -> Vec<Keyword> {
    let mut known = Vec::new();
    let mut last: Option<&str> = None;
    for entry in snapshot.iter() {
        // Runs of messages have the same keywords: look at each text once.
        if entry.keywords.as_deref() != last && entry.keywords.is_some() {
            learn(&mut known, entry.keywords.as_deref());
        }
        last = entry.keywords.as_deref();
    }
    known
}

/// Adds what is not known; says whether there was any.
pub(super) fn learn(known: &mut Vec<Keyword>, keywords: Option<&str>) -> bool {
    let before = known.len();
    for word in keywords.into_iter().flat_map(|k| k.split(' ')) {
        if known.len() < MAX_KEYWORDS
            && let Ok(word) = Keyword::new(word.as_bytes())
            && !known.contains(&word)
        {
            known.push(word);
        }
    }
    known.len() > before
}

pub(super) fn disjoint(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.retain(|range| !range.is_empty());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_merged_whatever_their_order() {
        assert_eq!(disjoint(vec![5..7, 0..2, 1..3, 3..3, 6..9]), [0..3, 5..9]);
    }
}
