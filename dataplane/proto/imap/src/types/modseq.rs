//! Mod-sequences: what CONDSTORE and QRESYNC add to commands (RFC 7162).

use super::{PartialRange, UidSet};

/// `select-param` (RFC 7162 §7): how SELECT and EXAMINE are to open a mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SelectParams {
    /// `CONDSTORE`: from now on FETCH tells mod-sequences (RFC 7162 §3.1.8).
    pub condstore: bool,
    /// `QRESYNC (…)`: what the client knows of the mailbox; only after ENABLE QRESYNC.
    pub resync: Option<Resync>,
}

/// `"QRESYNC" SP "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")"` (RFC 7162 §3.2.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resync {
    /// The UIDVALIDITY that it knows; another one makes the rest void.
    pub uid_validity: u32,
    /// It knows all changes up to this mod-sequence.
    pub modseq: u64,
    /// The UIDs that it knows; all of them when absent.
    pub known_uids: Option<UidSet>,
    /// Sequence numbers and the UIDs that they had, in step.
    pub known_pairs: Option<(UidSet, UidSet)>,
}

impl Resync {
    /// The UID below which nothing was expunged, for the client still has the right number for it (RFC 7162 §3.2.5.2).
    ///
    /// `uid_of` knows the UID that a sequence number has now; `None` above the count.
    pub fn first_unsure(&self, uid_of: impl Fn(u32) -> Option<u32>) -> u32 {
        let Some((numbers, uids)) = &self.known_pairs else { return 1 };
        let mut first = 1;
        for (number, uid) in numbers.iter().zip(uids.iter()) {
            match uid_of(number) {
                Some(now) if now == uid => first = uid,
                _ => break,
            }
        }
        first
    }
}

/// `fetch-modifier` (RFC 7162 §7, RFC 9394 §4): which of the messages named FETCH is to answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchModifiers {
    /// `CHANGEDSINCE n`: those with a higher mod-sequence.
    pub changed_since: Option<u64>,
    /// `VANISHED`: first the UIDs of the set that are gone since; only in UID FETCH, with CHANGEDSINCE, after ENABLE QRESYNC.
    pub vanished: bool,
    /// `PARTIAL range`: a page of what is left (RFC 9394 §3.3); only in UID FETCH.
    pub partial: Option<PartialRange>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_that_still_hold_need_no_answer() {
        let set = |numbers: &[u32]| numbers.iter().copied().collect::<UidSet>();
        let resync = |numbers: &[u32], uids: &[u32]| Resync {
            uid_validity: 1,
            modseq: 1,
            known_uids: None,
            known_pairs: Some((set(numbers), set(uids))),
        };
        // RFC 7162 §3.2.5.2: numbers 5000, 7500, 9000, 9990:9999 had the UIDs 15000, 22500, 27000, 29970, 29973, …
        let now = |number: u32| (number <= 9_000).then_some(number * 3);
        assert_eq!(resync(&[5_000, 7_500, 9_000, 9_990], &[15_000, 22_500, 27_000, 29_970]).first_unsure(now), 27_000);
        assert_eq!(resync(&[5_000, 7_500], &[15_001, 22_500]).first_unsure(now), 1);
        assert_eq!(Resync { known_pairs: None, ..resync(&[], &[]) }.first_unsure(now), 1);
    }
}
