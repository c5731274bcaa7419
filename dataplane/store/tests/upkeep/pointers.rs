//! What a large expunge leaves for later: counts that are too high meanwhile, and mail that stays while a copy of it does.

use postern_store::{
    ingest::Target,
    mail::{FlagChange, Flags, INBOX},
    upkeep::recount::{repair, verify},
};
use postern_tests::{TestDatabase, suite};

use crate::{fixture::*, world::DAY};

suite!(a_large_expunge_is_settled_later, a_deleted_folder_leaves_its_messages_too, a_repair_settles_first);

/// More than lose their pointers at once.
const MESSAGES: u32 = 300;

/// Alice's mail in INBOX, the first 100 of it in Archive too; then INBOX is emptied.
async fn emptied(at: &TestDatabase) -> House {
    let house = House::open(at).await;
    for n in 0..MESSAGES {
        house.deliver_body(house.alice, Target::Inbox, format!("{n}").as_bytes()).await;
    }
    let archive = house.store.boxes.folder(house.alice, "Archive").await.unwrap().unwrap().id;
    let first: Vec<i64> = (1..=100).collect();
    house.store.boxes.copy(house.alice, INBOX, &first, archive).await.unwrap();
    let all: Vec<i64> = (1..=MESSAGES.into()).collect();
    house.store.boxes.store(house.alice, INBOX, &all, &FlagChange::Add(Flags::DELETED, vec![]), None).await.unwrap();
    let (_, gone) = house.store.boxes.expunge(house.alice, INBOX, None).await.unwrap();
    assert_eq!(gone, (1..=MESSAGES).collect::<Vec<_>>());
    assert_eq!(house.count("SELECT count(*) FROM dead_message").await, 0, "it is only noted");
    assert_eq!(house.count("SELECT count(*) FROM released").await, 2);
    house
}

/// Every message of Archive can still be read.
async fn archive_is_whole(house: &House, messages: usize) {
    let archive = house.store.boxes.folder(house.alice, "Archive").await.unwrap().unwrap().id;
    let snapshot = house.store.boxes.snapshot(&house.store.boxes.cell(house.alice, archive)).await.unwrap();
    assert_eq!(snapshot.len(), messages);
    for entry in snapshot.iter() {
        house.store.boxes.message(house.alice, postern_core::MessageId(entry.message)).await.unwrap();
    }
}

async fn a_large_expunge_is_settled_later(at: TestDatabase) {
    let mut house = emptied(&at).await;
    let archive = house.store.boxes.folder(house.alice, "Archive").await.unwrap().unwrap().id;
    // Meanwhile some lose their last placement, and one is copied once more.
    let some: Vec<i64> = (1..=10).collect();
    house.store.boxes.store(house.alice, archive, &some, &FlagChange::Add(Flags::DELETED, vec![]), None).await.unwrap();
    house.store.boxes.expunge(house.alice, archive, None).await.unwrap();
    house.store.boxes.copy(house.alice, archive, &[100], archive).await.unwrap();
    house.tidy().await;
    assert_eq!(house.count("SELECT count(*) FROM released").await, 0);
    assert_eq!(house.count("SELECT count(*) FROM dead_message").await, 210);
    assert_eq!(house.count("SELECT count(*) FROM message WHERE placements = 2").await, 1);
    assert_eq!(verify(&house.store.db, house.alice).await.unwrap(), []);
    house.pass(3).await;
    assert_eq!((house.count("SELECT count(*) FROM message").await, house.count("SELECT count(*) FROM blob").await), (90, 90));
    archive_is_whole(&house, 91).await;
}

async fn a_deleted_folder_leaves_its_messages_too(at: TestDatabase) {
    let mut house = emptied(&at).await;
    let boxes = &house.store.boxes;
    let old = boxes.create(house.alice, "Old", None).await.unwrap().id;
    for n in 0..MESSAGES {
        house.deliver_body(house.alice, Target::Folder(old), format!("old {n}").as_bytes()).await;
    }
    boxes.delete(house.alice, "Old").await.unwrap();
    assert_eq!(house.count("SELECT count(*) FROM released").await, 4);
    // What was noted long ago is as long dead.
    house.clock.advance(2 * DAY);
    house.tidy().await;
    house.pass(3).await;
    assert_eq!(house.count("SELECT count(*) FROM message").await, 100);
    archive_is_whole(&house, 100).await;
}

async fn a_repair_settles_first(at: TestDatabase) {
    let mut house = emptied(&at).await;
    let mut tx = house.store.db.begin().await.unwrap();
    tx.execute("UPDATE folder SET size = 0 WHERE name = 'Archive'", &[]).await.unwrap();
    tx.commit().await.unwrap();
    let counters: Vec<_> = repair(&house.store.db, house.alice).await.unwrap().iter().map(|found| found.counter).collect();
    assert_eq!(counters, ["size"], "what is noted is no difference");
    assert_eq!(house.count("SELECT count(*) FROM released").await, 0);
    house.pass(3).await;
    assert_eq!(house.count("SELECT count(*) FROM message").await, 100);
    archive_is_whole(&house, 100).await;
}
