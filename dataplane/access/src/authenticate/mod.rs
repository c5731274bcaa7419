//! A login from beginning to end, for passwords in the clear, for SCRAM and for tokens.
//!
//! Whether an account exists, is suspended or may use a protocol is told only to those who have proved that it is
//! theirs; to everybody else all failures look and cost the same.

mod account;
mod decision;
mod token;

use std::{fmt, net::IpAddr, sync::Arc};

pub use account::{Accounts, LoginAccount, Unavailable};
pub use decision::{Decision, Door, Login, Refusal};
use postern_core::{Clock, Secret};
use postern_proto_sasl::ScramVerifier;
use rand::{SeedableRng, rngs::StdRng};

use crate::{
    bearer::Issuers,
    password::{PasswordError, Passwords, SCRAM_ITERATIONS, Turn, scram},
    throttle::{self, Key, Throttle},
    verified::{Proof, Verified},
};

/// One try.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The name as the client wrote it.
    pub login: &'a str,
    /// Whom the client wants to act as (RFC 4422 §3.4.1), when it says so. Only itself is allowed.
    pub authzid: Option<&'a str>,
    /// From where.
    pub client: IpAddr,
    /// To what.
    pub door: Door,
}

/// How the [`Authenticator`] works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Passwords that are hashed at once.
    pub parallel: usize,
    /// How long a login waits for its turn.
    pub patience: std::time::Duration,
    /// How long a verified login is remembered; zero is not at all.
    pub remember: std::time::Duration,
    /// Verified logins that are remembered at most.
    pub remembered: u64,
    /// Against guessing.
    pub throttle: throttle::Settings,
}

impl Default for Settings {
    /// Two at once, 10 s, 5 min, 100 000.
    fn default() -> Self {
        use std::time::Duration;
        let (patience, remember) = (Duration::from_secs(10), Duration::from_secs(300));
        Self { parallel: 2, patience, remember, remembered: 100_000, throttle: throttle::Settings::default() }
    }
}

/// Who counts decisions. It must not wait.
pub trait Observer: Send + Sync {
    /// Somebody was let in, or was not.
    fn decided(&self, decision: &Decision);
}

/// Decides who may log in. One value per process.
pub struct Authenticator {
    accounts: Arc<dyn Accounts>,
    passwords: Passwords,
    verified: Verified,
    throttle: Throttle,
    clock: Arc<dyn Clock>,
    /// Makes the SCRAM salts of unknown users; the same in all processes, for a salt that changes betrays them.
    decoys: Secret<Vec<u8>>,
    /// Seeds a generator per salt.
    seed: Secret<[u8; 32]>,
    salts: std::sync::atomic::AtomicU64,
    scram_for_all: std::sync::atomic::AtomicBool,
    observer: Option<Arc<dyn Observer>>,
    issuers: Option<Arc<Issuers>>,
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authenticator")
    }
}

