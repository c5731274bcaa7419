//! Many at once: groups, poison, and who is answered what.

use postern_core::Timestamp;
use postern_store::{
    StoreError,
    mail::{FlagChange, Flags, INBOX},
};
use postern_tests::TestDatabase;

use crate::fixture::*;

postern_tests::suite!(a_burst_is_stored_whole, one_poisoned_message_fails_alone, many_small_writes_keep_the_counters);

async fn a_burst_is_stored_whole(at: TestDatabase) {
    let store = open(&at).await;
    let mut boxes = Vec::new();
    for _ in 0..7 {
        boxes.push(account(&store, None).await);
    }
    let tasks: Vec<_> = (0..700usize)
        .map(|n| {
            let (store, to) = (store.clone(), boxes[n % 7]);
            tokio::spawn(async move { deliver(&store, to, format!("message {n}").as_bytes()).await })
        })
        .collect();
    let mut uids = std::collections::HashSet::new();
    for task in tasks {
        let placed = task.await.unwrap().unwrap();
        assert!(uids.insert((placed.account, placed.uid)), "a UID was given twice");
    }
    for account in boxes {
        assert_eq!(inbox(&store, account).await.len(), 100);
        check_usage(&store, account).await;
    }
}

/// A row that the database refuses: its body's id exists already.
async fn one_poisoned_message_fails_alone(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    let first = message(&store, &[alice], b"first").await;
    store.ingest.accept(first.clone()).await.unwrap();
    let tasks: Vec<_> = (0..50usize)
        .map(|n| {
            let (store, poison) = (store.clone(), first.clone());
            tokio::spawn(async move {
                if n == 17 { store.ingest.accept(poison).await.map(|_| ()) } else { deliver(&store, alice, b"good").await.map(|_| ()) }
            })
        })
        .collect();
    let mut failed = Vec::new();
    for (n, task) in tasks.into_iter().enumerate() {
        if let Err(error) = task.await.unwrap() {
            assert!(matches!(error, StoreError::Statement(_)), "{error:?}");
            failed.push(n);
        }
    }
    assert_eq!(failed, [17]);
    assert_eq!(inbox(&store, alice).await.len(), 50);
}

async fn many_small_writes_keep_the_counters(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    for _ in 0..20 {
        deliver(&store, alice, b"x").await.unwrap();
    }
    let tasks: Vec<_> = (0..60i64)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                let uid = n % 20 + 1;
                match n % 3 {
                    0 => store.boxes.store(alice, INBOX, &[uid], &FlagChange::Add(Flags::SEEN, vec![]), None).await.map(drop),
                    1 => store.boxes.store(alice, INBOX, &[uid], &FlagChange::Add(Flags::DELETED, vec![]), None).await.map(drop),
                    _ => deliver(&store, alice, b"more").await.map(drop),
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    store.boxes.expunge(alice, INBOX, None).await.unwrap();
    let snapshot = inbox(&store, alice).await;
    assert_eq!(snapshot.iter().filter(|e| e.received() > Timestamp::default()).count(), snapshot.len());
    check_usage(&store, alice).await;
}
