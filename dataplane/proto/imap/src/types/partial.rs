//! A page of a result.

use std::ops::Range;

/// `partial-range = partial-range-first / partial-range-last` (RFC 9394 §4): places in a list, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartialRange {
    /// `-1:-100`: counted from the end, which is −1.
    pub from_end: bool,
    /// One end as the client wrote it, from 1.
    pub first: u32,
    /// The other end; the two stand in either order.
    pub last: u32,
}

impl PartialRange {
    /// Which of `len` things are meant: none when all places lie behind the end.
    #[must_use]
    pub fn of(self, len: usize) -> Range<usize> {
        // RFC 9394 §3.1: 1:500 and 500:1 are the same, and so are -1:-100 and -100:-1.
        let (low, high) = (self.first.min(self.last) as usize, self.first.max(self.last) as usize);
        let (start, end) = (low.saturating_sub(1).min(len), high.min(len));
        if self.from_end { len - end..len - start } else { start..end }
    }

    /// Those of a list of ranges, ascending and disjoint, that hold the things meant.
    #[must_use]
    pub fn of_ranges(self, ranges: &[Range<usize>]) -> Vec<Range<usize>> {
        let Range { start, end } = self.of(ranges.iter().map(ExactSizeIterator::len).sum());
        let (mut page, mut before) = (Vec::new(), 0);
        for range in ranges {
            let place = |n: usize| range.start + n.clamp(before, before + range.len()) - before;
            let part = place(start)..place(end);
            if !part.is_empty() {
                page.push(part);
            }
            before += range.len();
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pages_from_either_end() {
        let page = |from_end, first, last| PartialRange { from_end, first, last }.of(10);
        assert_eq!(page(false, 1, 4), 0..4);
        assert_eq!(page(false, 4, 1), 0..4);
        assert_eq!(page(false, 9, 20), 8..10);
        assert!(page(false, 11, 20).is_empty());
        assert_eq!(page(true, 1, 3), 7..10);
        assert_eq!(page(true, 8, 99), 0..3);
        assert!(page(true, 11, 12).is_empty());
    }

    proptest! {
        #[test]
        fn a_page_of_ranges_is_a_page_of_what_they_hold(
            gaps in prop::collection::vec((0usize..5, 0usize..5), 0..6), from_end: bool, first in 1u32..25, last in 1u32..25,
        ) {
            let mut ranges = Vec::new();
            let mut at = 0;
            for (gap, length) in gaps {
                ranges.push(at + gap..at + gap + length);
                at += gap + length + 1;
            }
            let all: Vec<usize> = ranges.iter().cloned().flatten().collect();
            let page = PartialRange { from_end, first, last };
            let held: Vec<usize> = page.of_ranges(&ranges).into_iter().flatten().collect();
            prop_assert_eq!(&held, &all[page.of(all.len())]);
        }
    }
}
