//! HMAC-SHA-256, SHA-256 and `Hi` (PBKDF2 with one block, RFC 5802 §2.2).

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// Octets of a key, hash or signature.
pub(crate) type Key = [u8; 32];

/// SHA-256's block, to which HMAC pads its key (RFC 2104 §2).
const BLOCK: usize = 64;

/// A keyed HMAC: cloning it is cheaper than keying it again.
pub(crate) fn keyed(key: &[u8]) -> Hmac<Sha256> {
    let mut block = [0u8; BLOCK];
    if key.len() > BLOCK {
        for (to, from) in block.iter_mut().zip(sha256(key)) {
            *to = from;
        }
    } else {
        for (to, from) in block.iter_mut().zip(key) {
            *to = *from;
        }
    }
    Hmac::new(&block.into())
}

pub(crate) fn hmac(key: &[u8], message: &[u8]) -> Key {
    let mut mac = keyed(key);
    mac.update(message);
    mac.finalize().into_bytes().into()
}

pub(crate) fn sha256(bytes: &[u8]) -> Key {
    Sha256::digest(bytes).into()
}

/// `Hi(password, salt, iterations)`; at least one iteration is made.
pub(crate) fn hi(password: &[u8], salt: &[u8], iterations: u32) -> Key {
    let prf = keyed(password);
    let mut first = prf.clone();
    first.update(salt);
    first.update(&1u32.to_be_bytes());
    let mut last: Key = first.finalize().into_bytes().into();
    let mut sum = last;
    for _ in 1..iterations {
        let mut next = prf.clone();
        next.update(&last);
        last = next.finalize().into_bytes().into();
        sum = xor(&sum, &last);
    }
    sum
}

pub(crate) fn xor(a: &Key, b: &Key) -> Key {
    let mut out = *a;
    for (to, from) in out.iter_mut().zip(b) {
        *to ^= from;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_keys_are_hashed_first() {
        let long = [0xaau8; 131];
        assert_eq!(hmac(&long, b"x"), hmac(&sha256(&long), b"x"));
    }

    /// RFC 7914 §11 gives PBKDF2-HMAC-SHA-256 of "passwd"/"salt"; its first 32 octets are `Hi`.
    #[test]
    fn pbkdf2_known_answer() {
        let hex: String = hi(b"passwd", b"salt", 1).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
    }
}
