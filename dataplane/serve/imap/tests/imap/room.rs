//! A server with accounts, on a port and a database of its own.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_trait::async_trait;
use postern_access::{Accounts, Authenticator, LoginAccount, Unavailable, Verifiers, make_verifiers};
use postern_core::{AccountId, Address, Clock, Network, Secret, SystemClock, TestClock, Timestamp, directory::Protocols};
use postern_message::Summary;
use postern_net::{
    Drain, Driving, Gate, Listener, Settings,
    gate::Limits,
    tls::{CertificateStore, Certificates, ClientTls, Roots, ServerTls},
};
use postern_serve_imap::{Config, Imap, Parts, People};
use postern_store::{
    Options, Store,
    ingest::{Accept, LocalDelivery, NewBody, Placed, Target},
    mail::{Flags, account},
    trail::{Trail, TrailLimits},
};
use postern_tests::TestDatabase;
use rand::{SeedableRng, rngs::StdRng};

use crate::client::Client;

/// Everybody's password.
pub const PASSWORD: &str = "correct horse";
/// What the clock shows when a test begins: 2026-11-22T00:00:00Z.
pub const START: Timestamp = Timestamp::from_secs(1_795_305_600);

/// The server and what it stands on.
pub struct Room {
    pub store: Store,
    pub drain: Drain,
    pub clock: Arc<TestClock>,
    pub trail: Trail,
    /// Where clients come through a proxy on this machine, and where STARTTLS is offered.
    pub public: SocketAddr,
    pub client_tls: ClientTls,
    address: SocketAddr,
    _database: TestDatabase,
}

struct Directory(HashMap<String, Arc<LoginAccount>>);

#[async_trait]
impl Accounts for Directory {
    async fn by_login(&self, login: &str) -> Result<Option<Arc<LoginAccount>>, Unavailable> {
        Ok(self.0.get(&login.to_lowercase()).cloned())
    }
}

#[async_trait]
impl People for Directory {
    async fn by_address(&self, tenant: &str, address: &str) -> postern_store::Result<Option<AccountId>> {
        Ok(self.0.get(&address.to_lowercase()).filter(|account| account.tenant == tenant).map(|account| account.id))
    }

    async fn address(&self, tenant: &str, account: AccountId) -> postern_store::Result<Option<Address>> {
        Ok(self.0.values().find(|each| each.id == account && each.tenant == tenant).map(|account| account.address.clone()))
    }
}

/// argon2 costs half a second in a test build: once is enough.
fn verifiers() -> &'static Verifiers {
    static MADE: OnceLock<Verifiers> = OnceLock::new();
    MADE.get_or_init(|| make_verifiers(&Secret::new(PASSWORD.to_owned()), &mut StdRng::seed_from_u64(7)).unwrap())
}

/// A certificate for mail.example.org, and a client that trusts it.
fn tls() -> (ServerTls, ClientTls) {
    let made = rcgen::generate_simple_self_signed(["mail.example.org".to_owned()]).unwrap();
    let mut certificates = Certificates::new();
    certificates.add(&["mail.example.org"], made.cert.pem().as_bytes(), made.signing_key.serialize_pem().as_bytes()).unwrap();
    let server = ServerTls::new(Arc::new(CertificateStore::new(certificates)), Arc::new(SystemClock)).unwrap();
    let roots = Roots::from_pem(made.cert.pem().as_bytes()).unwrap();
    (server, ClientTls::opportunistic(roots, Arc::new(SystemClock)).unwrap())
}

impl Room {
    /// With `alice@example.org` (account 1), `bob@example.org` (account 2) and `carol@example.org`, whose IMAP is closed;
    /// `dave@example.org` is of another tenant.
    pub async fn open() -> Self {
        Self::with(TestDatabase::sqlite(), Config::default()).await
    }

    /// With settings.
    pub async fn configured(config: Config) -> Self {
        Self::with(TestDatabase::sqlite(), config).await
    }

