//! A folder that is searched while its text index is far behind is indexed at once.

use std::{sync::Arc, time::Duration};

use postern_core::{AccountId, FolderId, TestClock};
use postern_store::{Result, Store, args, changes, ingest::Target, mail::index::Question, transaction};
use postern_tests::{TestDatabase, suite};

use crate::{fixture::*, world::NOW};

suite!(
    who_searches_does_not_wait_for_the_pass,
    what_was_asked_for_twice_is_done_once,
    what_was_indexed_without_attachments_is_indexed_again,
);

/// More than one slice.
const MESSAGES: u32 = 300;

/// The longest that a hint may take.
const LONG: Duration = Duration::from_secs(60);

/// Mail for Alice that comes when every pass is over.
async fn filled(at: &TestDatabase) -> (House, FolderId) {
    let mut house = House::open(at).await;
    house.tidy().await;
    for n in 0..MESSAGES {
        house.deliver_body(house.alice, Target::Inbox, format!("Subject: number {n:03}\r\n\r\nbody").as_bytes()).await;
    }
    let folders = house.store.boxes.folders(house.alice).await.unwrap();
    (house, folders.iter().find(|folder| folder.messages > 0).unwrap().id)
}

async fn upto(store: &Store, account: AccountId, folder: FolderId) -> u32 {
    store.boxes.index(account, folder).await.unwrap().upto()
}

async fn who_searches_does_not_wait_for_the_pass(at: TestDatabase) {
    let (mut house, inbox) = filled(&at).await;
    assert_eq!(house.tidy().await, 0, "nothing is due for minutes");
    assert_eq!(upto(&house.store, house.alice, inbox).await, 0);
    house.store.boxes.want_index(house.alice, inbox);
    tokio::time::timeout(LONG, house.janitor.wanted()).await.expect("it hears");
    assert_eq!(house.tidy().await, u64::from(MESSAGES));
    assert_eq!(upto(&house.store, house.alice, inbox).await, MESSAGES);
    // The next search looks at one message.
    let index = house.store.boxes.index(house.alice, inbox).await.unwrap();
    let found = index.ask(&[Question::Text("NUMBER 123".into())]).await.unwrap();
    assert_eq!((&found[0].yes[..], &found[0].maybe[..]), (&[][..], &[124][..]));
}

async fn what_was_asked_for_twice_is_done_once(at: TestDatabase) {
    let (mut house, inbox) = filled(&at).await;
    for _ in 0..1_000 {
        house.store.boxes.want_index(house.alice, inbox);
    }
    assert_eq!(house.tidy().await, u64::from(MESSAGES));
    // What is not there, or has nothing to be indexed, keeps nobody waiting.
    house.store.boxes.want_index(house.bob, FolderId(4_711));
    house.store.boxes.want_index(house.alice, inbox);
    assert_eq!(house.tidy().await, 0);
    let report = house.janitor.step(house.store.now()).await.unwrap();
    assert!(report.task.is_none() && report.next > house.store.now(), "{report:?}");
}

/// What an older version has indexed is completed by the pass, and at once where somebody searches it.
async fn what_was_indexed_without_attachments_is_indexed_again(at: TestDatabase) {
    let mut house = House::open(&at).await;
    house.tidy().await;
    // Bob's files are opened and Alice's are not, and else their mail is the same: so her index is his of an older version.
    for n in 0..MESSAGES {
        for (who, name) in [(house.alice, "a.bin"), (house.bob, "a.txt")] {
            let about = if n % 100 == 7 { "the plan" } else { "nothing" };
            let mail = format!("Subject: a.txt a.bin\r\nContent-Type: application/octet-stream; name={name}\r\n\r\n{about}");
            house.deliver_body(who, Target::Inbox, mail.as_bytes()).await;
        }
    }
    assert_eq!(house.store.boxes.index_now(house.alice, false).await.unwrap(), u64::from(MESSAGES));
    let folders = house.store.boxes.folders(house.bob).await.unwrap();
    let inbox = folders.iter().find(|folder| folder.messages > 0).unwrap().id;
    for asked_for in [false, true] {
        house.store.boxes.index_now(house.alice, true).await.unwrap();
        become_of_an_older_version(&house).await.unwrap();
        assert_eq!(ask(&house, inbox, "PLAN").await, (MESSAGES as usize, (1..=MESSAGES).collect()), "any of them may have it");
        if asked_for {
            house.store.boxes.want_index(house.bob, inbox);
        } else {
            house.clock.advance(Duration::from_secs(600));
        }
        house.tidy().await;
        assert_eq!(ask(&house, inbox, "THE PLAN").await, (0, vec![8, 108, 208]));
        assert_eq!(ask(&house, inbox, "NOTHING").await.1.len(), MESSAGES as usize - 3);
    }
}

/// Bob's index is the one that was made of Alice's mail.
async fn become_of_an_older_version(house: &House) -> Result<()> {
    transaction!(house.store.db, |tx| {
        tx.execute("DELETE FROM text_segment WHERE account = $1", args![house.bob]).await?;
        tx.execute("UPDATE text_segment SET account = $1, attachments_uid = 0", args![house.bob]).await?;
        Ok(())
    })
}

/// How many messages Bob's index does not know wholly, and which may have a text.
async fn ask(house: &House, inbox: FolderId, text: &str) -> (usize, Vec<u32>) {
    let index = house.store.boxes.index(house.bob, inbox).await.unwrap();
    (index.lacking(), index.ask(&[Question::Text(text.into())]).await.unwrap().remove(0).maybe)
}

/// The session is in one process, the janitor is another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_janitor_hears_of_searches_in_other_processes() {
    let at = TestDatabase::postgres();
    let (mut house, inbox) = filled(&at).await;
    let other = Store::open(options(&at, &Arc::new(TestClock::at(NOW)))).await.unwrap();
    for store in [&house.store, &other] {
        tokio::spawn(changes::relay(store.db.clone(), store.process, store.changes.clone(), store.hints.clone()));
    }
    // LISTEN may begin after the first of them: ask until one is heard.
    let heard = async {
        loop {
            other.boxes.want_index(house.alice, inbox);
            if tokio::time::timeout(Duration::from_millis(200), house.janitor.wanted()).await.is_ok() {
                break;
            }
        }
    };
    tokio::time::timeout(LONG, heard).await.expect("heard");
    assert_eq!(house.tidy().await, u64::from(MESSAGES));
    assert_eq!(upto(&other, house.alice, inbox).await, MESSAGES);
}
