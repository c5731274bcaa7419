//! A store with two domains that keep things for different times, and a janitor.

use std::{sync::Arc, time::Duration};

use postern_core::{AccountId, TestClock, directory::DeletionPolicy};
use postern_store::{
    Options, Store,
    blob::FolderBackend,
    directory::{Directory, DirectoryUpdate, Epoch, VerifiersBySource, take_lease},
    ingest::{Accept, LocalDelivery, NewBody, Target},
    mail::{Flags, SpecialUse},
    upkeep::{Janitor, Policy},
};
use postern_tests::TestDatabase;

use crate::world::{self, DAY, NOW};

pub struct House {
    pub store: Store,
    pub directory: Directory,
    pub clock: Arc<TestClock>,
    pub janitor: Janitor,
    pub epoch: Epoch,
    /// Of example.org, which says nothing of Trash.
    pub alice: AccountId,
    /// Of example.net, which keeps Trash for a week.
    pub bob: AccountId,
}

pub fn options(at: &TestDatabase, clock: &Arc<TestClock>) -> Options {
    match at {
        TestDatabase::Folder(folder) => Options::folder(folder.path(), clock.clone()),
        TestDatabase::Postgres(url) => Options::postgres(url, clock.clone()),
    }
}

/// Two domains with a box each; Bob's mail is gone a week after his box.
pub fn everything() -> DirectoryUpdate {
    let week = world::changed(&world::domain("acme", "example.net"), |d| d.defaults.trash_retention = Some(7 * DAY));
    let bob = world::changed(&world::account("acme", "bob@example.net"), |a| a.deletion = DeletionPolicy::Retain(7 * DAY));
    world::all(&[world::domain("acme", "example.org"), week], &[world::account("acme", "alice@example.org"), bob])
}

impl House {
    pub async fn open(at: &TestDatabase) -> Self {
        let clock = Arc::new(TestClock::at(NOW));
        Self::with(options(at, &clock), clock).await
    }

    /// Bodies over a KiB lie in a folder.
    pub async fn with_bodies_in(at: &TestDatabase, folder: &std::path::Path) -> Self {
        let clock = Arc::new(TestClock::at(NOW));
        let mut options = options(at, &clock);
        options.inline_max = 1_024;
        options.backend = Some(Arc::new(FolderBackend::new(folder).unwrap()));
        Self::with(options, clock).await
    }

    async fn with(options: Options, clock: Arc<TestClock>) -> Self {
        let store = Store::open(options).await.unwrap();
        let directory = directory(&store).await;
        let epoch = take_lease(&store.db).await.unwrap();
        directory.apply(&everything(), epoch, &VerifiersBySource::new()).await.unwrap();
        let alice = directory.login("alice@example.org").await.unwrap().unwrap().account;
        let bob = directory.login("bob@example.net").await.unwrap().unwrap().account;
        let janitor = Janitor::new(store.clone(), directory.clone(), Policy::default());
        Self { store, directory, clock, janitor, epoch, alice, bob }
    }

    /// Steps until nothing is due.
    pub async fn tidy(&mut self) -> u64 {
        let mut done = 0;
        for _ in 0..10_000 {
            let report = self.janitor.step(self.store.now()).await.unwrap();
            done += report.slice.done;
            if report.task.is_none() {
                return done;
            }
        }
        panic!("it never ends");
    }

    /// Half a day at a time, tidying at each stop.
    pub async fn pass(&mut self, days: u32) {
        for _ in 0..2 * days {
            self.clock.advance(DAY / 2);
            self.tidy().await;
        }
    }

    pub async fn deliver(&self, to: AccountId, folder: Target) {
        self.deliver_body(to, folder, b"body").await;
    }

    pub async fn deliver_body(&self, to: AccountId, folder: Target, body: &[u8]) {
        let trace = self.store.ids.trace();
        let bodies = vec![NewBody { prepared: self.store.prepare(body).await.unwrap(), trace, summary: b"".as_slice().into() }];
        let delivery = LocalDelivery {
            body: 0,
            account: to,
            folder,
            flags: Flags::NONE,
            keywords: None,
            prefix: Vec::new(),
            received_at: self.store.now() - Duration::from_secs(1_000_000_000),
        };
        self.store.ingest.accept(Accept { bodies, deliveries: vec![delivery], ..Accept::default() }).await.unwrap();
    }

    pub async fn messages(&self, account: AccountId, folder: &str) -> u32 {
        self.store.boxes.folder(account, folder).await.unwrap().unwrap().messages
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        self.store.db.row(sql, &[]).await.unwrap().unwrap().int(0).unwrap()
    }
}

pub async fn directory(store: &Store) -> Directory {
    Directory::open(store.db.clone(), store.clock.clone(), store.ids.clone(), world::keys(&[1])).await.unwrap()
}

pub const TRASH: Target = Target::Special(SpecialUse::Trash);
pub const JUNK: Target = Target::Special(SpecialUse::Junk);
