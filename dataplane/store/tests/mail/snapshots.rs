//! What sessions share, and how they hear of each other.

use std::time::Duration;

use postern_store::{
    changes,
    mail::{FlagChange, Flags, INBOX, cell::Opened},
};
use postern_tests::TestDatabase;

use crate::fixture::*;

postern_tests::suite!(a_snapshot_moves_on_with_the_folder, a_large_folder_is_opened_by_its_row, a_delivery_wakes_who_listens);

async fn a_snapshot_moves_on_with_the_folder(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    for _ in 0..10 {
        deliver(&store, alice, b"x").await.unwrap();
    }
    let cell = store.boxes.cell(alice, INBOX);
    let old = store.boxes.snapshot(&cell).await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&cell, &store.boxes.cell(alice, INBOX)), "sessions share it");
    store.boxes.store(alice, INBOX, &[4], &FlagChange::Add(Flags::FLAGGED, vec![]), None).await.unwrap();
    store.boxes.store(alice, INBOX, &[5, 6], &FlagChange::Add(Flags::DELETED, vec![]), None).await.unwrap();
    store.boxes.expunge(alice, INBOX, None).await.unwrap();
    deliver(&store, alice, b"y").await.unwrap();
    let new = store.boxes.refresh(&cell).await.unwrap();
    let difference = old.difference(&new);
    assert_eq!(difference.expunged, [(4, 5), (5, 6)]);
    assert_eq!(difference.changed, [3]);
    assert_eq!(difference.new, [8]);
    // Loaded from nothing it is the same.
    drop((cell, old));
    let again = open_again(&store, alice).await;
    assert_eq!(again, new.iter().cloned().collect::<Vec<_>>());
}

/// Its entries are those of the moment when it was opened, whatever happens while they come.
async fn a_large_folder_is_opened_by_its_row(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    deliver(&store, alice, b"x").await.unwrap();
    let archive = store.boxes.folder(alice, "Archive").await.unwrap().unwrap().id;
    // 2^13 copies of one message.
    for _ in 0..13 {
        let uids: Vec<i64> = look(&store, alice, INBOX).await.iter().map(|entry| entry.uid.into()).collect();
        store.boxes.copy(alice, INBOX, &uids, archive).await.unwrap();
        let uids: Vec<i64> = look(&store, alice, archive).await.iter().map(|entry| entry.uid.into()).collect();
        store.boxes.move_to(alice, archive, &uids, INBOX).await.unwrap();
    }
    let uids: Vec<i64> = look(&store, alice, INBOX).await.iter().map(|entry| entry.uid.into()).collect();
    // Nobody has opened this one.
    let sent = store.boxes.folder(alice, "Sent").await.unwrap().unwrap().id;
    store.boxes.copy(alice, INBOX, &uids, sent).await.unwrap();
    let row = store.boxes.folder(alice, "Sent").await.unwrap().unwrap();
    assert_eq!(row.messages, 1 << 13);
    let cell = store.boxes.cell(alice, sent);
    let opened = store.boxes.open(&cell, row.clone()).await.unwrap();
    let Opened::Coming(told, mut coming) = opened else { panic!("{opened:?}") };
    assert_eq!((told.folder.messages, told.len()), (1 << 13, 0));
    store.boxes.copy(alice, INBOX, &uids[..1], sent).await.unwrap();
    let there = coming.arrive().await.unwrap();
    assert_eq!((there.len(), &there.folder), (1 << 13, &told.folder));
    let now = store.boxes.refresh(&cell).await.unwrap();
    assert_eq!(there.difference(&now).new, [1 << 13]);
    // The next one finds it here.
    let row = store.boxes.folder(alice, "Sent").await.unwrap().unwrap();
    assert!(matches!(store.boxes.open(&cell, row).await.unwrap(), Opened::Here(_)));
}

async fn open_again(store: &postern_store::Store, account: postern_core::AccountId) -> Vec<postern_store::mail::snapshot::Entry> {
    let cell = store.boxes.cell(account, INBOX);
    store.boxes.refresh(&cell).await.unwrap().iter().cloned().collect()
}

async fn a_delivery_wakes_who_listens(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    let mut ear = store.boxes.subscribe(alice);
    deliver(&store, alice, b"x").await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), ear.moved()).await.expect("woken");

    // A change whose hint was lost is found by the poll.
    let mut tx = store.db.begin().await.unwrap();
    tx.execute("UPDATE account SET modseq = modseq + 1", &[]).await.unwrap();
    tx.commit().await.unwrap();
    changes::poll(&store.db, &store.changes).await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), ear.moved()).await.expect("woken");
}