    /// On a database.
    pub async fn with(database: TestDatabase, config: Config) -> Self {
        let clock = Arc::new(TestClock::at(START));
        let options = match &database {
            TestDatabase::Folder(folder) => Options::folder(folder.path(), clock.clone()),
            TestDatabase::Postgres(url) => Options::postgres(url, clock.clone()),
        };
        let store = Store::open(options).await.unwrap();
        let mut logins = HashMap::new();
        for (id, name, tenant) in [(1, "alice", "test"), (2, "bob", "test"), (3, "carol", "test"), (4, "dave", "other")] {
            let mut tx = store.db.begin().await.unwrap();
            account::create(&mut tx, AccountId(id), None, clock.now()).await.unwrap();
            tx.commit().await.unwrap();
            let address = Address::parse(&format!("{name}@example.org")).unwrap();
            let account = LoginAccount {
                id: AccountId(id),
                address: address.clone(),
                tenant: tenant.into(),
                protocols: Protocols { imap: name != "carol", ..Protocols::default() },
                suspended: false,
                phc: Some(verifiers().phc.clone()),
                scram: Some(verifiers().scram.clone()),
                subject: None,
            };
            logins.insert(address.to_string(), Arc::new(account));
        }
        let settings = postern_access::Settings::default();
        let seed = Secret::new([1; 32]);
        let directory = Arc::new(Directory(logins));
        let authenticator = Authenticator::new(directory.clone(), settings, &seed, Secret::new(vec![2; 32]), clock.clone()).unwrap();
        let trail = Trail::new(store.db.clone(), store.ids.clone(), clock.clone(), TrailLimits::default());
        let parts = Parts {
            store: store.clone(),
            authenticator: Arc::new(authenticator),
            people: directory,
            trail: trail.clone(),
            seed,
            observer: Arc::new(()),
        };
        let config = Config { failed_login_delay: Duration::ZERO, ..config };
        let drain = Drain::new();
        let gate = Gate::new(Limits { per_client: 20_000, ..Limits::default() });
        let serve = |name: &str, proxies: Vec<Network>, tls: Option<ServerTls>| {
            let config = Config { starttls: tls.is_some(), ..config.clone() };
            let driving = Driving { tls, ..Driving::default() };
            let settings = Settings { name: name.into(), implicit_tls: false, proxies: proxies.into(), gate: gate.clone(), driving };
            let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), settings).unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(listener.serve(Arc::new(Imap::new(parts.clone(), config)), drain.clone()));
            address
        };
        let (tls, client_tls) = tls();
        let address = serve("imap", Vec::new(), None);
        let public = serve("public", vec!["127.0.0.1/32".parse().unwrap()], Some(tls));
        Self { store, drain, clock, trail, public, client_tls, address, _database: database }
    }

    /// A connection that has read the greeting.
    pub async fn connect(&self) -> Client {
        let mut client = Client::connect(self.address).await;
        assert!(client.line().await.starts_with("* OK [CAPABILITY IMAP4rev2"));
        client
    }

    /// Somebody logged in.
    pub async fn login(&self, name: &str) -> Client {
        let mut client = self.connect().await;
        client.ok(&format!("LOGIN {name}@example.org \"{PASSWORD}\"")).await;
        client
    }

    /// Somebody who has selected INBOX.
    pub async fn inbox(&self, name: &str) -> Client {
        let mut client = self.login(name).await;
        client.ok("SELECT INBOX").await;
        client
    }

    /// Delivers to alice's INBOX, as SMTP does, with a header line of this copy alone.
    pub async fn deliver(&self, body: &[u8]) -> Placed {
        let prepared = self.store.prepare(body).await.unwrap();
        let bodies = vec![NewBody { prepared, trace: self.store.ids.trace(), summary: Summary::of(body).encode().into() }];
        let delivery = LocalDelivery {
            body: 0,
            account: AccountId(1),
            folder: Target::Inbox,
            flags: Flags::NONE,
            keywords: None,
            prefix: b"Delivered-To: alice@example.org\r\n".to_vec(),
            received_at: self.clock.now(),
        };
        let accept = Accept { bodies, deliveries: vec![delivery], ..Accept::default() };
        self.store.ingest.accept(accept).await.unwrap()[0]
    }

    /// Delivers messages with these subjects.
    pub async fn deliver_all(&self, subjects: &[&str]) {
        for subject in subjects {
            self.deliver(mail(subject).as_bytes()).await;
        }
    }
}

/// A small message.
pub fn mail(subject: &str) -> String {
    format!(
        "From: Bob <bob@example.org>\r\nTo: alice@example.org\r\nSubject: {subject}\r\nDate: Sat, 21 Nov 2026 10:00:00 +0100\r\n\r\nAbout {subject}.\r\n"
    )
}
