//! From each database to each: what is restored is what was there.

use postern_store::{
    StoreError,
    backup::{QueueFate, backup_to_file, restore, verify},
    ingest::Target,
    mail::{Flags, INBOX},
    queue::{LEASE, QueueFilter, WorkerId},
};
use postern_tests::{TestDatabase, suite, temp::TempFolder};

use crate::fixture::*;

suite!(
    a_store_moves_to_sqlite,
    a_store_moves_to_postgres,
    bodies_follow_the_options_of_the_new_store,
    a_full_database_is_left_alone,
    a_queue_can_be_held_back,
    numbers_go_on_above_the_old_ones,
);

async fn moves(from: TestDatabase, to: TestDatabase) {
    let (old_bodies, new_bodies, out) = (TempFolder::new(), TempFolder::new(), TempFolder::new());
    let archive = out.path().join("archive");
    let store = open(&from, Some(old_bodies.path())).await;
    fill(&store).await;
    let report = backup_to_file(&store, &archive).await.unwrap();
    assert_eq!(report.missing, []);
    let before = look(&store).await;
    close(store).await;

    let restored = restore(&archive, &options(&to, Some(new_bodies.path())), QueueFate::Send).await.unwrap();
    assert_eq!(restored.summary, report.summary);
    assert_eq!(restored.epoch, report.summary.head.epoch + 1);
    let store = open(&to, Some(new_bodies.path())).await;
    assert_eq!(look(&store).await, before);
    assert!(before.messages.len() > 50 && before.queue.len() == 3 && before.trail.len() > 6, "{before:?}");
    // Leases stay behind: the mail can be sent at once.
    assert_eq!(store.queue.lease(WorkerId(1), None, 10, LEASE, store.now()).await.unwrap().len(), 2);
    close(store).await;
}

async fn a_store_moves_to_sqlite(at: TestDatabase) {
    moves(at, TestDatabase::sqlite()).await;
}

async fn a_store_moves_to_postgres(at: TestDatabase) {
    moves(at, TestDatabase::postgres()).await;
}

async fn bodies_follow_the_options_of_the_new_store(at: TestDatabase) {
    let (bodies, out) = (TempFolder::new(), TempFolder::new());
    let archive = out.path().join("archive");
    let store = open(&at, Some(bodies.path())).await;
    fill(&store).await;
    backup_to_file(&store, &archive).await.unwrap();
    let before = look(&store).await;
    close(store).await;

    let to = TestDatabase::sqlite();
    restore(&archive, &options(&to, None), QueueFate::Send).await.unwrap();
    let store = open(&to, None).await;
    assert_eq!(look(&store).await, before);
    let outside = store.db.row("SELECT count(*) FROM blob WHERE location IS NOT NULL", &[]).await.unwrap().unwrap();
    assert_eq!(outside.int(0).unwrap(), 0);
    close(store).await;
}

async fn a_full_database_is_left_alone(at: TestDatabase) {
    let out = TempFolder::new();
    let archive = out.path().join("archive");
    let store = open(&at, None).await;
    fill(&store).await;
    backup_to_file(&store, &archive).await.unwrap();
    let before = look(&store).await;
    close(store).await;
    let refused = restore(&archive, &options(&at, None), QueueFate::Send).await;
    assert!(matches!(&refused, Err(StoreError::Refused(text)) if text.contains("not empty")), "{refused:?}");
    assert_eq!(look(&open(&at, None).await).await, before);

    // Nor are bodies mixed with those of another store.
    let bodies = TempFolder::new();
    open(&TestDatabase::sqlite(), Some(bodies.path())).await.prepare(&noise(1, 5_000)).await.unwrap();
    let refused = restore(&archive, &options(&TestDatabase::sqlite(), Some(bodies.path())), QueueFate::Send).await;
    assert!(matches!(&refused, Err(StoreError::Refused(text)) if text.contains("place of bodies")), "{refused:?}");
}

async fn a_queue_can_be_held_back(at: TestDatabase) {
    let out = TempFolder::new();
    let archive = out.path().join("archive");
    let from = TestDatabase::sqlite();
    let store = open(&from, None).await;
    fill(&store).await;
    backup_to_file(&store, &archive).await.unwrap();
    restore(&archive, &options(&at, None), QueueFate::Hold).await.unwrap();
    let store = open(&at, None).await;
    let mut slots = store.queue.lease(WorkerId(1), None, 10, LEASE, store.now()).await.unwrap();
    let due = store.queue.due(&mut slots.iter_mut().collect::<Vec<_>>(), 10, store.now()).await.unwrap();
    assert!(due.is_empty());
    let held = store.queue.list(&QueueFilter::default(), 10, store.now()).await.unwrap();
    let ids: Vec<_> = held.iter().map(|item| item.id).collect();
    assert_eq!(store.queue.release_held(&ids, None, &[], long_due()).await.unwrap(), 3);
    let due = store.queue.due(&mut slots.iter_mut().collect::<Vec<_>>(), 10, store.now()).await.unwrap();
    assert_eq!(due.len(), 3);
}

async fn numbers_go_on_above_the_old_ones(at: TestDatabase) {
    let out = TempFolder::new();
    let archive = out.path().join("archive");
    let from = TestDatabase::sqlite();
    let store = open(&from, None).await;
    fill(&store).await;
    backup_to_file(&store, &archive).await.unwrap();
    assert_eq!(verify(&archive).await.unwrap().head.epoch, store.epoch().await.unwrap());
    let alice = account(&directory(&store).await, "alice@example.org").await;
    // After the backup the old server gave out more numbers, which clients have seen.
    for _ in 0..10 {
        deliver(&store, &[(alice, Target::Inbox)], b"later", Flags::NONE, None).await;
    }
    let old = store.boxes.folder(alice, "INBOX").await.unwrap().unwrap();
    restore(&archive, &options(&at, None), QueueFate::Send).await.unwrap();
    let store = open(&at, None).await;
    let new = store.boxes.folder(alice, "INBOX").await.unwrap().unwrap();
    assert_eq!(new.uid_validity, old.uid_validity);
    assert!(new.uid_next > old.uid_next && new.modseq > old.modseq && new.history_floor > old.modseq);
    deliver(&store, &[(alice, Target::Inbox)], b"here", Flags::NONE, None).await;
    let cell = store.boxes.cell(alice, INBOX);
    let last = store.boxes.snapshot(&cell).await.unwrap().iter().last().map(|e| e.uid);
    assert_eq!(last, Some(new.uid_next));
}
