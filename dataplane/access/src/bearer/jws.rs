//! A JWT in its compact form (RFC 7515 §3.1, RFC 7519): taken apart, not yet believed.
//!
//! Signatures are checked by `ring`, the one provider of cryptography here. JWT libraries read the clock by themselves and
//! bring a second provider along, so what lies around the signature is read here: three parts, two of them JSON.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::Value;

use super::claims::{Claims, Fault};

/// How a token may be signed. Whatever else its header says is refused: `none`, and a shared secret above all (RFC 8725 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3).
    Rs256,
    /// ECDSA with P-256 and SHA-256 (RFC 7518 §3.4).
    Es256,
    /// Ed25519 (RFC 8037 §3.1; under its own name, RFC 9864).
    EdDsa,
}

impl Algorithm {
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            _ => None,
        }
    }
}

/// A token that claims something.
#[derive(Debug)]
pub(super) struct Token<'t> {
    /// What is signed: header and payload as they came.
    pub(super) signed: &'t [u8],
    pub(super) signature: Vec<u8>,
    pub(super) algorithm: Algorithm,
    /// Which key of the issuer.
    pub(super) key: Option<String>,
    pub(super) claims: Claims,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

impl<'t> Token<'t> {
    pub(super) fn parse(text: &'t str) -> Result<Self, Fault> {
        let (signed, signature) = text.rsplit_once('.').ok_or(Fault::Malformed)?;
        let (header, payload) = signed.split_once('.').filter(|(_, payload)| !payload.contains('.')).ok_or(Fault::Malformed)?;
        let part = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| Fault::Malformed);
        let header: Header = serde_json::from_slice(&part(header)?).map_err(|_| Fault::Malformed)?;
        // RFC 7515 §4.1.11: what is critical must be understood, and we know no extension.
        if header.crit.is_some() {
            return Err(Fault::Malformed);
        }
        let algorithm = Algorithm::of(&header.alg).ok_or(Fault::Algorithm)?;
        let claims = Claims::read(&part(payload)?)?;
        Ok(Self { signed: signed.as_bytes(), signature: part(signature)?, algorithm, key: header.kid, claims })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, payload: &str) -> String {
        format!("{}.{}.AAAA", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn only_what_is_signed_by_a_key_pair_is_read() {
        for (header, fault) in [
            (r#"{"alg":"none"}"#, Fault::Algorithm),
            (r#"{"alg":"None"}"#, Fault::Algorithm),
            (r#"{"alg":"HS256"}"#, Fault::Algorithm),
            (r#"{"alg":"rs256"}"#, Fault::Algorithm),
            (r#"{"alg":"RS1"}"#, Fault::Algorithm),
            (r#"{"kid":"x"}"#, Fault::Malformed),
            (r#"{"alg":"RS256","crit":["exp"]}"#, Fault::Malformed),
            (r#"{"alg":"RS256","alg":"none"}"#, Fault::Malformed),
            ("[]", Fault::Malformed),
        ] {
            assert_eq!(Token::parse(&token(header, "{}")).err(), Some(fault), "{header}");
        }
        let whole = token(r#"{"alg":"ES256","kid":"k","typ":"at+jwt"}"#, r#"{"iss":"x"}"#);
        let read = Token::parse(&whole).unwrap();
        assert_eq!((read.algorithm, read.key.as_deref(), read.claims.text("iss")), (Algorithm::Es256, Some("k"), Some("x")));
        for bad in ["", "a", "a.b", "a.b.c.d", "..", "e30.e30.e30=", "e30.bm8.AAAA", &format!("{whole}."), &format!(".{whole}")] {
            assert!(Token::parse(bad).is_err(), "{bad}");
        }
    }
}
