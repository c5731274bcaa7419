//! A store with a box or two, and the few moves that every test makes.

use std::sync::Arc;

use postern_core::{AccountId, FolderId, SystemClock, TestClock, Timestamp};
use postern_store::{
    Options, Result, Store,
    blob::FolderBackend,
    ingest::{Accept, LocalDelivery, NewBody, Placed, Target},
    mail::{Flags, INBOX, account, folder, snapshot::Snapshot},
};
use postern_tests::TestDatabase;

/// Opens the database that a test was given; bodies over 32 KiB go into `bodies` when it is there.
pub async fn open(at: &TestDatabase) -> Store {
    Store::open(options(at)).await.expect("a store")
}

pub fn options(at: &TestDatabase) -> Options {
    match at {
        TestDatabase::Folder(folder) => Options::folder(folder.path(), Arc::new(SystemClock)),
        TestDatabase::Postgres(url) => Options::postgres(url, Arc::new(SystemClock)),
    }
}

/// A store whose clock the test moves, with bodies over 1 KiB in a folder.
pub async fn open_with_clock(at: &TestDatabase, bodies: &std::path::Path) -> (Store, Arc<TestClock>) {
    let clock = Arc::new(TestClock::at(Timestamp::from_secs(1_800_000_000)));
    let mut options = options(at);
    options.clock = clock.clone();
    options.inline_max = 1_024;
    options.backend = Some(Arc::new(FolderBackend::new(bodies).expect("a folder for bodies")));
    (Store::open(options).await.expect("a store"), clock)
}

pub async fn account(store: &Store, quota: Option<i64>) -> AccountId {
    let id = store.ids.account();
    let mut tx = store.db.begin().await.unwrap();
    account::create(&mut tx, id, quota, store.now()).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// What it takes to deliver `body` to each of `to`.
pub async fn message(store: &Store, to: &[AccountId], body: &[u8]) -> Accept {
    let trace = store.ids.trace();
    let bodies = vec![NewBody { prepared: store.prepare(body).await.unwrap(), trace, summary: b"summary".as_slice().into() }];
    let deliveries = to.iter().map(|account| delivery(*account, Target::Inbox, store.now())).collect();
    Accept { bodies, deliveries, ..Accept::default() }
}

pub fn delivery(account: AccountId, folder: Target, received_at: Timestamp) -> LocalDelivery {
    LocalDelivery { body: 0, account, folder, flags: Flags::NONE, keywords: None, prefix: b"Delivered-To: x\r\n".to_vec(), received_at }
}

pub async fn deliver(store: &Store, to: AccountId, body: &[u8]) -> Result<Placed> {
    let accept = message(store, &[to], body).await;
    Ok(store.ingest.accept(accept).await?[0])
}

/// The folder as it is, after checking that its counters say what its entries are.
pub async fn look(store: &Store, account: AccountId, id: FolderId) -> Arc<Snapshot> {
    let cell = store.boxes.cell(account, id);
    let snapshot = store.boxes.snapshot(&cell).await.unwrap();
    let row = folder::by_id(&store.db, account, id).await.unwrap().unwrap();
    assert_eq!(row.messages as usize, snapshot.len(), "MESSAGES");
    assert_eq!(row.unseen as usize, snapshot.iter().filter(|e| !e.flags.has(Flags::SEEN)).count(), "UNSEEN");
    assert_eq!(row.deleted as usize, snapshot.iter().filter(|e| e.flags.has(Flags::DELETED)).count(), "DELETED");
    assert_eq!(row.size, snapshot.iter().map(|e| i64::from(e.size)).sum::<i64>(), "SIZE");
    assert!(snapshot.iter().all(|e| e.uid < row.uid_next && e.modseq <= row.modseq), "UIDNEXT and HIGHESTMODSEQ lie above");
    snapshot
}

pub async fn inbox(store: &Store, account: AccountId) -> Arc<Snapshot> {
    look(store, account, INBOX).await
}

/// What the account row says it holds is what its folders hold.
pub async fn check_usage(store: &Store, account: AccountId) {
    let usage = store.boxes.usage(account).await.unwrap();
    let folders = store.boxes.folders(account).await.unwrap();
    assert_eq!(usage.used, folders.iter().map(|f| f.size).sum::<i64>(), "bytes");
    assert_eq!(usage.messages, folders.iter().map(|f| i64::from(f.messages)).sum::<i64>(), "messages");
}
