//! Logins that were verified a moment ago, so that argon2 costs a client once and not at every connection.
//!
//! What is kept is a keyed hash of everything the verdict depends on; the key is random and lives in this process
//! only. A changed password changes the stored credential, which is part of the hash: the entry is then never found
//! again. The client's network is part of it too, so that this memory is no oracle for guesses from elsewhere that the
//! throttle holds back.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;
use postern_core::{AccountId, Clock, Network, Secret, Timestamp};

/// The memory. Clones share it.
#[derive(Clone, Debug)]
pub struct Verified {
    key: Arc<Secret<[u8; 32]>>,
    seen: Cache<[u8; 32], Timestamp>,
    lives: Duration,
    clock: Arc<dyn Clock>,
}

/// All that a verdict about a password depends on.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// The account.
    pub account: AccountId,
    /// From where.
    pub network: Network,
    /// The stored credential (PHC string).
    pub credential: &'a Secret<String>,
    /// The password that was shown.
    pub password: &'a Secret<String>,
}

impl Verified {
    /// Remembers each login for `lives` (zero: not at all), at most `capacity` of them, under a random key.
    #[must_use]
    pub fn new(key: Secret<[u8; 32]>, lives: Duration, capacity: u64, clock: Arc<dyn Clock>) -> Self {
        let seen = Cache::builder().max_capacity(capacity).time_to_live(lives.max(Duration::from_millis(1))).build();
        Self { key: Arc::new(key), seen, lives, clock }
    }

    /// Whether this proof was verified a moment ago.
    #[must_use]
    pub fn contains(&self, proof: Proof<'_>) -> bool {
        self.seen.get(&self.digest(proof)).is_some_and(|at| self.clock.now().since(at) < self.lives)
    }

    /// Remembers a proof that was verified.
    pub fn remember(&self, proof: Proof<'_>) {
        if !self.lives.is_zero() {
            self.seen.insert(self.digest(proof), self.clock.now());
        }
    }

    fn digest(&self, proof: Proof<'_>) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(self.key.expose());
        hasher.update(&proof.account.0.to_le_bytes());
        let network = proof.network.to_string();
        for part in [network.as_str(), proof.credential.expose(), proof.password.expose()] {
            // Lengths keep (ab, c) apart from (a, bc).
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
        *hasher.finalize().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use postern_core::TestClock;

    use super::*;

    #[test]
    fn forgets_after_a_while_and_at_a_change() {
        let clock = Arc::new(TestClock::at(Timestamp::from_secs(1000)));
        let verified = Verified::new(Secret::new([7; 32]), Duration::from_secs(300), 100, clock.clone());
        let (credential, other) = (Secret::new("$argon2id$a".to_owned()), Secret::new("$argon2id$b".to_owned()));
        let (password, wrong) = (Secret::new("secret".to_owned()), Secret::new("Secret".to_owned()));
        let (here, there) = ("192.0.2.0/24".parse().unwrap(), "198.51.100.0/24".parse().unwrap());
        let proof = Proof { account: AccountId(1), network: here, credential: &credential, password: &password };
        assert!(!verified.contains(proof));
        verified.remember(proof);
        assert!(verified.contains(proof));
        assert!(!verified.contains(Proof { credential: &other, ..proof }), "the password was changed");
        assert!(!verified.contains(Proof { password: &wrong, ..proof }));
        assert!(!verified.contains(Proof { account: AccountId(2), ..proof }));
        assert!(!verified.contains(Proof { network: there, ..proof }));
        clock.advance(Duration::from_secs(300));
        assert!(!verified.contains(proof));
    }
}
