//! A store with something of everything in it, and all that a user could see of it as one value.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use postern_core::{
    AccountId, Address, BlobId, Recipient, SystemClock, TestClock, Timestamp,
    clock::Clock,
    directory::DomainRecord,
    envelope::{BodyType, Notify, Return},
};
use postern_store::{
    Options, Store, args,
    blob::FolderBackend,
    directory::{Directory, Scope, VerifiersBySource, take_lease},
    ingest::{Accept, LocalDelivery, NewBody, Target},
    mail::{FlagChange, Flags, INBOX, SpecialUse},
    queue::{LEASE, NewMessage, PoolKey, QueueFilter, WorkerId},
    trail::{self, EventRow, Key, Stage},
};
use postern_tests::TestDatabase;

use crate::world::{self, NOW};

/// Bodies over 1 KiB lie in `bodies` when it is given.
pub fn options(at: &TestDatabase, bodies: Option<&Path>) -> Options {
    let clock: Arc<dyn Clock> = Arc::new(TestClock::at(NOW));
    let mut options = match at {
        TestDatabase::Folder(folder) => Options::folder(folder.path(), clock),
        TestDatabase::Postgres(url) => Options::postgres(url, clock),
    };
    if let Some(bodies) = bodies {
        options.inline_max = 1_024;
        options.backend = Some(Arc::new(FolderBackend::new(bodies).expect("a folder for bodies")));
    }
    options
}

pub async fn open(at: &TestDatabase, bodies: Option<&Path>) -> Store {
    Store::open(options(at, bodies)).await.expect("a store")
}

/// SQLite's folder is free again afterwards, whatever still holds the store.
pub async fn close(store: Store) {
    store.db.close().await;
}

pub async fn directory(store: &Store) -> Directory {
    Directory::open(store.db.clone(), store.clock.clone(), store.ids.clone(), world::keys(&[1])).await.unwrap()
}

/// A body that does not compress.
pub fn noise(seed: u32, words: u32) -> Vec<u8> {
    (0..words).flat_map(|i| (i ^ seed).wrapping_mul(2_654_435_761).wrapping_add(seed).to_be_bytes()).collect()
}

pub async fn deliver(store: &Store, to: &[(AccountId, Target)], body: &[u8], flags: Flags, keywords: Option<&str>) {
    let trace = store.ids.trace();
    let bodies = vec![NewBody { prepared: store.prepare(body).await.unwrap(), trace, summary: b"summary".as_slice().into() }];
    let deliveries = to.iter().map(|(account, folder)| LocalDelivery {
        body: 0,
        account: *account,
        folder: *folder,
        flags,
        keywords: keywords.map(str::to_owned),
        prefix: format!("Delivered-To: {account}\r\n").into_bytes(),
        received_at: store.now(),
    });
    store.ingest.accept(Accept { bodies, deliveries: deliveries.collect(), ..Accept::default() }).await.unwrap();
}

/// A tenant with two boxes, an alias and a pool; mail of every kind; a queue; a trail.
pub async fn fill(store: &Store) {
    let directory = directory(store).await;
    let (alice, bob) = (world::account("acme", "alice@example.org"), world::account("acme", "bob@example.org"));
    let alice = world::with_password(&alice, "secret");
    let mut update = world::all(&[world::domain("acme", "example.org")], &[alice.clone(), bob]);
    update.aliases.push(world::alias("acme", "info@example.org", &["alice@example.org"]));
    update.pools.push(world::pool("acme", "bulk", &["192.0.2.1"]));
    let verifiers: VerifiersBySource = world::verifiers(&alice, "verifier");
    let epoch = take_lease(&store.db).await.unwrap();
    assert_eq!(directory.apply(&update, epoch, &verifiers).await.unwrap().refused, []);

    let (alice, bob) = (account(&directory, "alice@example.org").await, account(&directory, "bob@example.org").await);
    store.boxes.create(alice, "Projects/Ä", None).await.unwrap();
    store.boxes.set_subscribed(alice, "nowhere", true).await.unwrap();
    let projects = store.boxes.folder(alice, "Projects/Ä").await.unwrap().unwrap().id;
    for n in 0..20 {
        let to = [(alice, Target::Inbox), (bob, Target::Special(SpecialUse::Junk)), (alice, Target::Folder(projects))];
        deliver(store, &to[..1 + n % 3], format!("Subject: {n}\r\n\r\nbody {n}").as_bytes(), Flags::NONE, Some("$Label1 work")).await;
        deliver(store, &to[n % 2..], &noise(n as u32, 2_000), Flags::SEEN, None).await;
    }
    store.boxes.store(alice, INBOX, &[1, 3], &FlagChange::Add(Flags::DELETED, vec![]), None).await.unwrap();
    store.boxes.expunge(alice, INBOX, Some(&[3])).await.unwrap();
    store.boxes.copy(alice, INBOX, &[2, 4], projects).await.unwrap();
    queue_mail(store, alice).await;
}

pub async fn account(directory: &Directory, login: &str) -> AccountId {
    directory.login(login).await.unwrap().expect("a login").account
}

/// In the past of the test's clock and of the machine's, by which PostgreSQL tells what is due.
pub fn long_due() -> Timestamp {
    Timestamp::from_secs(1_700_000_000)
}

