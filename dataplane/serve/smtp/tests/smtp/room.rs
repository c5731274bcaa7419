//! A server on ports of its own, with a store, and ways to look into it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use postern_access::{Accounts, Authenticator, Budgets, LoginAccount, Unavailable, password};
use postern_core::{Clock, Network, Secret, TestClock, Timestamp, TraceId};
use postern_mailflow::accept::{self, Intake};
use postern_net::{
    Drain, Driving, Gate, Listener,
    gate::Limits,
    tls::{CertificateStore, Certificates, ClientTls, Roots, ServerTls},
};
use postern_proto_sasl::ScramVerifier;
use postern_serve_smtp::{Kind, Settings, Smtp};
use postern_store::{
    Options, Store,
    directory::{AddressTarget, Directory, SealKeys, VerifiersBySource, take_lease},
    mail::INBOX,
    queue::{Listed, QueueFilter},
    trail::{Event, Key, Trail, TrailLimits, by_key, timeline},
};
use postern_tests::temp::TempFolder;
use rand::{SeedableRng, rngs::StdRng};

use crate::{
    client::Client,
    directory::{address, everybody},
};

pub const HOST: &str = "mx.example.org";
const NOW: Timestamp = Timestamp::from_secs(1_795_305_600);
pub const PASSWORD: &str = "correct horse";

/// Every account has the one password; what else a login needs comes from the directory.
struct Logins {
    directory: Directory,
    phc: Secret<String>,
    scram: ScramVerifier,
}

#[async_trait]
impl Accounts for Logins {
    async fn by_login(&self, login: &str) -> Result<Option<Arc<LoginAccount>>, Unavailable> {
        let Some(found) = self.directory.login(login).await.map_err(|e| Unavailable(e.to_string()))? else { return Ok(None) };
        Ok(Some(Arc::new(LoginAccount {
            id: found.account,
            address: found.address.clone(),
            tenant: found.tenant.clone(),
            protocols: found.protocols,
            suspended: found.suspended,
            phc: Some(self.phc.clone()),
            scram: Some(self.scram.clone()),
            subject: None,
        })))
    }
}

pub struct Room {
    pub store: Store,
    pub directory: Directory,
    pub intake: Arc<Intake>,
    pub trail: Trail,
    pub drain: Drain,
    pub tls: ServerTls,
    pub client_tls: ClientTls,
    authenticator: Arc<Authenticator>,
    pub clock: Arc<TestClock>,
    _folder: TempFolder,
}

impl Room {
    pub async fn new() -> Self {
        let (folder, clock) = (TempFolder::new(), Arc::new(TestClock::at(NOW)));
        let store = Store::open(Options::folder(folder.path(), clock.clone())).await.unwrap();
        let ring = SealKeys::generate(&mut StdRng::seed_from_u64(1));
        let keys = SealKeys::parse(ring.expose().as_bytes(), Box::new(StdRng::seed_from_u64(2))).unwrap();
        let directory = Directory::open(store.db.clone(), clock.clone(), store.ids.clone(), keys).await.unwrap();
        let epoch = take_lease(&store.db).await.unwrap();
        let report = directory.apply(&everybody(), epoch, &VerifiersBySource::new()).await.unwrap();
        assert_eq!(report.refused, []);
        let trail = Trail::new(store.db.clone(), store.ids.clone(), clock.clone(), TrailLimits::default());
        let settings = accept::Settings::new(HOST.parse().unwrap());
        let intake = Intake::new(store.clone(), directory.clone(), trail.clone(), settings);
        let secret = Secret::new(PASSWORD.to_owned());
        let verifiers = password::make_verifiers(&secret, &mut StdRng::seed_from_u64(3)).unwrap();
        let logins = Logins { directory: directory.clone(), phc: verifiers.phc, scram: verifiers.scram };
        let decoys = Secret::new(vec![4; 32]);
        let settings = postern_access::Settings::default();
        let authenticator = Authenticator::new(Arc::new(logins), settings, &Secret::new([5; 32]), decoys, clock.clone()).unwrap();
        let (tls, client_tls) = tls(&clock);
        Self {
            store,
            directory,
            intake,
            trail,
            drain: Drain::new(),
            tls,
            client_tls,
            authenticator: Arc::new(authenticator),
            clock,
            _folder: folder,
        }
    }

    /// A mail exchanger; connects to it.
    pub async fn exchanger(&self) -> Client {
        self.exchanger_with(|_| ()).await
    }

    pub async fn exchanger_with(&self, change: impl FnOnce(&mut Settings)) -> Client {
        let address = self.listen(Kind::Exchanger, false, change);
        Client::greeted(address).await
    }

