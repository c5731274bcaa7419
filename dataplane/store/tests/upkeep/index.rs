//! A folder that is searched while its text index is far behind is indexed at once.

use std::{sync::Arc, time::Duration};

use postern_core::{AccountId, FolderId, TestClock};
use postern_store::{Store, changes, ingest::Target, mail::index::Question};
use postern_tests::{TestDatabase, suite};

use crate::{fixture::*, world::NOW};

suite!(who_searches_does_not_wait_for_the_pass, what_was_asked_for_twice_is_done_once);

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