async fn queue_mail(store: &Store, from: AccountId) {
    let trace = store.ids.trace();
    let body = NewBody { prepared: store.prepare(&noise(99, 3_000)).await.unwrap(), trace, summary: b"".as_slice().into() };
    let recipient = |to: &str, failure| Recipient {
        address: to.parse::<Address>().unwrap(),
        notify: Notify { given: true, success: false, failure, delay: true },
        original: Some(format!("rfc822;{to}")),
    };
    let message = NewMessage {
        trace,
        blob: body.prepared.id,
        size: body.prepared.size as u64,
        header_size: 300,
        sender: Some(world::address("alice@example.org")),
        envid: Some("envid".into()),
        ret: Some(Return::Full),
        body: BodyType::EightBitMime,
        smtputf8: true,
        account: Some(from),
        tenant: Some("acme".into()),
        pool: Some(PoolKey { tenant: "acme".into(), name: "bulk".into() }),
        arrived_at: long_due(),
        send_at: None,
        held: false,
        recipients: vec![recipient("x@far.example", true), recipient("y@far.example", false), recipient("z@other.example", true)],
    };
    let yesterday = store.now() - Duration::from_secs(86_400);
    let events = [(Stage::Received, store.now()), (Stage::Received, yesterday)]
        .map(|(stage, at)| EventRow::new(trace, at, stage, &serde_json::json!({ "from": "alice" })).with_keys([Key::message_id("<a@b>")]));
    let accept = Accept { bodies: vec![body], queue: vec![message], events: events.to_vec(), ..Accept::default() };
    store.ingest.accept(accept).await.unwrap();
    // Somebody is sending when the backup is made.
    assert_eq!(store.queue.lease(WorkerId(7), None, 10, LEASE, store.now()).await.unwrap().len(), 2);
}

/// What can be seen of a store from outside, but for the numbers that a restore raises.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    pub folders: BTreeMap<(AccountId, String), String>,
    pub messages: BTreeMap<(AccountId, String, u32), String>,
    pub directory: Vec<String>,
    pub queue: Vec<String>,
    pub trail: Vec<String>,
}

pub async fn look(store: &Store) -> Seen {
    let directory = directory(store).await;
    let mut seen =
        Seen { folders: BTreeMap::new(), messages: BTreeMap::new(), directory: Vec::new(), queue: Vec::new(), trail: Vec::new() };
    for login in ["alice@example.org", "bob@example.org"] {
        let login = directory.login(login).await.unwrap().expect("a login");
        let box_ = (login.account, &login.address, &login.addresses, &login.phc, login.credential_digest);
        seen.directory.push(format!("{box_:?} {:?}", store.boxes.folders_with_missing(login.account).await.unwrap().1));
        look_at_box(store, login.account, &mut seen).await;
    }
    seen.directory.push(format!("{:?}", directory.address(&world::address("info@example.org")).await.unwrap()));
    seen.directory.push(format!("{:?}", directory.list::<DomainRecord>(Scope::All, None, 10).await.unwrap()));
    seen.directory.push(format!("{:?}", directory.pool_for(&world::name("example.org")).await.unwrap()));

    for item in store.queue.list(&QueueFilter::default(), 100, store.now()).await.unwrap() {
        let (blob, text) = queued(store, item.id.0).await;
        let body = store.blobs.read(&store.db, blob).await.unwrap();
        seen.queue.push(format!("{} {} {text} {}", item.id, item.recipient, blake3::hash(&body)));
        for event in trail::timeline(&store.db, item.trace, None, true, store.now()).await.unwrap() {
            seen.trail.push(format!("{event:?}"));
        }
    }
    let found = trail::by_key(&store.db, Key::message_id("<a@b>"), Timestamp(0), store.now(), 10).await.unwrap();
    seen.trail.push(format!("{found:?}"));
    seen
}

/// All that a worker will be handed of a row.
async fn queued(store: &Store, id: i64) -> (BlobId, String) {
    let sql = "SELECT m.blob, m.size, m.header_size, m.ret, m.body, m.smtputf8, m.account, m.arrived_at, m.recipients, r.notify, r.held, \
         d.next_at, m.sender, m.envid, m.tenant, m.pool, r.original FROM queue_recipient r JOIN queue_message m ON m.id = r.message \
         JOIN queue_due d ON d.id = r.id JOIN queue_slot s ON s.id = r.slot WHERE r.id = $1";
    let row = store.db.row(sql, args![id]).await.unwrap().expect("it is whole");
    let numbers: Vec<_> = (1..12).map(|at| row.opt_int(at).unwrap()).collect();
    let texts: Vec<_> = (12..17).map(|at| row.opt_text(at).unwrap()).collect();
    (BlobId(row.int(0).unwrap()), format!("{numbers:?} {texts:?}"))
}

async fn look_at_box(store: &Store, account: AccountId, seen: &mut Seen) {
    let usage = store.boxes.usage(account).await.unwrap();
    for folder in store.boxes.folders(account).await.unwrap() {
        let cell = store.boxes.cell(account, folder.id);
        let snapshot = store.boxes.snapshot(&cell).await.unwrap();
        for entry in snapshot.iter() {
            let (row, content) = store.boxes.message(account, postern_core::MessageId(entry.message)).await.unwrap();
            let text = format!("{entry:?} {:?} {} {}", row.trace, row.summary.len(), blake3::hash(&content));
            seen.messages.insert((account, folder.name.clone(), entry.uid), text);
        }
        let counters =
            (folder.uid_validity, folder.special_use, folder.subscribed, folder.messages, folder.unseen, folder.deleted, folder.size);
        seen.folders.insert((account, folder.name), format!("{counters:?} {} {}", usage.used, usage.messages));
    }
}

/// The machine's clock, for what runs at its own speed.
pub fn on_real_clock(mut options: Options) -> Options {
    options.clock = Arc::new(SystemClock);
    options
}
