//! The bytes of a summary: varints, counted strings, and strings that may be absent (NIL).
//!
//! Little more than lengths before bytes; what stands where is told in [`super`]. The reader never
//! panics: what is cut short or too long reads as `None`.

/// Writes; stops taking text when its budget is spent, so that no message makes a summary without bound.
#[derive(Debug)]
pub(crate) struct Writer {
    out: Vec<u8>,
    text_left: usize,
}

impl Writer {
    /// A writer that takes at most `budget` octets of text.
    pub(crate) fn new(budget: usize) -> Self {
        Self { out: Vec::with_capacity(512), text_left: budget }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }

    pub(crate) fn u8(&mut self, v: u8) {
        self.out.push(v);
    }

    /// Seven bits an octet, least significant first, the high bit set on all but the last.
    pub(crate) fn varint(&mut self, mut v: u64) {
        while v >= 0x80 {
            self.out.push((v & 0x7f) as u8 | 0x80);
            v >>= 7;
        }
        self.out.push(v as u8);
    }

    pub(crate) fn size(&mut self, v: usize) {
        self.varint(v as u64);
    }

    /// A signed number, its sign in the lowest bit.
    pub(crate) fn signed(&mut self, v: i64) {
        self.varint(((v << 1) ^ (v >> 63)).cast_unsigned());
    }

    /// A counted string; empty when the budget does not hold it.
    pub(crate) fn text(&mut self, text: &[u8]) {
        let text = if self.spend(text.len()) { text } else { &[] };
        self.size(text.len());
        self.out.extend_from_slice(text);
    }

    /// A string or NIL; NIL when the budget does not hold it.
    pub(crate) fn nstring(&mut self, text: Option<&[u8]>) {
        match text {
            Some(text) if self.spend(text.len()) => {
                self.size(text.len() + 1);
                self.out.extend_from_slice(text);
            }
            _ => self.u8(0),
        }
    }

    /// What `write` writes, preceded by its length.
    pub(crate) fn block(&mut self, write: impl FnOnce(&mut Self)) {
        let start = self.out.len();
        self.out.push(0);
        write(self);
        let len = self.out.len() - start - 1;
        if let (true, Some(slot)) = (len < 0x80, self.out.get_mut(start)) {
            *slot = len as u8;
            return;
        }
        let mut prefix = Self { out: Vec::with_capacity(10), text_left: 0 };
        prefix.size(len);
        self.out.splice(start..=start, prefix.out);
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// Takes octets from the budget; `false` when it does not hold them.
    pub(crate) fn spend(&mut self, octets: usize) -> bool {
        match self.text_left.checked_sub(octets) {
            Some(left) => {
                self.text_left = left;
                true
            }
            None => false,
        }
    }
}

/// Reads what [`Writer`] wrote, borrowing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reader<'s> {
    rest: &'s [u8],
}

impl<'s> Reader<'s> {
    pub(crate) const fn new(bytes: &'s [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) const fn rest(&self) -> &'s [u8] {
        self.rest
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    pub(crate) fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    pub(crate) fn size(&mut self) -> Option<usize> {
        usize::try_from(self.varint()?).ok()
    }

    pub(crate) fn signed(&mut self) -> Option<i64> {
        let v = self.varint()?;
        Some((v >> 1).cast_signed() ^ -((v & 1).cast_signed()))
    }

    pub(crate) fn take(&mut self, len: usize) -> Option<&'s [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(taken)
    }

    pub(crate) fn text(&mut self) -> Option<&'s [u8]> {
        let len = self.size()?;
        self.take(len)
    }

    /// The outer `Option` is whether it could be read, the inner is NIL.
    #[expect(clippy::option_option, reason = "NIL is a value of the format")]
    pub(crate) fn nstring(&mut self) -> Option<Option<&'s [u8]>> {
        match self.size()? {
            0 => Some(None),
            n => Some(Some(self.take(n - 1)?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_and_strings_come_back(n: u64, s: i64, t in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut w = Writer::new(10_000);
            w.varint(n);
            w.signed(s);
            w.block(|w| { w.text(&t); w.nstring(None); w.nstring(Some(&t)); });
            let bytes = w.into_bytes();
            let mut r = Reader::new(&bytes);
            prop_assert_eq!(r.varint(), Some(n));
            prop_assert_eq!(r.signed(), Some(s));
            let mut inner = Reader::new(r.text().unwrap());
            prop_assert!(r.is_empty());
            prop_assert_eq!(inner.text(), Some(&t[..]));
            prop_assert_eq!(inner.nstring(), Some(None));
            prop_assert_eq!(inner.nstring(), Some(Some(&t[..])));
        }
    }

    #[test]
    fn text_beyond_the_budget_is_left_out() {
        let mut w = Writer::new(4);
        w.text(b"four");
        w.text(b"x");
        w.nstring(Some(b"y"));
        assert_eq!(w.into_bytes(), b"\x04four\x00\x00");
    }
}
