use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use postern_core::{AccountId, Address, TestClock, Timestamp, directory::Protocols};

use super::*;
use crate::password;

/// Accounts in a map.
#[derive(Default)]
struct Directory {
    accounts: Mutex<HashMap<String, Arc<LoginAccount>>>,
    away: AtomicBool,
    gained: AtomicUsize,
}

#[async_trait]
impl Accounts for Directory {
    async fn by_login(&self, login: &str) -> Result<Option<Arc<LoginAccount>>, Unavailable> {
        if self.away.load(Ordering::SeqCst) {
            return Err(Unavailable("database away".to_owned()));
        }
        Ok(self.accounts.lock().unwrap().get(&login.to_lowercase()).cloned())
    }

    async fn gained_scram(&self, account: &LoginAccount, verifier: ScramVerifier) {
        self.gained.fetch_add(1, Ordering::SeqCst);
        let with = LoginAccount { scram: Some(verifier), ..account.clone() };
        self.accounts.lock().unwrap().insert(account.address.to_string(), Arc::new(with));
    }
}

struct Room {
    directory: Arc<Directory>,
    clock: Arc<TestClock>,
    authenticator: Authenticator,
}

fn room() -> Room {
    let directory = Arc::new(Directory::default());
    let clock = Arc::new(TestClock::at(Timestamp::from_secs(1_795_305_600)));
    let authenticator =
        Authenticator::new(directory.clone(), Settings::default(), &Secret::new([1; 32]), Secret::new(b"decoys".to_vec()), clock.clone())
            .unwrap();
    Room { directory, clock, authenticator }
}

impl Room {
    /// Adds or changes an account; known by its PHC hash alone.
    fn put(&self, address: &str, password: &str, change: impl FnOnce(&mut LoginAccount)) {
        let phc = password::hash(&Secret::new(password.to_owned()), &mut StdRng::from_seed([2; 32])).unwrap();
        let mut account = LoginAccount {
            id: AccountId(7),
            address: Address::parse(address).unwrap(),
            tenant: "acme".to_owned(),
            protocols: Protocols::default(),
            suspended: false,
            phc: Some(phc),
            scram: None,
            subject: None,
        };
        change(&mut account);
        self.directory.accounts.lock().unwrap().insert(address.to_owned(), Arc::new(account));
    }

    async fn login(&self, attempt: Attempt<'_>, password: &str) -> Result<Login, Refusal> {
        self.authenticator.password(attempt, &Secret::new(password.to_owned())).await.outcome
    }
}

const ALICE: Attempt<'_> =
    Attempt { login: "alice@example.org", authzid: None, client: IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)), door: Door::Imap };

#[tokio::test]
async fn the_right_password_opens_and_a_change_of_it_is_felt_at_once() {
    let room = room();
    room.put("alice@example.org", "one", |_| {});
    let login = room.login(Attempt { login: "Alice@Example.org", ..ALICE }, "one").await.unwrap();
    assert_eq!((login.account, login.tenant.as_str()), (AccountId(7), "acme"));
    assert_eq!(room.login(ALICE, "two").await, Err(Refusal::BadCredentials));
    assert!(room.login(ALICE, "one").await.is_ok());
    room.put("alice@example.org", "two", |_| {});
    assert_eq!(room.login(ALICE, "one").await, Err(Refusal::BadCredentials), "nothing remembered outlives the password");
    assert!(room.login(ALICE, "two").await.is_ok());
}

#[tokio::test]
async fn state_is_told_only_to_the_owner() {
    let room = room();
    room.put("alice@example.org", "pw", |a| a.suspended = true);
    assert_eq!(room.login(ALICE, "wrong").await, Err(Refusal::BadCredentials));
    assert_eq!(room.login(ALICE, "pw").await, Err(Refusal::Suspended));
    room.put("alice@example.org", "pw", |a| a.protocols.imap = false);
    assert_eq!(room.login(ALICE, "wrong").await, Err(Refusal::BadCredentials));
    assert_eq!(room.login(ALICE, "pw").await, Err(Refusal::ProtocolNotPermitted));
    assert!(room.login(Attempt { door: Door::Submission, ..ALICE }, "pw").await.is_ok());
    room.put("alice@example.org", "pw", |_| {});
    assert_eq!(room.login(Attempt { authzid: Some("bob@example.org"), ..ALICE }, "pw").await, Err(Refusal::NotYourself));
    assert!(room.login(Attempt { authzid: Some("ALICE@example.org"), ..ALICE }, "pw").await.is_ok());
    room.put("alice@example.org", "pw", |a| a.phc = None);
    assert_eq!(room.login(ALICE, "pw").await, Err(Refusal::BadCredentials), "no credential, no login");
}

