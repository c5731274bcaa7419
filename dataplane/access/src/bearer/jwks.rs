//! An issuer's public keys (RFC 7517 §5, RFC 7518 §6, RFC 8037 §2).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;

use super::{
    claims::Fault,
    jws::{Algorithm, Token},
};

/// Keys of one issuer at most; the rest is left out.
const MOST: usize = 64;

/// The keys that may sign.
#[derive(Debug, Default)]
pub(super) struct Keys(Vec<Key>);

#[derive(Debug)]
struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    public: Public,
}

#[derive(Debug)]
enum Public {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Octets(Vec<u8>),
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    kid: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Keys {
    /// Reads a JWK set. What is of a kind that we do not know is left out (RFC 7517 §5).
    pub(super) fn read(json: &[u8]) -> Option<Self> {
        let set: Set = serde_json::from_slice(json).ok()?;
        let known = set.keys.into_iter().filter_map(|jwk| serde_json::from_value::<Jwk>(jwk).ok()).filter_map(Key::of);
        Some(Self(known.take(MOST).collect()))
    }

    /// Whether there is a key that the token may have been signed with.
    pub(super) fn has(&self, token: &Token<'_>) -> bool {
        self.of(token).next().is_some()
    }

    /// Checks the signature.
    pub(super) fn verify(&self, token: &Token<'_>) -> Result<(), Fault> {
        if !self.has(token) {
            return Err(Fault::UnknownKey);
        }
        if self.of(token).any(|key| key.verifies(token)) { Ok(()) } else { Err(Fault::Signature) }
    }

    /// Keys for the token's algorithm, and of its name if it says one: the key decides about the algorithm, not the token.
    fn of<'k>(&'k self, token: &'k Token<'_>) -> impl Iterator<Item = &'k Key> {
        let named = |key: &&Key| token.key.is_none() || key.id == token.key;
        self.0.iter().filter(|key| key.algorithm == token.algorithm).filter(named)
    }
}

impl Key {
    fn of(jwk: Jwk) -> Option<Self> {
        if jwk.purpose.is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let octets = |text: Option<String>| URL_SAFE_NO_PAD.decode(text?).ok();
        let coordinate = |text: Option<String>| octets(text).filter(|octets| octets.len() == 32);
        let (algorithm, public) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => (Algorithm::Rs256, Public::Rsa { n: octets(jwk.n)?, e: octets(jwk.e)? }),
            // SEC 1 §2.3.3: an uncompressed point.
            ("EC", Some("P-256")) => (Algorithm::Es256, Public::Octets([vec![4], coordinate(jwk.x)?, coordinate(jwk.y)?].concat())),
            ("OKP", Some("Ed25519")) => (Algorithm::EdDsa, Public::Octets(coordinate(jwk.x)?)),
            _ => return None,
        };
        // RFC 7517 §4.4: a key that is for one algorithm is for no other.
        if jwk.alg.is_some_and(|alg| Algorithm::of(&alg) != Some(algorithm)) {
            return None;
        }
        Some(Self { id: jwk.kid, algorithm, public })
    }

    fn verifies(&self, token: &Token<'_>) -> bool {
        let (signed, signature) = (token.signed, token.signature.as_slice());
        match (&self.public, self.algorithm) {
            // RFC 7518 §3.3: 2048 bits or more.
            (Public::Rsa { n, e }, Algorithm::Rs256) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature).is_ok()
            }
            (Public::Octets(point), Algorithm::Es256) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature).is_ok()
            }
            (Public::Octets(key), Algorithm::EdDsa) => UnparsedPublicKey::new(&ED25519, key).verify(signed, signature).is_ok(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515 §A.3: ES256.
    #[test]
    fn the_ecdsa_example_of_the_rfc() {
        let keys = Keys::read(
            br#"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#,
        )
        .unwrap();
        let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
                     DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        let parsed = Token::parse(token).unwrap();
        assert_eq!(keys.verify(&parsed), Ok(()));
        assert_eq!(parsed.claims.text("iss"), Some("joe"));
        let other = token.replace("eyJpc3MiOiJqb2UiLA0K", "eyJpc3MiOiJqb3kiLA0K");
        assert_eq!(keys.verify(&Token::parse(&other).unwrap()), Err(Fault::Signature));
    }

    #[test]
    fn keys_that_may_not_sign_are_left_out() {
        let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
        for jwk in [
            format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}","use":"enc"}}"#),
            format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}","alg":"ES256"}}"#),
            format!(r#"{{"kty":"OKP","crv":"Ed448","x":"{x}"}}"#),
            r#"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#.to_owned(),
            r#"{"kty":"oct","k":"AAAA"}"#.to_owned(),
            r#"{"kty":7}"#.to_owned(),
        ] {
            assert!(Keys::read(format!(r#"{{"keys":[{jwk}]}}"#).as_bytes()).unwrap().0.is_empty(), "{jwk}");
        }
        assert!(Keys::read(b"[]").is_none());
        let many = vec![format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#); 100].join(",");
        assert_eq!(Keys::read(format!(r#"{{"keys":[{many}]}}"#).as_bytes()).unwrap().0.len(), MOST);
    }
}
