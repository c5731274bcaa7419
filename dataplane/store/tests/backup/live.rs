//! A backup of a store that serves.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use postern_core::MessageId;
use postern_store::{
    Store, StoreError,
    backup::{QueueFate, backup_to_file, restore},
    ingest::Target,
    mail::{FlagChange, Flags, INBOX},
};
use postern_tests::{TestDatabase, suite, temp::TempFolder};

use crate::fixture::*;

suite!(deliveries_go_on_and_the_archive_is_of_one_moment, a_body_that_is_lost_is_named_and_the_rest_is_saved);

async fn deliveries_go_on_and_the_archive_is_of_one_moment(at: TestDatabase) {
    let (bodies, new_bodies, out) = (TempFolder::new(), TempFolder::new(), TempFolder::new());
    let archive = out.path().join("archive");
    let store = Store::open(on_real_clock(options(&at, Some(bodies.path())))).await.unwrap();
    fill(&store).await;
    let directory = directory(&store).await;
    let (alice, bob) = (account(&directory, "alice@example.org").await, account(&directory, "bob@example.org").await);
    let (stop, delivered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let busy: Vec<_> = (0..4)
        .map(|_| {
            let (store, stop, delivered) = (store.clone(), stop.clone(), delivered.clone());
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let n = delivered.fetch_add(1, Ordering::SeqCst) + 1;
                    // Both get it in one commit, so both have it in the archive or neither.
                    deliver(&store, &[(alice, Target::Inbox), (bob, Target::Inbox)], &noise(n, 600), Flags::NONE, None).await;
                    store.boxes.store(alice, INBOX, &[i64::from(n)], &FlagChange::Add(Flags::SEEN, vec![]), None).await.unwrap();
                }
            })
        })
        .collect();
    let mut rows = 0;
    for round in 0..200 {
        if round > 2 && delivered.load(Ordering::SeqCst) > 40 {
            break;
        }
        let report = backup_to_file(&store, &archive).await.unwrap();
        assert!(report.summary.rows["placement"] >= rows);
        rows = report.summary.rows["placement"];
    }
    stop.store(true, Ordering::SeqCst);
    for task in busy {
        task.await.unwrap();
    }
    assert!(delivered.load(Ordering::SeqCst) > 40, "deliveries went on");
    let to = TestDatabase::sqlite();
    restore(&archive, &options(&to, Some(new_bodies.path())), QueueFate::Send).await.unwrap();
    let store = open(&to, Some(new_bodies.path())).await;
    let mut shared = Vec::new();
    for account in [alice, bob] {
        let cell = store.boxes.cell(account, INBOX);
        let snapshot = store.boxes.snapshot(&cell).await.unwrap();
        let row = &snapshot.folder;
        assert_eq!(row.messages as usize, snapshot.len());
        assert_eq!(row.unseen as usize, snapshot.iter().filter(|e| !e.flags.has(Flags::SEEN)).count());
        let mut blobs = Vec::new();
        for entry in snapshot.iter() {
            let (message, _) = store.boxes.message(account, MessageId(entry.message)).await.unwrap();
            blobs.push(message.blob);
        }
        shared.push(blobs.split_off(blobs.len() - usize::from(!blobs.is_empty())));
    }
    assert_eq!(shared[0], shared[1], "the last commit is in both boxes");
}

async fn a_body_that_is_lost_is_named_and_the_rest_is_saved(at: TestDatabase) {
    let (bodies, new_bodies, out) = (TempFolder::new(), TempFolder::new(), TempFolder::new());
    let archive = out.path().join("archive");
    let store = open(&at, Some(bodies.path())).await;
    fill(&store).await;
    let row = store.db.row("SELECT id, location FROM blob WHERE location IS NOT NULL ORDER BY id LIMIT 1", &[]).await.unwrap().unwrap();
    std::fs::remove_file(bodies.path().join(row.text(1).unwrap())).unwrap();
    let report = backup_to_file(&store, &archive).await.unwrap();
    assert_eq!(report.missing.iter().map(|id| id.0).collect::<Vec<_>>(), [row.int(0).unwrap()]);

    let to = TestDatabase::sqlite();
    restore(&archive, &options(&to, Some(new_bodies.path())), QueueFate::Send).await.unwrap();
    let store = open(&to, Some(new_bodies.path())).await;
    let lost = store.blobs.read(&store.db, report.missing[0]).await;
    assert!(matches!(lost, Err(StoreError::NotFound("body"))), "{lost:?}");
    assert!(!std::path::Path::new(&format!("{}.part", archive.display())).exists());
}
