//! Making keys. RSA takes up to a second: call it where waiting is allowed (`spawn_blocking`).

use mail_auth::common::crypto::Ed25519Key;
use postern_core::{Secret, Timestamp, directory::DkimAlgorithm};
use postern_store::directory::DkimMaterial;
use rand::CryptoRng;
use rsa::{
    RsaPrivateKey,
    pkcs8::{EncodePrivateKey, EncodePublicKey},
};

/// RFC 8301 §3.2 asks for 1024 at least and advises 2048; more does not fit into every resolver's answer.
const RSA_BITS: usize = 2048;
/// `OneAsymmetricKey` of version 1 with algorithm 1.3.101.112, up to its 32 octets of seed (RFC 8410 §7).
const ED25519_PKCS8: [u8; 16] = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// A key that cannot be made or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("DKIM key: {0}")]
pub struct KeyError(pub(super) String);

impl KeyError {
    pub(super) fn of(cause: impl std::fmt::Display) -> Self {
        Self(cause.to_string())
    }
}

/// Makes a key of this type under this selector.
///
/// # Errors
/// [`KeyError`] when the random numbers are of no use.
pub fn generate(algorithm: DkimAlgorithm, selector: String, rng: &mut impl CryptoRng) -> Result<DkimMaterial, KeyError> {
    let (private, public) = match algorithm {
        DkimAlgorithm::Rsa2048 => rsa(rng)?,
        DkimAlgorithm::Ed25519 => ed25519(rng)?,
    };
    Ok(DkimMaterial { selector, private: Secret::new(private), public })
}

/// A selector that no other key of the domain has: type and moment, such as `ed25519-6b0260c0`.
#[must_use]
pub fn selector(algorithm: DkimAlgorithm, at: Timestamp) -> String {
    let kind = match algorithm {
        DkimAlgorithm::Rsa2048 => "rsa",
        DkimAlgorithm::Ed25519 => "ed25519",
    };
    format!("{kind}-{:x}", at.secs())
}

fn rsa(rng: &mut impl CryptoRng) -> Result<(Vec<u8>, Vec<u8>), KeyError> {
    let key = RsaPrivateKey::new(&mut Older(rng), RSA_BITS).map_err(KeyError::of)?;
    let private = key.to_pkcs8_der().map_err(KeyError::of)?.as_bytes().to_vec();
    // RFC 6376 §3.6.1, as every verifier reads it: SubjectPublicKeyInfo.
    let public = key.to_public_key().to_public_key_der().map_err(KeyError::of)?.into_vec();
    Ok((private, public))
}

fn ed25519(rng: &mut impl CryptoRng) -> Result<(Vec<u8>, Vec<u8>), KeyError> {
    let mut private = ED25519_PKCS8.to_vec();
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    private.extend_from_slice(&seed);
    let public = Ed25519Key::from_pkcs8_maybe_unchecked_der(&private).map_err(KeyError::of)?.public_key();
    Ok((private, public))
}

/// Our generator as the trait of an earlier version, which `rsa` asks for.
struct Older<'a, R>(&'a mut R);

impl<R: CryptoRng> rsa::rand_core::RngCore for Older<'_, R> {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, to: &mut [u8]) {
        self.0.fill_bytes(to);
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), rsa::rand_core::Error> {
        self.0.fill_bytes(to);
        Ok(())
    }
}

impl<R: CryptoRng> rsa::rand_core::CryptoRng for Older<'_, R> {}
