//! A store, a sender, a zone: what every story begins with.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use postern_core::{
    AccountId, Address, Clock, DomainName, Recipient, TestClock, Timestamp, TraceId,
    directory::PoolRecord,
    envelope::{BodyType, Notify, Return},
};
use postern_mailflow::{
    bounce::{LocalAddresses, Whose},
    deliver::remote::session::SessionConfig,
    queue::{Bodies, Config, Parts, Relay, Routing, Sender},
};
use postern_net::{
    Drain, Phase,
    resolver::StaticResolver,
    tls::{ClientTls, Roots},
};
use postern_store::{
    Options, Store, StoreError, blob,
    queue::{self, Listed, NewMessage, PoolKey, QueueFilter, WorkerId},
    trail::{self, Event, Stage},
};
use postern_tests::TestDatabase;
use tokio::task::JoinHandle;

pub const MINUTE: Duration = Duration::from_secs(60);

/// The directory of a test.
#[derive(Default)]
pub struct Directory {
    pub pools: Mutex<Vec<PoolRecord>>,
    pub relays: Mutex<Vec<(String, Relay)>>,
    pub locals: Mutex<Vec<(String, Whose)>>,
}

#[async_trait]
impl Routing for Directory {
    async fn pool(&self, key: &PoolKey) -> Result<Option<Arc<PoolRecord>>, StoreError> {
        Ok(self.pools.lock().unwrap().iter().find(|pool| pool.name == key.name).cloned().map(Arc::new))
    }

    async fn relay(&self, domain: &DomainName, _: Option<&PoolKey>) -> Result<Option<Relay>, StoreError> {
        Ok(self.relays.lock().unwrap().iter().find(|(name, _)| name == domain.as_str()).map(|(_, relay)| relay.clone()))
    }
}

#[async_trait]
impl LocalAddresses for Directory {
    async fn find(&self, sender: &Address) -> Result<Whose, StoreError> {
        let locals = self.locals.lock().unwrap();
        Ok(locals.iter().find(|(name, _)| *name == sender.key()).map_or(Whose::Elsewhere, |(_, whose)| *whose))
    }
}

pub struct World {
    pub store: Store,
    pub clock: Arc<TestClock>,
    pub directory: Arc<Directory>,
    pub drain: Drain,
    pub bodies: Bodies,
    pub started: Timestamp,
    sender: Mutex<Option<JoinHandle<()>>>,
    _folder: TestDatabase,
}

impl World {
    /// A world without a sender.
    pub async fn empty() -> Self {
        let folder = TestDatabase::sqlite();
        let TestDatabase::Folder(path) = &folder else { unreachable!("a folder was asked for") };
        let started = Timestamp::from_secs(1_800_000_000);
        let clock = Arc::new(TestClock::at(started));
        let store = Store::open(Options::folder(path.path(), clock.clone())).await.unwrap();
        Self {
            store,
            clock,
            directory: Arc::default(),
            drain: Drain::new(),
            bodies: Bodies::new(1 << 20),
            started,
            sender: Mutex::default(),
            _folder: folder,
        }
    }

    /// With a sender that knows `zone` and connects to `port` everywhere.
    pub async fn new(zone: &str, port: u16) -> Self {
        let world = Self::empty().await;
        world.send_with(zone, port, |_| {});
        world
    }

    pub fn send_with(&self, zone: &str, port: u16, change: impl FnOnce(&mut Config)) {
        let session = SessionConfig {
            hostname: "out.here.example".into(),
            connect: Duration::from_secs(5),
            reply: Some(Duration::from_secs(20)),
            tls: ClientTls::opportunistic(Roots::none(), self.clock.clone()).unwrap(),
            record: true,
            egress: None,
        };
        let mut config = Config::new("mail.here.example".parse().unwrap(), session);
        config.mx.port = port;
        config.mx.allow_private = true;
        change(&mut config);
        let parts = Parts {
            worker: WorkerId(self.store.ids.next()),
            store: self.store.clone(),
            resolver: Arc::new(StaticResolver::parse(zone).unwrap()),
            routing: self.directory.clone(),
            local: self.directory.clone(),
            bodies: self.bodies.clone(),
            drain: self.drain.clone(),
            seed: 7,
        };
        *self.sender.lock().unwrap() = Some(tokio::spawn(Sender::new(config, parts).run()));
    }

    /// Moves the clock and wakes the sender.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.store.queue.nudge();
    }

    /// Ends the sender, politely.
    pub async fn stop(&self) {
        self.drain.advance(Phase::Finishing);
        let sender = self.sender.lock().unwrap().take().unwrap();
        tokio::time::timeout(Duration::from_secs(20), sender).await.expect("the sender ends").unwrap();
    }

    /// Queues a message as the ingest would.
    pub async fn queue_as(&self, sender: Option<&str>, recipients: Vec<Recipient>, change: impl FnOnce(&mut NewMessage)) -> TraceId {
        let body = b"Subject: Lunch\r\nFrom: ann@here.example\r\n\r\nAt noon?\r\n.dots\r\n";
        let prepared = self.store.prepare(body).await.unwrap();
        let mut message = NewMessage {
            trace: self.store.ids.trace(),
            blob: prepared.id,
            size: body.len() as u64,
            header_size: 44,
            sender: sender.map(|s| s.parse().unwrap()),
            envid: Some("QQ314159".into()),
            ret: Some(Return::Full),
            body: BodyType::SevenBit,
            smtputf8: false,
            account: Some(AccountId(1)),
            tenant: Some("acme".into()),
            pool: None,
            arrived_at: self.clock.now(),
            send_at: None,
            held: false,
            recipients,
        };
        change(&mut message);
        let trace = message.trace;
        let mut tx = self.store.db.begin().await.unwrap();
        blob::insert(&mut tx, &[&prepared], self.clock.now()).await.unwrap();
        let queued = queue::insert(&mut tx, &[message], &self.store.ids).await.unwrap();
        tx.commit().await.unwrap();
        self.store.queue.announce(&queued);
        trace
    }

    pub async fn queue(&self, recipients: &[&str]) -> TraceId {
        let recipients = recipients.iter().map(|to| recipient(to)).collect();
        self.queue_as(Some("ann@here.example"), recipients, |_| {}).await
    }

    pub async fn waiting(&self) -> Vec<Listed> {
        self.store.queue.list(&QueueFilter::default(), 1000, self.clock.now()).await.unwrap()
    }

    pub async fn events(&self, trace: TraceId) -> Vec<Event> {
        trail::timeline(&self.store.db, trace, None, true, self.clock.now()).await.unwrap()
    }

    /// Waits until the story has so many events of a stage.
    pub async fn until(&self, trace: TraceId, stage: Stage, count: usize) -> Vec<Event> {
        for _ in 0..2_000 {
            let events = self.events(trace).await;
            if events.iter().filter(|event| event.stage == Some(stage)).count() >= count {
                return events;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no {stage:?} in {:?}", self.events(trace).await);
    }

    /// Waits until the queue is as it should be.
    pub async fn until_waiting(&self, count: usize) -> Vec<Listed> {
        for _ in 0..2_000 {
            let waiting = self.waiting().await;
            if waiting.len() == count {
                return waiting;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{:?}", self.waiting().await);
    }
}

pub fn recipient(to: &str) -> Recipient {
    Recipient::plain(to.parse().unwrap())
}

pub fn notify(to: &str, success: bool, failure: bool, delay: bool) -> Recipient {
    Recipient { notify: Notify { given: true, success, failure, delay }, original: Some(format!("rfc822;{to}")), ..recipient(to) }
}
