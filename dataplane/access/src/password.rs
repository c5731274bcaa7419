//! Passwords as argon2id PHC strings, checked a few at a time.
//!
//! One check takes 19 MiB and tens of milliseconds, on purpose. So checks run on the blocking pool behind a
//! semaphore: a storm of logins waits in line instead of taking all memory, and after a while is told to come again.

use std::{sync::Arc, time::Duration};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::{self, phc::PasswordHash},
};
use postern_core::Secret;
use postern_proto_sasl::{ScramVerifier, prep};
use rand::CryptoRng;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// KiB of memory a hash takes (OWASP Password Storage Cheat Sheet: m=19456, t=2, p=1).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// PBKDF2 rounds of SCRAM verifiers; RFC 7677 §4 wants at least 4096.
pub const SCRAM_ITERATIONS: u32 = 10_000;
/// The longest password that is looked at, in octets.
pub const LONGEST: usize = 1024;
/// Hashes from elsewhere may cost more than ours, but not without bound.
const MOST_MEMORY_KIB: u32 = 256 * 1024;
const MOST_PASSES: u32 = 16;
const MOST_LANES: u32 = 16;

/// Why there is no hash, or no verdict about one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Not a PHC string of argon2id or argon2i.
    #[error("not a password hash that is supported here; write an argon2id PHC string (`$argon2id$v=19$m=19456,t=2,p=1$…`)")]
    Unsupported,
    /// Its parameters would cost too much.
    #[error("the password hash costs too much; at most m=262144, t=16, p=16 are taken")]
    TooCostly,
    /// Longer than [`LONGEST`], or empty.
    #[error("a password has 1 to 1024 octets")]
    Length,
    /// The library or the pool failed.
    #[error("cannot hash: {0}")]
    Failed(String),
    /// Too many logins at once; try again.
    #[error("too many logins are waiting")]
    Busy,
}

/// All that is kept of a clear password.
#[derive(Clone, Debug)]
pub struct Verifiers {
    /// For passwords in the clear.
    pub phc: Secret<String>,
    /// For SCRAM.
    pub scram: ScramVerifier,
}

/// Makes everything of a clear password that a login may be checked against. Costs tens of milliseconds.
///
/// # Errors
/// [`PasswordError::Length`], or [`PasswordError::Failed`] when memory runs out.
pub fn make_verifiers(password: &Secret<String>, rng: &mut dyn CryptoRng) -> Result<Verifiers, PasswordError> {
    Ok(Verifiers { phc: hash(password, rng)?, scram: scram(password, rng) })
}

/// A SCRAM verifier with a salt of its own.
#[must_use]
pub fn scram(password: &Secret<String>, rng: &mut dyn CryptoRng) -> ScramVerifier {
    ScramVerifier::derive(password, &salt(rng), SCRAM_ITERATIONS)
}

/// The argon2id PHC string of a password, prepared by SASLprep (RFC 4013), with a salt of its own.
///
/// # Errors
/// As for [`make_verifiers`].
pub fn hash(password: &Secret<String>, rng: &mut dyn CryptoRng) -> Result<Secret<String>, PasswordError> {
    bounded(password)?;
    let prepared = prep::password(password.clone());
    let bytes = bounded(&prepared)?;
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(failed)?;
    let phc: PasswordHash =
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_with_salt(bytes, &salt(rng)).map_err(failed)?;
    Ok(Secret::new(phc.to_string()))
}

/// Whether the hash is one that [`verify`] can check: for validation, before it is stored.
///
/// # Errors
/// [`PasswordError::Unsupported`], [`PasswordError::TooCostly`].
pub fn check_phc(phc: &str) -> Result<(), PasswordError> {
    parse(phc).map(drop)
}

/// Whether a password belongs to a PHC string, as SASLprep (RFC 4013) spells it or as it was typed, for who made the hash may
/// not have prepared it. Blocks for as long as the hash costs; twice as long for a password that has two spellings.
///
/// # Errors
/// [`PasswordError`], when there is no verdict. A wrong password is `Ok(false)`.
pub fn verify(password: &Secret<String>, phc: &str) -> Result<bool, PasswordError> {
    let parsed = parse(phc)?;
    bounded(password)?;
    let prepared = prep::password(password.clone());
    let fits = |password: &Secret<String>| match Argon2::default().verify_password(bounded(password)?, &parsed) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::PasswordInvalid) => Ok(false),
        Err(e) => Err(failed(e)),
    };
    Ok(fits(&prepared)? || (prepared != *password && fits(password)?))
}

fn parse(phc: &str) -> Result<PasswordHash, PasswordError> {
    let parsed = PasswordHash::new(phc).map_err(|_| PasswordError::Unsupported)?;
    if !matches!(parsed.algorithm.as_str(), "argon2id" | "argon2i") || parsed.hash.is_none() {
        return Err(PasswordError::Unsupported);
    }
    let params = Params::try_from(&parsed).map_err(|_| PasswordError::Unsupported)?;
    if params.m_cost() > MOST_MEMORY_KIB || params.t_cost() > MOST_PASSES || params.p_cost() > MOST_LANES {
        return Err(PasswordError::TooCostly);
    }
    Ok(parsed)
}

fn bounded(password: &Secret<String>) -> Result<&[u8], PasswordError> {
    let bytes = password.expose().as_bytes();
    if (1..=LONGEST).contains(&bytes.len()) { Ok(bytes) } else { Err(PasswordError::Length) }
}

