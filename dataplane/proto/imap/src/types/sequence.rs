//! Sets of message numbers: as the client writes them, and as ascending uids.

/// `seq-number = nz-number / "*"` (RFC 9051 §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SequenceNumber {
    /// A sequence number or a UID, never zero.
    Number(u32),
    /// `*`: the largest in use.
    Largest,
}

impl SequenceNumber {
    /// The number, with `*` standing for `largest`.
    #[must_use]
    pub const fn or_largest(self, largest: u32) -> u32 {
        match self {
            Self::Number(n) => n,
            Self::Largest => largest,
        }
    }
}

/// `seq-range = seq-number ":" seq-number`, in either order; a single number is a range of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SequenceRange {
    /// One end.
    pub start: SequenceNumber,
    /// The other end, included.
    pub end: SequenceNumber,
}

impl SequenceRange {
    /// Lower and upper end, both included, with `*` standing for `largest`.
    #[must_use]
    pub const fn bounds(self, largest: u32) -> (u32, u32) {
        // RFC 9051 §9, seq-range: 2:4 and 4:2 are equivalent, and 559:* includes * even when * is less than 559.
        let (a, b) = (self.start.or_largest(largest), self.end.or_largest(largest));
        if a <= b { (a, b) } else { (b, a) }
    }
}

/// `sequence-set = (seq-number / seq-range) ["," sequence-set] / seq-last-command` (RFC 9051 §9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SequenceSet {
    /// `$`: what the last SEARCH saved (RFC 9051 §6.4.4.1, RFC 5182).
    Saved,
    /// At least one range, in the client's order.
    Ranges(Vec<SequenceRange>),
}

/// Ascending, disjoint, non-adjacent inclusive ranges of UIDs or sequence numbers.
///
/// The compact form of COPYUID, ESEARCH ALL and the saved search result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UidSet(Vec<(u32, u32)>);

impl UidSet {
    /// An empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// From inclusive ranges in any order.
    #[must_use]
    pub fn of_ranges(mut ranges: Vec<(u32, u32)>) -> Self {
        ranges.sort_unstable();
        let mut set = Self::new();
        for (start, end) in ranges.into_iter().filter(|(start, end)| start <= end) {
            match set.0.last_mut() {
                Some((_, last)) if start <= last.saturating_add(1) => *last = end.max(*last),
                _ => set.0.push((start, end)),
            }
        }
        set
    }

    /// What is in both sets.
    #[must_use]
    pub fn both(&self, other: &Self) -> Self {
        let (mut ours, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut both = Vec::new();
        while let (Some(&&(a, b)), Some(&&(c, d))) = (ours.peek(), theirs.peek()) {
            if a.max(c) <= b.min(d) {
                both.push((a.max(c), b.min(d)));
            }
            if b < d {
                ours.next()
            } else {
                theirs.next()
            };
        }
        Self(both)
    }

    /// Adds a number larger than all before it; a smaller one finds its place more slowly.
    pub fn push(&mut self, n: u32) {
        match self.0.last_mut() {
            Some((_, end)) if *end < u32::MAX && n == *end + 1 => *end = n,
            Some((_, end)) if n <= *end => self.insert(n),
            _ => self.0.push((n, n)),
        }
    }

    /// Whether the number is in the set.
    #[must_use]
    pub fn contains(&self, n: u32) -> bool {
        let at = self.0.partition_point(|&(_, end)| end < n);
        self.0.get(at).is_some_and(|&(start, _)| start <= n)
    }

    /// Takes a number out; says whether it was there.
    pub fn remove(&mut self, n: u32) -> bool {
        let at = self.0.partition_point(|&(_, end)| end < n);
        let Some(&(start, end)) = self.0.get(at).filter(|&&(start, _)| start <= n) else { return false };
        let left = (start < n).then(|| (start, n - 1));
        let right = (n < end).then(|| (n + 1, end));
        self.0.splice(at..=at, left.into_iter().chain(right));
        true
    }

    /// How many numbers the set holds.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.iter().map(|&(start, end)| u64::from(end - start) + 1).sum()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges, ascending, both ends included.
    #[must_use]
    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.0
    }

    /// The numbers, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().flat_map(|&(start, end)| start..=end)
    }

    /// Gives back memory beyond the need.
    pub fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }

    fn insert(&mut self, n: u32) {
        if self.contains(n) {
            return;
        }
        let at = self.0.partition_point(|&(_, end)| end < n);
        self.0.insert(at, (n, n));
        let joins = |pair: Option<&[(u32, u32)]>| matches!(pair, Some(&[(_, end), (start, _)]) if end.checked_add(1) == Some(start));
        if joins(self.0.get(at..at + 2)) {
            self.join(at);
        }
        if at > 0 && joins(self.0.get(at - 1..at + 1)) {
            self.join(at - 1);
        }
    }

    fn join(&mut self, at: usize) {
        if at + 1 < self.0.len() {
            let (_, end) = self.0.remove(at + 1);
            if let Some(range) = self.0.get_mut(at) {
                range.1 = end;
            }
        }
    }
}

impl FromIterator<u32> for UidSet {
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        let mut set = Self::new();
        numbers.into_iter().for_each(|n| set.push(n));
        set
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_range_may_be_written_either_way() {
        use SequenceNumber::{Largest, Number};
        assert_eq!(SequenceRange { start: Number(4), end: Number(2) }.bounds(9), (2, 4));
        assert_eq!(SequenceRange { start: Number(559), end: Largest }.bounds(100), (100, 559));
    }

    proptest! {
        #[test]
        fn a_uid_set_is_a_set(add in prop::collection::vec(1u32..60, 0..60), take in prop::collection::vec(1u32..60, 0..30)) {
            let mut set: UidSet = add.iter().copied().collect();
            let mut model: BTreeSet<u32> = add.into_iter().collect();
            for n in take {
                prop_assert_eq!(set.remove(n), model.remove(&n));
            }
            prop_assert_eq!(set.iter().collect::<Vec<_>>(), model.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(set.len(), model.len() as u64);
            for pair in set.ranges().windows(2) {
                prop_assert!(pair[0].1 + 1 < pair[1].0, "not compact: {:?}", set.ranges());
            }
            for n in 0..61 {
                prop_assert_eq!(set.contains(n), model.contains(&n));
            }
            let shuffled = UidSet::of_ranges(model.iter().rev().map(|&n| (n, n)).collect());
            prop_assert_eq!(&shuffled, &set);
            let even: UidSet = (1..60).filter(|n| n % 2 == 0).collect();
            prop_assert_eq!(set.both(&even).iter().collect::<Vec<_>>(), model.iter().copied().filter(|n| n % 2 == 0).collect::<Vec<_>>());
            prop_assert_eq!(set.both(&UidSet::of_ranges(vec![(20, 40), (0, 70)])), set);
        }
    }

    #[test]
    fn the_ends_of_the_number_line() {
        let set: UidSet = [u32::MAX - 1, u32::MAX, u32::MAX].into_iter().collect();
        assert_eq!(set.ranges(), [(u32::MAX - 1, u32::MAX)]);
        assert_eq!(set.iter().count(), 2);
    }
}
