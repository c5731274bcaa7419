//! Bodies outside the database, damage, sweeping, restore.

use std::time::Duration;

use postern_core::Clock;
use postern_store::{
    StoreError, args,
    mail::{FlagChange, Flags, INBOX},
};
use postern_tests::{TestDatabase, temp::TempFolder};

use crate::fixture::*;

postern_tests::suite!(
    a_large_body_is_a_file_and_goes_with_its_last_message,
    a_body_that_was_touched_is_damage,
    what_is_marked_and_named_again_stays,
    an_object_without_a_row_goes_after_a_day,
    a_restore_gives_no_number_twice,
);

/// Text that does not compress below the inline limit.
fn large() -> Vec<u8> {
    (0..4_000u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()).collect()
}

fn files(folder: &std::path::Path) -> usize {
    std::fs::read_dir(folder).unwrap().map(|sub| std::fs::read_dir(sub.unwrap().path()).unwrap().count()).sum()
}

const DAY: Duration = Duration::from_secs(86_400);

async fn a_large_body_is_a_file_and_goes_with_its_last_message(at: TestDatabase) {
    let bodies = TempFolder::new();
    let (store, clock) = open_with_clock(&at, bodies.path()).await;
    let (alice, bob) = (account(&store, None).await, account(&store, None).await);
    let accept = message(&store, &[alice, bob], &large()).await;
    store.ingest.accept(accept).await.unwrap();
    assert_eq!(files(bodies.path()), 1);
    let id = postern_core::MessageId(inbox(&store, alice).await.get(0).unwrap().message);
    assert!(store.boxes.message(alice, id).await.unwrap().1.ends_with(&large()));

    for (account, left) in [(alice, 1), (bob, 0)] {
        store.boxes.store(account, INBOX, &[1], &FlagChange::Add(Flags::DELETED, vec![]), None).await.unwrap();
        store.boxes.expunge(account, INBOX, None).await.unwrap();
        clock.advance(DAY + Duration::from_secs(1));
        store.blobs.sweep(&store.db, clock.now(), DAY).await.unwrap();
        clock.advance(DAY + Duration::from_secs(1));
        store.blobs.sweep(&store.db, clock.now(), DAY).await.unwrap();
        assert_eq!(files(bodies.path()), left);
    }
    assert!(matches!(store.boxes.message(alice, id).await, Err(StoreError::NotFound(_))));
    for table in ["SELECT id FROM blob", "SELECT id FROM message", "SELECT blob FROM dead_blob", "SELECT message FROM dead_message"] {
        assert!(store.db.rows(table, &[]).await.unwrap().is_empty(), "{table}");
    }
}

async fn a_body_that_was_touched_is_damage(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    deliver(&store, alice, b"as it was").await.unwrap();
    let mut tx = store.db.begin().await.unwrap();
    tx.execute("UPDATE blob SET body = $1", args![b"as it isn".as_slice()]).await.unwrap();
    tx.commit().await.unwrap();
    let id = postern_core::MessageId(inbox(&store, alice).await.get(0).unwrap().message);
    assert!(matches!(store.boxes.message(alice, id).await, Err(StoreError::Damaged(_))));
}

async fn what_is_marked_and_named_again_stays(at: TestDatabase) {
    let bodies = TempFolder::new();
    let (store, clock) = open_with_clock(&at, bodies.path()).await;
    let alice = account(&store, None).await;
    deliver(&store, alice, b"one").await.unwrap();
    let archive = store.boxes.folder(alice, "Archive").await.unwrap().unwrap();
    // Expunged here, copied there before: the mark of a message that still has a placement is void.
    store.boxes.copy(alice, INBOX, &[1], archive.id).await.unwrap();
    store.boxes.store(alice, INBOX, &[1], &FlagChange::Add(Flags::DELETED, vec![]), None).await.unwrap();
    store.boxes.expunge(alice, INBOX, None).await.unwrap();
    for _ in 0..3 {
        clock.advance(DAY * 2);
        store.blobs.sweep(&store.db, clock.now(), DAY).await.unwrap();
    }
    let id = postern_core::MessageId(look(&store, alice, archive.id).await.get(0).unwrap().message);
    assert!(store.boxes.message(alice, id).await.is_ok());
}

async fn an_object_without_a_row_goes_after_a_day(at: TestDatabase) {
    let bodies = TempFolder::new();
    let (store, _clock) = open_with_clock(&at, bodies.path()).await;
    let alice = account(&store, None).await;
    deliver(&store, alice, &large()).await.unwrap();
    store.prepare(&large()).await.unwrap();
    assert_eq!(files(bodies.path()), 2);
    // The files are as old as the machine says; only the clock of the sweep is ours.
    let now = Clock::now(&postern_core::SystemClock);
    assert_eq!(store.blobs.sweep_orphans(&store.db, now, 100).await.unwrap().orphans, 0);
    assert_eq!(store.blobs.sweep_orphans(&store.db, now + DAY * 2, 100).await.unwrap().orphans, 1);
    assert_eq!(files(bodies.path()), 1);
    let id = postern_core::MessageId(inbox(&store, alice).await.get(0).unwrap().message);
    assert!(store.boxes.message(alice, id).await.is_ok());
}

async fn a_restore_gives_no_number_twice(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    let first = deliver(&store, alice, b"one").await.unwrap();
    let epoch = store.epoch().await.unwrap();
    assert_eq!(postern_store::raise_epoch(&store.db).await.unwrap(), epoch + 1);
    let second = deliver(&store, alice, b"two").await.unwrap();
    assert!(second.uid > first.uid + 1_000_000);
    assert!(second.modseq > first.modseq + 1_000_000);
    let snapshot = inbox(&store, alice).await;
    assert!(snapshot.folder.history_floor > first.modseq, "whoever was here before resynchronises");
    assert_eq!(snapshot.len(), 2);
}
