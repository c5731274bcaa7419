//! Where in a result something leaves and joins, as RFC 5267 §4.3.3 and §4.3.4 count.

use std::collections::HashSet;

use postern_proto_imap::encode::Placed;

use crate::selected::number;

/// What leaves a result, to be taken out in this order. In a sorted one the last comes first, so that no place moves before
/// it is named.
pub(super) fn removed(before: &[u32], leaving: &HashSet<u32>, sorted: bool) -> Vec<Placed> {
    let mut runs = runs(before, leaving, sorted);
    runs.reverse();
    runs
}

/// What has joined a result that now is `after`, to be put in in this order: each at the place that it has in the end.
pub(super) fn added(after: &[u32], joined: &HashSet<u32>, sorted: bool) -> Vec<Placed> {
    runs(after, joined, sorted)
}

/// Those of the result that are chosen: side by side in a sorted one, else all together at place 0.
fn runs(result: &[u32], chosen: &HashSet<u32>, sorted: bool) -> Vec<Placed> {
    if chosen.is_empty() {
        return Vec::new();
    }
    let mut runs: Vec<Placed> = Vec::new();
    let mut next = None;
    for (at, uid) in result.iter().enumerate().filter(|(_, uid)| chosen.contains(uid)) {
        match runs.last_mut().filter(|_| !sorted || next == Some(at)) {
            Some((_, run)) => run.push(*uid),
            None => runs.push((if sorted { number(at + 1) } else { 0 }, vec![*uid])),
        }
        next = Some(at + 1);
    }
    runs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a client does with the answers (RFC 5267 §4.3.3, §4.3.4).
    fn apply(mut list: Vec<u32>, removed: &[Placed], added: &[Placed]) -> Vec<u32> {
        for (place, uids) in removed {
            let at = *place as usize - 1;
            let taken: Vec<u32> = list.drain(at..at + uids.len()).collect();
            assert_eq!(taken, *uids);
        }
        for (place, uids) in added {
            let at = *place as usize - 1;
            list.splice(at..at, uids.iter().copied());
        }
        list
    }

    proptest! {
        #[test]
        fn a_client_that_does_as_it_is_told_has_the_new_result(
            all in Just((1..=30u32).collect::<Vec<_>>()).prop_shuffle(),
            kinds in prop::collection::vec(0..4u8, 30),
        ) {
            let of = |kind: u8| -> HashSet<u32> { all.iter().zip(&kinds).filter(|(_, k)| **k == kind).map(|(uid, _)| *uid).collect() };
            let (gone, new, never) = (of(0), of(1), of(2));
            let before: Vec<u32> = all.iter().copied().filter(|uid| !new.contains(uid) && !never.contains(uid)).collect();
            let after: Vec<u32> = all.iter().copied().filter(|uid| !gone.contains(uid) && !never.contains(uid)).collect();
            let told = apply(before.clone(), &removed(&before, &gone, true), &added(&after, &new, true));
            prop_assert_eq!(told, after);
        }
    }

    #[test]
    fn a_search_needs_no_places() {
        let chosen: HashSet<u32> = [3, 9].into();
        assert_eq!(removed(&[1, 3, 5, 9], &chosen, false), [(0, vec![3, 9])]);
        assert_eq!(added(&[1, 3, 5, 9], &HashSet::new(), false), []);
    }
}
