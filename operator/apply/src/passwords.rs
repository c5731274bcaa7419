//! Verifiers of new passwords: made on the blocking pool, a few at a time, each from a seed of its own.

use std::{num::NonZeroUsize, sync::Arc};

use postern_access::{PasswordError, make_verifiers};
use postern_core::{Secret, directory::SourceKey};
use postern_store::directory::{ScramSecret, Verifiers};
use rand::{CryptoRng, SeedableRng, rngs::StdRng};
use tokio::{sync::Semaphore, task::JoinSet};

/// Letters and digits that nobody mistakes for one another: 55 of them.
const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Characters of a password that is made here: 116 bits.
const LENGTH: usize = 20;

/// A password to be hashed, and where its salt comes from.
pub struct Job {
    /// Whose.
    pub source: SourceKey,
    /// The password.
    pub password: Secret<String>,
    /// Chance for this one alone.
    pub seed: [u8; 32],
}

/// What became of each.
pub type Made = Vec<(SourceKey, Result<Verifiers, PasswordError>)>;

/// Hashes all of them, so many at once as there are cores.
pub async fn hash(jobs: Vec<Job>) -> Made {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let room = Arc::new(Semaphore::new(cores));
    let (mut running, mut made) = (JoinSet::new(), Vec::with_capacity(jobs.len()));
    for job in jobs {
        // The semaphore is never closed; without a permit the work is merely done sooner.
        let permit = room.clone().acquire_owned().await.ok();
        running.spawn_blocking(move || {
            let result = make_verifiers(&job.password, &mut StdRng::from_seed(job.seed)).map(stored);
            drop(permit);
            (job.source, result)
        });
    }
    while let Some(done) = running.join_next().await {
        // One that panicked is missing from the answer; its account is refused and tried again.
        made.extend(done.ok());
    }
    made
}

/// A password that is told once and kept by nobody.
pub fn generate(rng: &mut dyn CryptoRng) -> Secret<String> {
    let mut text = String::with_capacity(LENGTH);
    while text.len() < LENGTH {
        let mut octet = [0];
        rng.fill_bytes(&mut octet);
        // Six bits; what lies beyond the letters is thrown away, so that each is as likely as the others.
        text.extend(LETTERS.get(usize::from(octet[0] & 63)).copied().map(char::from));
    }
    Secret::new(text)
}

fn stored(made: postern_access::Verifiers) -> Verifiers {
    let scram = ScramSecret {
        salt: made.scram.salt,
        iterations: made.scram.iterations,
        stored_key: made.scram.stored_key,
        server_key: made.scram.server_key,
    };
    Verifiers { phc: made.phc.expose().clone(), scram: Some(scram) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_passwords_differ_and_are_typeable() {
        let mut rng = StdRng::seed_from_u64(1);
        let (one, two) = (generate(&mut rng), generate(&mut rng));
        assert_ne!(one, two);
        assert!(one.expose().len() == LENGTH && one.expose().bytes().all(|b| LETTERS.contains(&b)));
    }
}
