//! A queue whose clock stands still, on either database.

use std::{sync::Arc, time::Duration};

use postern_core::{
    Address, BlobId, IdSource, QueueId, Recipient, TestClock, Timestamp, TraceId,
    clock::Clock,
    envelope::{BodyType, Notify, Return},
};
use postern_store::{
    db::Db,
    dialect::Dialect,
    queue::{self, Deferral, Fate, LEASE, NewMessage, Queue, QueueItem, Settled, Slot, WorkerId},
};
use postern_tests::TestDatabase;

pub const ALICE: WorkerId = WorkerId(1);
pub const BOB: WorkerId = WorkerId(2);
pub const MINUTE: Duration = Duration::from_secs(60);
/// More slots than any test has.
pub const ALL: u32 = 100;

pub struct Fixture {
    pub db: Db,
    pub queue: Queue,
    pub ids: IdSource,
    pub clock: Arc<TestClock>,
}

impl Fixture {
    /// The database's clock shows what the test's does.
    pub async fn open(at: &TestDatabase) -> Self {
        let fixture = Self::on_real_clock(at).await;
        if fixture.db.dialect() == Dialect::Postgres {
            let mut tx = fixture.db.begin().await.unwrap();
            tx.script("CREATE OR REPLACE FUNCTION db_clock(given BIGINT) RETURNS BIGINT LANGUAGE sql STABLE AS 'SELECT given'")
                .await
                .unwrap();
            tx.commit().await.unwrap();
        }
        fixture
    }

    /// The database's clock is its own.
    pub async fn on_real_clock(at: &TestDatabase) -> Self {
        let db = crate::support::open(at).await;
        let clock = Arc::new(TestClock::at(Timestamp::from_secs(1_800_000_000)));
        let ids = IdSource::new(clock.clone(), 1);
        Self { queue: Queue::new(db.clone(), ids.clone()), db, ids, clock }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A message that is accepted now.
    pub fn message(&self, recipients: &[&str]) -> NewMessage {
        NewMessage {
            trace: self.ids.trace(),
            blob: self.ids.blob(),
            size: 1234,
            header_size: 300,
            sender: Some(address("sender@here.example")),
            envid: Some("QQ314159".into()),
            ret: Some(Return::Full),
            body: BodyType::EightBitMime,
            smtputf8: true,
            account: None,
            tenant: Some("acme".into()),
            pool: None,
            arrived_at: self.now(),
            send_at: None,
            held: false,
            recipients: recipients.iter().map(|to| recipient(to)).collect(),
        }
    }

    pub async fn insert(&self, messages: &[NewMessage]) {
        let mut tx = self.db.begin().await.unwrap();
        let queued = queue::insert(&mut tx, messages, &self.ids).await.unwrap();
        tx.commit().await.unwrap();
        self.queue.announce(&queued);
    }

    pub async fn send(&self, recipients: &[&str]) -> TraceId {
        let message = self.message(recipients);
        self.insert(std::slice::from_ref(&message)).await;
        message.trace
    }

    pub async fn lease(&self, worker: WorkerId) -> Vec<Slot> {
        self.queue.lease(worker, None, ALL, LEASE, self.now()).await.unwrap()
    }

    pub async fn due(&self, slots: &mut [Slot]) -> Vec<QueueItem> {
        let mut slots: Vec<&mut Slot> = slots.iter_mut().collect();
        self.queue.due(&mut slots, 1000, self.now()).await.unwrap()
    }

    /// Leases all and takes all.
    pub async fn take(&self, worker: WorkerId) -> (Vec<Slot>, Vec<QueueItem>) {
        let mut slots = self.lease(worker).await;
        let items = self.due(&mut slots).await;
        (slots, items)
    }

    pub async fn settle(&self, item: &QueueItem, fate: Fate) -> Settled {
        self.queue.settle(&[item.settle(fate, Vec::new())], &*self.clock).await.unwrap()[0]
    }

    /// Rows of a table of the queue.
    pub async fn count(&self, sql: &'static str) -> i64 {
        self.db.row(sql, &[]).await.unwrap().unwrap().int(0).unwrap()
    }

    pub async fn waiting(&self) -> Vec<QueueId> {
        let rows = self.queue.list(&queue::QueueFilter::default(), ALL, self.now()).await.unwrap();
        rows.into_iter().map(|row| row.id).collect()
    }

    pub async fn marked(&self, blob: BlobId) -> bool {
        let mut tx = self.db.begin().await.unwrap();
        tx.row("SELECT blob FROM dead_blob WHERE blob = $1", &[blob.into()]).await.unwrap().is_some()
    }
}

pub fn address(text: &str) -> Address {
    text.parse().unwrap()
}

pub fn recipient(to: &str) -> Recipient {
    Recipient {
        address: address(to),
        notify: Notify { given: true, success: false, failure: true, delay: true },
        original: Some(format!("rfc822;{to}")),
    }
}

pub fn deferral(next_at: Timestamp) -> Deferral {
    Deferral { next_at, attempted: true, reply: None, source: None, delay_told: false }
}
