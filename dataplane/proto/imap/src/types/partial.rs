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
}

#[cfg(test)]
mod tests {
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
}
