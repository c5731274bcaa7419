//! Base64 as SMTP (RFC 4954 §4) and IMAP (RFC 4959) carry SASL: standard alphabet, padded, nothing else.

use base64::{Engine, engine::general_purpose::STANDARD};

/// Text that is not base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotBase64;

impl std::fmt::Display for NotBase64 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not base64")
    }
}

impl std::error::Error for NotBase64 {}

/// Decodes a client's response line.
///
/// # Errors
/// [`NotBase64`] for any octet outside the alphabet, missing padding or stray bits.
pub fn decode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, NotBase64> {
    STANDARD.decode(text).map_err(|_| NotBase64)
}

/// Decodes an initial response: a lone `=` is the empty one (RFC 4954 §4, RFC 4959 §3).
///
/// # Errors
/// [`NotBase64`] as [`decode`].
pub fn decode_initial(text: impl AsRef<[u8]>) -> Result<Vec<u8>, NotBase64> {
    if text.as_ref() == b"=" { Ok(Vec::new()) } else { decode(text) }
}

/// Encodes a challenge.
#[must_use]
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_equals_sign_is_the_empty_initial_response() {
        assert_eq!(decode_initial("="), Ok(vec![]));
        assert_eq!(decode("="), Err(NotBase64));
        assert_eq!(decode_initial("AHRpbQ=="), Ok(b"\0tim".to_vec()));
        assert_eq!(decode("AHRpbQ"), Err(NotBase64));
    }
}
