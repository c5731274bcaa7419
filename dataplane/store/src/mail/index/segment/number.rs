//! Numbers and octets as they stand in a part: varints, ascending lists, what is compressed.
//!
//! It must not trust a length that it reads: what says more than there is, or than [`MOST`], is damaged.

use crate::{
    compress,
    error::{Result, StoreError},
};

/// Octets that a part may come to; what says more is damaged.
const MOST: usize = 1 << 30;

/// How many, then each less the one before.
pub(super) fn ascending(out: &mut Vec<u8>, numbers: impl ExactSizeIterator<Item = u64>) {
    push_varint(out, numbers.len() as u64);
    let mut before = 0;
    for number in numbers {
        push_varint(out, number - before);
        before = number;
    }
}

pub(super) fn ascended(bytes: &mut &[u8]) -> Option<Vec<u64>> {
    let count = usize::try_from(varint(bytes)?).ok().filter(|count| *count <= bytes.len())?;
    let mut before = 0u64;
    (0..count)
        .map(|_| {
            before = before.checked_add(varint(bytes)?)?;
            Some(before)
        })
        .collect()
}

pub(super) fn push_varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

pub(super) fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut n = 0u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        n |= u64::from(first & 0x7f) << shift;
        if *first < 0x80 {
            return Some(n);
        }
    }
    None
}

/// Compressed, behind its length.
pub(super) fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    push_varint(&mut out, bytes.len() as u64);
    // Memory is the one thing that can be short here; what cannot be unpacked is made again.
    out.extend(compress::pack(bytes).unwrap_or_default());
    out
}

/// What [`pack`] packed.
///
/// # Errors
/// [`StoreError::Damaged`].
pub fn unpack(mut bytes: &[u8]) -> Result<Vec<u8>> {
    let length = varint(&mut bytes).and_then(|n| usize::try_from(n).ok()).filter(|n| *n <= MOST).ok_or_else(damaged)?;
    let unpacked = compress::unpack(bytes, length).map_err(|_| damaged())?;
    if unpacked.len() == length { Ok(unpacked) } else { Err(damaged()) }
}

pub(super) fn damaged() -> StoreError {
    StoreError::Damaged("a segment of the text index cannot be read; `postern index` makes it again".into())
}
