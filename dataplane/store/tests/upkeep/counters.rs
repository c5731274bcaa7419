//! Counters that are wrong are found and put right; those that are right are left alone.

use postern_store::{
    StoreError, args,
    ingest::Target,
    mail::{FlagChange, Flags, INBOX},
    upkeep::recount::{repair, verify},
};
use postern_tests::{TestDatabase, suite};

use crate::fixture::*;

suite!(true_counters_differ_in_nothing, each_wrong_counter_is_named_and_repaired);

async fn filled(at: &TestDatabase) -> House {
    let house = House::open(at).await;
    for folder in [Target::Inbox, Target::Inbox, Target::Inbox, TRASH, JUNK] {
        house.deliver(house.alice, folder).await;
    }
    let archive = house.store.boxes.folder(house.alice, "Archive").await.unwrap().unwrap().id;
    house.store.boxes.copy(house.alice, INBOX, &[1, 2], archive).await.unwrap();
    house.store.boxes.store(house.alice, INBOX, &[1], &FlagChange::Add(Flags::SEEN, vec![]), None).await.unwrap();
    house.store.boxes.store(house.alice, INBOX, &[2, 3], &FlagChange::Add(Flags::DELETED, vec![]), None).await.unwrap();
    house.store.boxes.expunge(house.alice, INBOX, Some(&[3])).await.unwrap();
    house
}

async fn true_counters_differ_in_nothing(at: TestDatabase) {
    let house = filled(&at).await;
    assert_eq!(verify(&house.store.db, house.alice).await.unwrap(), []);
    assert_eq!(verify(&house.store.db, house.bob).await.unwrap(), []);
    assert!(matches!(verify(&house.store.db, postern_core::AccountId(1)).await, Err(StoreError::NotFound(_))));
}

async fn each_wrong_counter_is_named_and_repaired(at: TestDatabase) {
    let house = filled(&at).await;
    let (db, alice) = (&house.store.db, house.alice);
    let before = house.store.boxes.folders(alice).await.unwrap();
    let usage = house.store.boxes.usage(alice).await.unwrap();
    for (counter, sql) in [
        ("messages", "UPDATE folder SET messages = messages + 1 WHERE account = $1 AND id = 1"),
        ("unseen", "UPDATE folder SET unseen = unseen - 1 WHERE account = $1 AND id = 1"),
        ("deleted", "UPDATE folder SET deleted = deleted + 7 WHERE account = $1 AND id = 1"),
        ("size", "UPDATE folder SET size = 0 WHERE account = $1 AND id = 1"),
        ("used", "UPDATE account SET used = used * 2 WHERE id = $1"),
        ("messages", "UPDATE account SET messages = 0 WHERE id = $1"),
        ("placements", "UPDATE message SET placements = placements + 1 WHERE account = $1"),
    ] {
        let mut tx = db.begin().await.unwrap();
        tx.execute(sql, args![alice]).await.unwrap();
        tx.commit().await.unwrap();
        let found = verify(db, alice).await.unwrap();
        assert_eq!(found.iter().map(|d| d.counter).collect::<Vec<_>>(), [counter], "{sql}");
        assert_eq!(repair(db, alice).await.unwrap(), found);
        assert_eq!(verify(db, alice).await.unwrap(), []);
        assert_eq!(house.store.boxes.folders(alice).await.unwrap(), before);
        assert_eq!(house.store.boxes.usage(alice).await.unwrap(), usage);
    }
    // A number that would be given twice.
    let mut tx = db.begin().await.unwrap();
    tx.execute("UPDATE folder SET uid_next = 2 WHERE account = $1 AND id = 1", args![alice]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(repair(db, alice).await.unwrap()[0].counter, "uid_next");
    house.deliver(alice, Target::Inbox).await;
    assert_eq!(verify(db, alice).await.unwrap(), []);
}