    /// A submission port with STARTTLS; connects to it.
    pub async fn submission(&self) -> Client {
        self.submission_with(|_| ()).await
    }

    pub async fn submission_with(&self, change: impl FnOnce(&mut Settings)) -> Client {
        let address = self.listen(Kind::Submission, false, change);
        Client::greeted(address).await
    }

    pub fn listen(&self, kind: Kind, implicit_tls: bool, change: impl FnOnce(&mut Settings)) -> SocketAddr {
        self.listen_for(kind, implicit_tls, &[], change)
    }

    /// A port whose clients name themselves in a PROXY header.
    pub fn listen_behind_proxy(&self, kind: Kind, change: impl FnOnce(&mut Settings)) -> SocketAddr {
        self.listen_for(kind, false, &["127.0.0.1".parse().unwrap()], change)
    }

    fn listen_for(&self, kind: Kind, implicit_tls: bool, proxies: &[Network], change: impl FnOnce(&mut Settings)) -> SocketAddr {
        let mut settings = Settings { tls: true, ..Settings::new(kind, HOST) };
        change(&mut settings);
        let budgets = Arc::new(Budgets::new(self.clock.clone()));
        let service = match kind {
            Kind::Exchanger => Smtp::exchanger(settings, self.intake.clone()),
            Kind::Submission => Smtp::submission(settings, self.intake.clone(), self.authenticator.clone(), budgets, [6; 32]),
        };
        let driving = Driving { tls: Some(self.tls.clone()), ..Driving::default() };
        let settings = postern_net::Settings {
            name: "test".into(),
            implicit_tls,
            proxies: proxies.into(),
            gate: Gate::new(Limits::default()),
            driving,
        };
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), settings).unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(listener.serve(Arc::new(service), self.drain.clone()));
        address
    }

    /// Everything in the INBOX of a box, oldest first, as its owner reads it.
    pub async fn inbox(&self, of: &str) -> Vec<String> {
        let AddressTarget::Account(account) = self.directory.address(&address(of)).await.unwrap() else { panic!("{of} is no box") };
        let cell = self.store.boxes.cell(account.id, INBOX);
        let snapshot = self.store.boxes.snapshot(&cell).await.unwrap();
        let mut mails = Vec::new();
        for entry in snapshot.iter() {
            let (_, content) = self.store.boxes.message(account.id, postern_core::MessageId(entry.message)).await.unwrap();
            mails.push(String::from_utf8(content.to_vec()).unwrap());
        }
        mails
    }

    /// Fills the disk, as far as the database knows, or makes room again.
    pub async fn disk_full(&self, full: bool) {
        let mut tx = self.store.db.begin().await.unwrap();
        tx.execute(if full { "PRAGMA max_page_count = 1" } else { "PRAGMA max_page_count = 1000000" }, &[]).await.unwrap();
        tx.rollback().await;
    }

    pub async fn queued(&self) -> Vec<Listed> {
        self.store.queue.list(&QueueFilter::default(), 100, self.clock.now()).await.unwrap()
    }

    /// What the queue would send, first message.
    pub async fn queued_body(&self) -> String {
        let trace = self.queued().await.first().unwrap().trace;
        let row = self.store.db.row("SELECT blob FROM queue_message WHERE trace = $1", &[trace.0.into()]).await.unwrap().unwrap();
        let body = self.store.blobs.read(&self.store.db, postern_core::BlobId(row.int(0).unwrap())).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    /// The story that is found by a key, its dialogue too.
    pub async fn story(&self, key: Key) -> Vec<Event> {
        self.trail.flush().await.unwrap();
        let now = self.clock.now();
        let since = now - Duration::from_secs(3600);
        let found: Vec<TraceId> = by_key(&self.store.db, key, since, now, 10).await.unwrap();
        let Some(first) = found.first() else { return Vec::new() };
        timeline(&self.store.db, *first, None, true, now).await.unwrap()
    }
}

fn tls(clock: &Arc<TestClock>) -> (ServerTls, ClientTls) {
    let made = rcgen::generate_simple_self_signed([HOST.to_owned()]).unwrap();
    let mut set = Certificates::new();
    set.add(&[HOST], made.cert.pem().as_bytes(), made.signing_key.serialize_pem().as_bytes()).unwrap();
    let server = ServerTls::new(Arc::new(CertificateStore::new(set)), clock.clone()).unwrap();
    let client = ClientTls::opportunistic(Roots::from_pem(made.cert.pem().as_bytes()).unwrap(), clock.clone()).unwrap();
    (server, client)
}
