//! The issuer's key pairs: what it publishes (RFC 7517) and how it signs (RFC 7515).

use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::{Value, json};

use crate::smtp::base64;

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alg {
    /// RSA with SHA-256.
    Rs256,
    /// P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Alg {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// A key for tests, known to everybody: making one takes seconds.
const RSA: &str = include_str!("rsa2048.pkcs8.b64");

#[derive(Debug)]
pub(super) struct Keys {
    pub(super) generation: u32,
    rsa: RsaKeyPair,
    ecdsa: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
}

impl Keys {
    pub(super) fn new(generation: u32) -> Self {
        let chance = SystemRandom::new();
        let ecdsa = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &chance).expect("a key");
        let ed25519 = Ed25519KeyPair::generate_pkcs8(&chance).expect("a key");
        Self {
            generation,
            rsa: RsaKeyPair::from_pkcs8(&decoded(RSA)).expect("the key"),
            ecdsa: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, ecdsa.as_ref(), &chance).expect("the key"),
            ed25519: Ed25519KeyPair::from_pkcs8(ed25519.as_ref()).expect("the key"),
        }
    }

    fn name(&self, alg: Alg) -> String {
        format!("{}-{}", alg.name(), self.generation)
    }

    /// The JWK set.
    pub(super) fn set(&self) -> Value {
        let rsa: PublicKeyComponents<Vec<u8>> = self.rsa.public_key().into();
        let point = self.ecdsa.public_key().as_ref();
        json!({"keys": [
            {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.name(Alg::Rs256), "n": url(&rsa.n), "e": url(&rsa.e)},
            {"kty": "EC", "crv": "P-256", "kid": self.name(Alg::Es256), "x": url(&point[1..33]), "y": url(&point[33..])},
            {"kty": "OKP", "crv": "Ed25519", "kid": self.name(Alg::EdDsa), "x": url(self.ed25519.public_key().as_ref())},
        ]})
    }

    pub(super) fn sign(&self, alg: Alg, claims: &Value) -> String {
        let header = json!({"alg": alg.name(), "kid": self.name(alg), "typ": "at+jwt"});
        let signed = format!("{}.{}", url(header.to_string().as_bytes()), url(claims.to_string().as_bytes()));
        let chance = SystemRandom::new();
        let signature = match alg {
            Alg::Rs256 => {
                let mut signature = vec![0; self.rsa.public().modulus_len()];
                self.rsa.sign(&RSA_PKCS1_SHA256, &chance, signed.as_bytes(), &mut signature).expect("a signature");
                signature
            }
            Alg::Es256 => self.ecdsa.sign(&chance, signed.as_bytes()).expect("a signature").as_ref().to_vec(),
            Alg::EdDsa => self.ed25519.sign(signed.as_bytes()).as_ref().to_vec(),
        };
        format!("{signed}.{}", url(&signature))
    }
}

/// RFC 4648 §5 without padding.
fn url(bytes: &[u8]) -> String {
    base64(bytes).trim_end_matches('=').replace('+', "-").replace('/', "_")
}

/// RFC 4648 §4, with line ends.
fn decoded(text: &str) -> Vec<u8> {
    let six = |c: u8| match c {
        b'A'..=b'Z' => Some(c - b'A'),
        b'a'..=b'z' => Some(c - b'a' + 26),
        b'0'..=b'9' => Some(c - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let sixes: Vec<u8> = text.bytes().filter_map(six).collect();
    let whole = sixes.chunks(4).flat_map(|chunk| {
        let bits = chunk.iter().fold(0_u32, |bits, six| (bits << 6) | u32::from(*six)) << (6 * (4 - chunk.len()));
        bits.to_be_bytes().into_iter().skip(1).take(chunk.len() * 3 / 4)
    });
    whole.collect()
}
