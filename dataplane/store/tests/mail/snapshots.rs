//! What sessions share, and how they hear of each other.

use std::time::Duration;

use postern_core::AccountId;
use postern_store::{
    Store, changes,
    mail::{
        FlagChange, Flags, INBOX,
        cell::{FolderCell, Opened},
        snapshot::Entry,
    },
};
use postern_tests::TestDatabase;

use crate::fixture::*;

postern_tests::suite!(
    a_snapshot_moves_on_with_the_folder,
    a_large_folder_is_opened_by_its_row,
    a_delivery_wakes_who_listens,
    what_this_process_does_is_in_its_snapshot,
    what_this_process_does_to_many_is_in_its_snapshot,
    changes_of_one_message_have_each_their_own_modseq,
    who_opens_a_folder_while_mail_comes_misses_none,
    a_database_that_goes_back_in_time_takes_its_folders_along,
);

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

async fn open_again(store: &Store, account: AccountId) -> Vec<Entry> {
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

/// Whatever is done at once, the snapshot that sessions are shown holds what the rows say.
async fn what_this_process_does_is_in_its_snapshot(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    for _ in 0..30 {
        deliver(&store, alice, b"x").await.unwrap();
    }
    let cell = store.boxes.cell(alice, INBOX);
    store.boxes.snapshot(&cell).await.unwrap();
    let mut feed = store.boxes.subscribe(alice);
    for round in 0..6i64 {
        let tasks: Vec<_> = (0..40i64)
            .map(|n| {
                let store = store.clone();
                let uids = [n % 30 + 1 + round, (n * 7) % 30 + 1 + round];
                tokio::spawn(async move {
                    match n % 5 {
                        0 => store
                            .boxes
                            .store(alice, INBOX, &uids, &FlagChange::Add(Flags::SEEN, vec![format!("k{n}")]), None)
                            .await
                            .map(drop),
                        1 => store
                            .boxes
                            .store(alice, INBOX, &uids, &FlagChange::Remove(Flags::SEEN, vec!["k0".into()]), None)
                            .await
                            .map(drop),
                        2 => store.boxes.store(alice, INBOX, &uids[..1], &FlagChange::Add(Flags::DELETED, vec![]), None).await.map(drop),
                        3 => store.boxes.expunge(alice, INBOX, None).await.map(drop),
                        _ => deliver(&store, alice, b"more").await.map(drop),
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        shows_the_rows(&store, alice, &cell, feed.seen()).await;
        look(&store, alice, INBOX).await;
        check_usage(&store, alice).await;
    }
}

/// The snapshot that sessions are shown of INBOX is what the rows say.
async fn shows_the_rows(store: &Store, alice: AccountId, cell: &FolderCell, heard: i64) {
    let shown = store.boxes.refresh_to(cell, heard).await.unwrap();
    let sql = "SELECT uid, flags, modseq, keywords, message, size FROM placement WHERE account = $1 AND folder = 1 ORDER BY uid";
    let rows = store.db.rows(sql, postern_store::args![alice]).await.unwrap();
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            let (uid, flags, modseq) = (row.int(0).unwrap(), row.int(1).unwrap(), row.int(2).unwrap());
            (uid, flags, modseq, row.opt_text(3).unwrap(), row.int(4).unwrap(), row.int(5).unwrap())
        })
        .collect();
    let entry = |e: &Entry| {
        let keywords = e.keywords.as_deref().map(str::to_owned);
        (i64::from(e.uid), i64::from(e.flags.0), e.modseq, keywords, e.message, i64::from(e.size))
    };
    let entries: Vec<_> = shown.iter().map(entry).collect();
    assert_eq!(entries, rows);
    assert_eq!(shown.folder, store.boxes.folder(alice, "INBOX").await.unwrap().unwrap());
}

/// More at once than goes into the group commit: a transaction of their own, whose outcome is known without asking again.
async fn what_this_process_does_to_many_is_in_its_snapshot(at: TestDatabase) {
    const MANY: i64 = 600;
    let store = open(&at).await;
    let alice = account(&store, None).await;
    let deliveries: Vec<_> = (0..MANY)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { deliver(&store, alice, b"x").await.map(drop) })
        })
        .collect();
    for task in deliveries {
        task.await.unwrap().unwrap();
    }
    let cell = store.boxes.cell(alice, INBOX);
    store.boxes.snapshot(&cell).await.unwrap();
    let uids: Vec<i64> = (1..=MANY).collect();
    let stored = store.boxes.store(alice, INBOX, &uids, &FlagChange::Add(Flags::FLAGGED, vec![]), None).await.unwrap();
    assert_eq!(cell.newest().unwrap().folder.modseq, stored.modseq, "nobody asked");
    shows_the_rows(&store, alice, &cell, stored.modseq).await;
    let mut feed = store.boxes.subscribe(alice);
    for round in 0..3usize {
        let part = |from: usize, to: usize| uids[round * 100 + from..round * 100 + to].to_vec();
        let (seen, deleted, again) = (part(0, 300), part(0, 280), part(100, 400));
        let tasks: [tokio::task::JoinHandle<postern_store::Result<()>>; 6] = std::array::from_fn(|n| {
            let (store, seen, deleted, again) = (store.clone(), seen.clone(), deleted.clone(), again.clone());
            tokio::spawn(async move {
                let boxes = &store.boxes;
                match n {
                    0 => boxes.store(alice, INBOX, &seen, &FlagChange::Add(Flags::SEEN, vec!["k".into()]), None).await.map(drop),
                    1 => boxes.store(alice, INBOX, &deleted, &FlagChange::Add(Flags::DELETED, vec![]), None).await.map(drop),
                    2 => boxes.store(alice, INBOX, &again, &FlagChange::Remove(Flags::SEEN, vec![]), None).await.map(drop),
                    3 => boxes.expunge(alice, INBOX, None).await.map(drop),
                    4 => boxes.store(alice, INBOX, &again[..2], &FlagChange::Add(Flags::DELETED, vec![]), None).await.map(drop),
                    _ => deliver(&store, alice, b"more").await.map(drop),
                }
            })
        });
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        shows_the_rows(&store, alice, &cell, feed.seen()).await;
        let (modseq, gone) = store.boxes.expunge(alice, INBOX, Some(&again)).await.unwrap();
        if !gone.is_empty() {
            assert!(cell.newest().unwrap().folder.modseq >= modseq, "nobody asked");
        }
        shows_the_rows(&store, alice, &cell, feed.seen()).await;
        look(&store, alice, INBOX).await;
        check_usage(&store, alice).await;
    }
}

/// Nobody has the folder open when the batch is decided, and somebody has when it is committed.
async fn who_opens_a_folder_while_mail_comes_misses_none(at: TestDatabase) {
    let store = open(&at).await;
    for n in 0..200 {
        let alice = account(&store, None).await;
        let coming = tokio::spawn({
            let store = store.clone();
            async move { deliver(&store, alice, b"x").await }
        });
        for _ in 0..n * 10 {
            tokio::task::yield_now().await;
        }
        let cell = store.boxes.cell(alice, INBOX);
        store.boxes.snapshot(&cell).await.unwrap();
        coming.await.unwrap().unwrap();
        assert_eq!(inbox(&store, alice).await.len(), 1);
    }
}

/// As after a failover to a replica that was behind.
async fn a_database_that_goes_back_in_time_takes_its_folders_along(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    for _ in 0..2 {
        deliver(&store, alice, b"x").await.unwrap();
    }
    let cell = store.boxes.cell(alice, INBOX);
    let before = store.boxes.snapshot(&cell).await.unwrap();
    deliver(&store, alice, b"lost").await.unwrap();
    store.boxes.store(alice, INBOX, &[1], &FlagChange::Add(Flags::SEEN, vec![]), None).await.unwrap();
    assert_eq!(store.boxes.refresh(&cell).await.unwrap().len(), 3);
    let (was, mut tx) = (&before.folder, store.db.begin().await.unwrap());
    tx.execute("DELETE FROM placement WHERE account = $1 AND uid > 2", postern_store::args![alice]).await.unwrap();
    tx.execute("UPDATE placement SET flags = 0, modseq = created_modseq WHERE account = $1", postern_store::args![alice]).await.unwrap();
    tx.execute("UPDATE account SET modseq = $2 WHERE id = $1", postern_store::args![alice, was.modseq]).await.unwrap();
    let sql = "UPDATE folder SET modseq = $2, uid_next = $3, messages = 2, unseen = 2, size = $4 WHERE account = $1 AND id = 1";
    tx.execute(sql, postern_store::args![alice, was.modseq, was.uid_next, was.size]).await.unwrap();
    tx.commit().await.unwrap();
    let now = store.boxes.refresh(&cell).await.unwrap();
    assert_eq!(now.iter().collect::<Vec<_>>(), before.iter().collect::<Vec<_>>());
    assert_eq!(now.folder, before.folder);
    deliver(&store, alice, b"again").await.unwrap();
    assert_eq!(inbox(&store, alice).await.len(), 3);
}

/// A session tells its own change from another's by it.
async fn changes_of_one_message_have_each_their_own_modseq(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    deliver(&store, alice, b"x").await.unwrap();
    for _ in 0..20 {
        let (seen, flagged) = (FlagChange::Add(Flags::SEEN, vec![]), FlagChange::Add(Flags::FLAGGED, vec![]));
        let both = tokio::join!(store.boxes.store(alice, INBOX, &[1], &seen, None), store.boxes.store(alice, INBOX, &[1], &flagged, None));
        let (seen, flagged) = (both.0.unwrap(), both.1.unwrap());
        assert_ne!(seen.modseq, flagged.modseq);
        let now = inbox(&store, alice).await;
        assert_eq!(now.get(0).unwrap().flags, Flags::SEEN.with(Flags::FLAGGED));
        assert_eq!(now.get(0).unwrap().modseq, seen.modseq.max(flagged.modseq));
        store.boxes.store(alice, INBOX, &[1], &FlagChange::Replace(Flags::NONE, vec![]), None).await.unwrap();
    }
}
