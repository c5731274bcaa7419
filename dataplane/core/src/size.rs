//! Byte counts in Kubernetes' notation: `5Gi`, `500M`, `1048576`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A number of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ByteSize(pub u64);

/// Text that is not a quantity of bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a whole number of bytes with an optional suffix Ki, Mi, Gi, Ti, k, M, G or T")]
pub struct NotASize;

const SUFFIXES: [(&str, u64); 9] = [
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
    ("", 1),
];

impl FromStr for ByteSize {
    type Err = NotASize;
    fn from_str(s: &str) -> Result<Self, NotASize> {
        SUFFIXES
            .iter()
            .find_map(|(suffix, unit)| {
                let digits = s.strip_suffix(suffix)?;
                if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                    return None;
                }
                digits.parse::<u64>().ok()?.checked_mul(*unit)
            })
            .map(Self)
            .ok_or(NotASize)
    }
}

/// The largest binary unit that divides it, else plain bytes.
impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match SUFFIXES[..4].iter().rev().find(|(_, unit)| self.0 != 0 && self.0.is_multiple_of(*unit)) {
            Some((suffix, unit)) => write!(f, "{}{suffix}", self.0 / unit),
            None => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_quantities() {
        assert_eq!("5Gi".parse(), Ok(ByteSize(5 << 30)));
        assert_eq!("500M".parse(), Ok(ByteSize(500_000_000)));
        assert_eq!("17".parse(), Ok(ByteSize(17)));
        for bad in ["", "Gi", "-1", "1.5Gi", "5gi", "99999999999Ti"] {
            assert_eq!(bad.parse::<ByteSize>(), Err(NotASize), "{bad}");
        }
        assert_eq!(ByteSize(5 << 30).to_string(), "5Gi");
        assert_eq!(ByteSize(1000).to_string(), "1000");
    }
}
