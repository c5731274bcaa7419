//! What a server keeps of a password for SCRAM, and what it shows for users that do not exist.

use postern_core::Secret;

use super::hash::{Key, hi, hmac, sha256};
use crate::prep;

/// Salt octets of a decoy: as many as callers should use for real ones.
const SALT: usize = 16;

/// `StoredKey` and `ServerKey` with their salt and iteration count (RFC 5802 §3). Knowing it lets nobody log in, but it
/// can be attacked offline: seal it at rest.
#[derive(Clone, Debug)]
pub struct ScramVerifier {
    /// Random octets, shown to anyone who asks for the user.
    pub salt: Vec<u8>,
    /// PBKDF2 rounds; RFC 7677 §4 wants at least 4096.
    pub iterations: u32,
    /// `H(ClientKey)`.
    pub stored_key: Secret<Vec<u8>>,
    /// `HMAC(SaltedPassword, "Server Key")`.
    pub server_key: Secret<Vec<u8>>,
}

impl ScramVerifier {
    /// From a clear password, prepared as the client prepares it (RFC 5802 §2.2, Normalize). Costs `iterations` HMACs: call it off the event loop.
    #[must_use]
    pub fn derive(password: &Secret<String>, salt: &[u8], iterations: u32) -> Self {
        let prepared = prep::password(password.clone());
        let salted = hi(prepared.expose().as_bytes(), salt, iterations);
        Self {
            salt: salt.to_vec(),
            iterations,
            stored_key: secret(sha256(&hmac(&salted, b"Client Key"))),
            server_key: secret(hmac(&salted, b"Server Key")),
        }
    }

    /// For a user that does not exist: the same every time for the same name, unlike for another, and matched by no
    /// password, so that asking tells nothing. `iterations` must be what real accounts have.
    #[must_use]
    pub fn decoy(server_secret: &Secret<Vec<u8>>, username: &str, iterations: u32) -> Self {
        let part = |label: &[u8]| hmac(server_secret.expose(), &[label, b"\0", username.as_bytes()].concat());
        Self {
            salt: part(b"salt").into_iter().take(SALT).collect(),
            iterations,
            stored_key: secret(part(b"stored")),
            server_key: secret(part(b"server")),
        }
    }

    /// Whether `password` is the one it was derived from. For callers that hold no other hash.
    #[must_use]
    pub fn matches(&self, password: &Secret<String>) -> bool {
        Self::derive(password, &self.salt, self.iterations).stored_key == self.stored_key
    }
}

fn secret(key: Key) -> Secret<Vec<u8>> {
    Secret::new(key.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_its_own_password_only() {
        let verifier = ScramVerifier::derive(&Secret::new("pencil".to_owned()), b"salt", 10);
        assert!(verifier.matches(&Secret::new("pencil".to_owned())));
        assert!(!verifier.matches(&Secret::new("Pencil".to_owned())));
    }

    #[test]
    fn one_password_in_two_spellings_is_one() {
        let verifier = ScramVerifier::derive(&Secret::new("caf\u{e9}".to_owned()), b"salt", 10);
        assert!(verifier.matches(&Secret::new("cafe\u{301}".to_owned())));
    }

    #[test]
    fn decoys_are_stable_and_differ_by_name() {
        let key = Secret::new(b"server".to_vec());
        let (a, again, b) =
            (ScramVerifier::decoy(&key, "a", 4096), ScramVerifier::decoy(&key, "a", 4096), ScramVerifier::decoy(&key, "b", 4096));
        assert_eq!(a.salt, again.salt);
        assert_ne!(a.salt, b.salt);
        assert!(a.stored_key == again.stored_key);
    }
}
