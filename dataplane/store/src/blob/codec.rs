//! How a body lies there: as it is, or through zstd at its fastest level.

use crate::{
    compress,
    error::{Result, StoreError},
};

/// Below this many bytes nothing is gained.
const MIN: usize = 256;

/// How a body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// As it is.
    Plain = 0,
    /// One zstd frame.
    Zstd = 1,
}

impl Codec {
    /// From its number in the row.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for a number that this version does not know.
    pub fn of(number: i64) -> Result<Self> {
        match number {
            0 => Ok(Self::Plain),
            1 => Ok(Self::Zstd),
            other => Err(StoreError::Damaged(format!("unknown encoding {other}"))),
        }
    }
}

/// Compresses when that saves an eighth or more.
pub fn encode(body: &[u8]) -> (Codec, Vec<u8>) {
    if body.len() >= MIN {
        let compressed = compress::pack(body).ok();
        if let Some(compressed) = compressed.filter(|c| c.len() <= body.len() - body.len() / 8) {
            return (Codec::Zstd, compressed);
        }
    }
    (Codec::Plain, body.to_vec())
}

/// The body again; `size` is what it must come to, and no more is written.
///
/// # Errors
/// [`StoreError::Damaged`] when it does not come to that.
pub fn decode(codec: Codec, stored: &[u8], size: usize) -> Result<Vec<u8>> {
    let body = match codec {
        Codec::Plain => stored.to_vec(),
        Codec::Zstd => compress::unpack(stored, size).map_err(|e| StoreError::Damaged(e.to_string()))?,
    };
    if body.len() == size { Ok(body) } else { Err(StoreError::Damaged("a body is not as long as its row says".into())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_as_it_was() {
        for body in [Vec::new(), b"x".repeat(100_000), (0..50_000u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect()] {
            let (codec, stored) = encode(&body);
            assert!(stored.len() <= body.len());
            assert_eq!(decode(codec, &stored, body.len()).unwrap(), body);
        }
    }

    #[test]
    fn a_wrong_size_is_damage() {
        let (codec, stored) = encode(&b"x".repeat(1_000));
        assert!(matches!(decode(codec, &stored, 999), Err(StoreError::Damaged(_))));
        assert!(matches!(decode(codec, &stored[..4], 1_000), Err(StoreError::Damaged(_))));
    }
}