impl Authenticator {
    /// `seed` is random and new for each process, `decoys` random and the same for all of them.
    ///
    /// # Errors
    /// When the hash that unknown users are checked against cannot be made.
    pub fn new(
        accounts: Arc<dyn Accounts>,
        settings: Settings,
        seed: &Secret<[u8; 32]>,
        decoys: Secret<Vec<u8>>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, PasswordError> {
        let key = |purpose: &str| blake3::derive_key(purpose, seed.expose());
        let mut rng = StdRng::from_seed(key("postern access: decoy password"));
        Ok(Self {
            accounts,
            passwords: Passwords::new(settings.parallel, settings.patience, &mut rng)?,
            verified: Verified::new(
                Secret::new(key("postern access: verified logins")),
                settings.remember,
                settings.remembered,
                clock.clone(),
            ),
            throttle: Throttle::new(settings.throttle, clock.clone()),
            clock,
            decoys,
            seed: Secret::new(key("postern access: salts")),
            salts: std::sync::atomic::AtomicU64::new(0),
            scram_for_all: std::sync::atomic::AtomicBool::new(false),
            observer: None,
            issuers: None,
        })
    }

    /// The same, with somebody who counts its decisions.
    #[must_use]
    pub fn observed_by(self, observer: Arc<dyn Observer>) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// Whether every account can log in with SCRAM, so that it may be offered: a client that is offered it uses nothing else.
    #[must_use]
    pub fn offers_scram(&self) -> bool {
        self.scram_for_all.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Says so; whoever follows the directory does. At first nobody is taken to have it.
    pub fn offer_scram(&self, for_all: bool) {
        self.scram_for_all.store(for_all, std::sync::atomic::Ordering::Relaxed);
    }

    /// Checks a password in the clear (PLAIN, LOGIN, IMAP LOGIN, POP3 PASS).
    pub async fn password(&self, attempt: Attempt<'_>, password: &Secret<String>) -> Decision {
        match self.look_up(attempt).await {
            Ok(account) => {
                let outcome = self.check_password(attempt, account.as_ref(), password).await;
                self.decide(attempt, account, outcome)
            }
            Err(refusal) => self.decide(attempt, None, Err(refusal)),
        }
    }

    /// Finds what a SCRAM exchange needs; for an unknown user, a decoy that no proof fits.
    ///
    /// # Errors
    /// The decision, when it needs no exchange: throttled, or the directory is away.
    pub async fn scram(&self, attempt: Attempt<'_>) -> Result<ScramCandidate, Box<Decision>> {
        let found = match self.look_up(attempt).await {
            Ok(found) => self.throttle.check(Key::account(attempt.login)).map(|()| found).map_err(|until| Refusal::Throttled { until }),
            Err(refusal) => Err(refusal),
        };
        match found {
            Ok(account) => {
                let real = account.as_ref().and_then(|a| a.scram.clone());
                let known = real.is_some();
                let verifier =
                    real.unwrap_or_else(|| ScramVerifier::decoy(&self.decoys, &throttle::spelled(attempt.login), SCRAM_ITERATIONS));
                Ok(ScramCandidate { verifier, account: account.filter(|_| known) })
            }
            Err(refusal) => Err(Box::new(self.decide(attempt, None, Err(refusal)))),
        }
    }

    /// Ends a SCRAM exchange: `proven` is what the exchange said.
    pub fn scram_done(&self, attempt: Attempt<'_>, candidate: ScramCandidate, proven: bool) -> Decision {
        let outcome = if proven && candidate.account.is_some() { Ok(()) } else { Err(Refusal::BadCredentials) };
        self.count(attempt, &outcome);
        self.decide(attempt, candidate.account, outcome)
    }

    /// The network's throttle, then the directory.
    async fn look_up(&self, attempt: Attempt<'_>) -> Result<Option<Arc<LoginAccount>>, Refusal> {
        let network = Key::Network(self.throttle.network(attempt.client));
        self.throttle.check(network).map_err(|until| Refusal::Throttled { until })?;
        self.accounts.by_login(attempt.login).await.map_err(|e| Refusal::Unavailable(e.0))
    }

    async fn check_password(
        &self,
        attempt: Attempt<'_>,
        account: Option<&Arc<LoginAccount>>,
        password: &Secret<String>,
    ) -> Result<(), Refusal> {
        let (key, network) = (Key::account(attempt.login), self.throttle.network(attempt.client));
        let proof = account.and_then(|a| Some(Proof { account: a.id, network, credential: a.phc.as_ref()?, password }));
        let remembered = || proof.is_some_and(|proof| self.verified.contains(proof));
        if remembered() {
            return Ok(());
        }
        let open = || self.throttle.check(key).map_err(|until| Refusal::Throttled { until });
        open()?;
        let turn = self.passwords.turn().await.map_err(|e| unavailable(&e))?;
        // While this one waited, others of the same client may have succeeded, or failed too often.
        if remembered() {
            return Ok(());
        }
        open()?;
        let outcome = match self.verify(turn, account, password).await {
            Ok(true) => Ok(()),
            // A password of impossible length is wrong, not an error.
            Ok(false) | Err(PasswordError::Length) => Err(Refusal::BadCredentials),
            Err(error) => Err(unavailable(&error)),
        };
        self.count(attempt, &outcome);
        if let (Ok(()), Some(proof), Some(account)) = (&outcome, proof, account) {
            self.verified.remember(proof);
            if account.scram.is_none() {
                self.gain_scram(account, password).await;
            }
        }
        outcome
    }

    async fn verify(&self, turn: Turn, account: Option<&Arc<LoginAccount>>, password: &Secret<String>) -> Result<bool, PasswordError> {
        turn.verify(password.clone(), account.and_then(|a| a.phc.clone())).await
    }

    /// An account that was known by its hash alone gains SCRAM. Failing that, the next login does it.
    async fn gain_scram(&self, account: &Arc<LoginAccount>, password: &Secret<String>) {
        let (password, seed) = (password.clone(), self.salt_seed());
        let Ok(turn) = self.passwords.turn().await else { return };
        if let Ok(verifier) = turn.run(move || scram(&password, &mut StdRng::from_seed(seed))).await {
            self.accounts.gained_scram(account, verifier).await;
        }
    }

    fn salt_seed(&self) -> [u8; 32] {
        let number = self.salts.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        *blake3::keyed_hash(self.seed.expose(), &number.to_le_bytes()).as_bytes()
    }

    fn count(&self, attempt: Attempt<'_>, outcome: &Result<(), Refusal>) {
        let key = Key::account(attempt.login);
        match outcome {
            Ok(()) => self.throttle.succeeded(key),
            Err(Refusal::BadCredentials) => {
                self.throttle.failed(key);
                self.throttle.failed(Key::Network(self.throttle.network(attempt.client)));
            }
            Err(_) => {}
        }
    }

    /// From "it is them" to "they may".
    fn decide(&self, attempt: Attempt<'_>, account: Option<Arc<LoginAccount>>, proven: Result<(), Refusal>) -> Decision {
        let id = account.as_ref().map(|a| a.id);
        let outcome = proven.and_then(|()| account.ok_or(Refusal::BadCredentials)).and_then(|account| permit(attempt, &account));
        let decision = Decision {
            at: self.clock.now(),
            login: attempt.login.to_owned(),
            account: id,
            client: attempt.client,
            door: attempt.door,
            outcome,
        };
        if let Some(observer) = &self.observer {
            observer.decided(&decision);
        }
        decision
    }
}

/// What a SCRAM exchange runs on.
#[derive(Clone, Debug)]
pub struct ScramCandidate {
    /// For the exchange.
    pub verifier: ScramVerifier,
    account: Option<Arc<LoginAccount>>,
}

fn permit(attempt: Attempt<'_>, account: &LoginAccount) -> Result<Login, Refusal> {
    let itself =
        |name: &str| name.is_empty() || name.eq_ignore_ascii_case(attempt.login) || name.eq_ignore_ascii_case(&account.address.to_string());
    if !attempt.authzid.is_none_or(itself) {
        return Err(Refusal::NotYourself);
    }
    if account.suspended {
        return Err(Refusal::Suspended);
    }
    if !attempt.door.is_open(account.protocols) {
        return Err(Refusal::ProtocolNotPermitted);
    }
    Ok(Login { account: account.id, address: account.address.clone(), tenant: account.tenant.clone(), protocols: account.protocols })
}

fn unavailable(error: &PasswordError) -> Refusal {
    Refusal::Unavailable(error.to_string())
}

#[cfg(test)]
mod tests;