#[tokio::test]
async fn known_and_unknown_names_are_throttled_alike() {
    let room = room();
    room.put("alice@example.org", "pw", |_| {});
    let free = Settings::default().throttle.account.free;
    for login in ["alice@example.org", "nobody@example.org"] {
        let attempt = Attempt { login, ..ALICE };
        for _ in 0..=free {
            assert_eq!(room.login(attempt, "guess").await, Err(Refusal::BadCredentials));
        }
        let until = room.clock.now() + Duration::from_secs(1);
        assert_eq!(room.login(attempt, "pw").await, Err(Refusal::Throttled { until }));
    }
    room.clock.advance(Duration::from_secs(1));
    assert!(room.login(ALICE, "pw").await.is_ok());
}

#[tokio::test]
async fn what_is_remembered_helps_no_guesser_elsewhere() {
    let room = room();
    room.put("alice@example.org", "pw", |_| {});
    assert!(room.login(ALICE, "pw").await.is_ok());
    let elsewhere = Attempt { client: "198.51.100.9".parse().unwrap(), ..ALICE };
    for _ in 0..=Settings::default().throttle.account.free {
        assert_eq!(room.login(elsewhere, "guess").await, Err(Refusal::BadCredentials));
    }
    assert!(matches!(room.login(elsewhere, "pw").await, Err(Refusal::Throttled { .. })));
    assert!(room.login(ALICE, "pw").await.is_ok(), "the owner is known where they are");
}

#[tokio::test]
async fn without_the_directory_nobody_is_called_wrong() {
    let room = room();
    room.directory.away.store(true, Ordering::SeqCst);
    for _ in 0..100 {
        let refusal = room.login(ALICE, "pw").await.unwrap_err();
        assert!(refusal.outcome().is_temporary());
        assert_eq!(refusal, Refusal::Unavailable("database away".to_owned()));
    }
}

#[tokio::test]
async fn scram_comes_with_the_first_password_login_and_unknown_users_look_alike() {
    let room = room();
    room.put("alice@example.org", "pw", |_| {});
    assert!(room.login(ALICE, "pw").await.is_ok());
    assert_eq!(room.directory.gained.load(Ordering::SeqCst), 1);
    let candidate = room.authenticator.scram(ALICE).await.unwrap();
    assert!(candidate.verifier.matches(&Secret::new("pw".to_owned())));
    let unknown = Attempt { login: "nobody@example.org", ..ALICE };
    let (decoy, again) = (room.authenticator.scram(unknown).await.unwrap(), room.authenticator.scram(unknown).await.unwrap());
    assert_eq!((decoy.verifier.salt.len(), decoy.verifier.iterations), (candidate.verifier.salt.len(), candidate.verifier.iterations));
    assert_eq!(decoy.verifier.salt, again.verifier.salt);
    let quoted = Attempt { login: r#""no\body"@EXAMPLE.org"#, ..ALICE };
    let quoted = room.authenticator.scram(quoted).await.unwrap();
    assert_eq!(decoy.verifier.salt, quoted.verifier.salt, "an account has one salt under every spelling, and so has none");

    assert_eq!(room.authenticator.scram_done(unknown, decoy, true).outcome, Err(Refusal::BadCredentials), "a decoy never opens");
    let decision = room.authenticator.scram_done(ALICE, candidate.clone(), false);
    assert_eq!(decision.outcome, Err(Refusal::BadCredentials));
    assert_eq!(decision.account, Some(AccountId(7)));
    assert!(room.authenticator.scram_done(ALICE, candidate, true).outcome.is_ok());
}