fn salt(rng: &mut dyn CryptoRng) -> [u8; 16] {
    let mut salt = [0; 16];
    rng.fill_bytes(&mut salt);
    salt
}

fn failed(error: impl std::fmt::Display) -> PasswordError {
    PasswordError::Failed(error.to_string())
}

/// The line in front of the costly work.
#[derive(Clone, Debug)]
pub struct Passwords {
    permits: Arc<Semaphore>,
    patience: Duration,
    /// What unknown users are checked against, so that they take as long as known ones.
    decoy: Arc<Secret<String>>,
}

impl Passwords {
    /// Works on at most `parallel` passwords at once (the number of cores is enough); others wait up to `patience`.
    ///
    /// # Errors
    /// [`PasswordError::Failed`] when the decoy cannot be made.
    pub fn new(parallel: usize, patience: Duration, rng: &mut dyn CryptoRng) -> Result<Self, PasswordError> {
        let mut nobody = [0; 16];
        rng.fill_bytes(&mut nobody);
        let nobody = Secret::new(nobody.iter().map(|b| format!("{b:02x}")).collect::<String>());
        Ok(Self { permits: Arc::new(Semaphore::new(parallel.max(1))), patience, decoy: Arc::new(hash(&nobody, rng)?) })
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] when it does not come in time.
    pub async fn turn(&self) -> Result<Turn, PasswordError> {
        match timeout(self.patience, self.permits.clone().acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Turn { permit, decoy: self.decoy.clone() }),
            _ => Err(PasswordError::Busy),
        }
    }
}

/// The right to do one costly piece of work.
#[derive(Debug)]
pub struct Turn {
    permit: OwnedSemaphorePermit,
    decoy: Arc<Secret<String>>,
}

impl Turn {
    /// Checks a password; without a hash it takes as long and is wrong.
    ///
    /// # Errors
    /// As [`verify`].
    pub async fn verify(self, password: Secret<String>, phc: Option<Secret<String>>) -> Result<bool, PasswordError> {
        let decoy = self.decoy.clone();
        self.run(move || match phc {
            Some(phc) => verify(&password, phc.expose()),
            None => verify(&password, decoy.expose()).map(|_| false),
        })
        .await?
    }

    /// Does any costly work on the blocking pool.
    ///
    /// # Errors
    /// [`PasswordError::Failed`] when the pool is gone or the work panicked.
    pub async fn run<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, PasswordError> {
        // The permit goes along: a caller that stops waiting does not make room for another.
        let Self { permit, .. } = self;
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        })
        .await
        .map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[test]
    fn makes_both_verifiers_and_knows_its_own_again() {
        let mut rng = StdRng::seed_from_u64(1);
        let made = make_verifiers(&secret("correct horse"), &mut rng).unwrap();
        assert!(made.phc.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(verify(&secret("correct horse"), made.phc.expose()), Ok(true));
        assert_eq!(verify(&secret("battery staple"), made.phc.expose()), Ok(false));
        assert!(made.scram.matches(&secret("correct horse")));
        let again = make_verifiers(&secret("correct horse"), &mut rng).unwrap();
        assert_ne!(made.phc.expose(), again.phc.expose(), "every hash has a salt of its own");
    }

    #[test]
    fn a_password_fits_in_every_spelling_of_it() {
        let made = hash(&secret("caf\u{e9}\u{a0}1"), &mut StdRng::seed_from_u64(1)).unwrap();
        assert_eq!(verify(&secret("cafe\u{301} 1"), made.expose()), Ok(true), "as another keyboard types it");
        let salt = [7; 16];
        let raw =
            Argon2::default().hash_password_with_salt("cafe\u{301}".as_bytes(), &salt).map(|phc: PasswordHash| phc.to_string()).unwrap();
        assert_eq!(verify(&secret("cafe\u{301}"), &raw), Ok(true), "who made the hash did not prepare it");
        assert_eq!(verify(&secret("cafe"), &raw), Ok(false));
    }

    /// Made by another implementation (the reference `argon2` command).
    #[test]
    fn reads_hashes_of_others() {
        let phc = "$argon2i$v=19$m=65536,t=2,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b+dWRWJTmaaJObG";
        assert!(check_phc(phc).is_ok());
        assert_eq!(verify(&secret("password"), phc), Ok(true));
        assert_eq!(verify(&secret("Password"), phc), Ok(false));
    }

    #[test]
    fn refuses_what_it_cannot_or_will_not_check() {
        for foreign in ["", "plain", "$2b$12$abcdefghijklmnopqrstuu", "$6$salt$hash", "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ"] {
            assert_eq!(check_phc(foreign), Err(PasswordError::Unsupported), "{foreign}");
        }
        let bomb = "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b+dWRWJTmaaJObG";
        assert_eq!(check_phc(bomb), Err(PasswordError::TooCostly));
        assert_eq!(hash(&secret(""), &mut StdRng::seed_from_u64(1)).err(), Some(PasswordError::Length));
        assert_eq!(hash(&secret(&"x".repeat(1025)), &mut StdRng::seed_from_u64(1)).err(), Some(PasswordError::Length));
    }

    #[tokio::test]
    async fn a_storm_waits_in_line() {
        let passwords = Passwords::new(1, Duration::from_millis(10), &mut StdRng::seed_from_u64(1)).unwrap();
        let first = passwords.turn().await.unwrap();
        assert_eq!(passwords.turn().await.err(), Some(PasswordError::Busy));
        assert_eq!(first.verify(secret("x"), None).await, Ok(false));
        assert!(passwords.turn().await.is_ok());
    }
}
