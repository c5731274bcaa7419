//! One janitor of several processes.

use std::{sync::Arc, time::Duration};

use postern_core::TestClock;
use postern_store::{
    Store,
    upkeep::{Janitor, LEASE, Lease, Policy, Task},
};
use postern_tests::{TestDatabase, suite};

use crate::{fixture::*, world::NOW};

suite!(every_task_has_its_turn_and_then_rests);

async fn every_task_has_its_turn_and_then_rests(at: TestDatabase) {
    let mut house = House::open(&at).await;
    let mut seen = Vec::new();
    for _ in 0..1_000 {
        let report = house.janitor.step(house.store.now()).await.unwrap();
        match report.task {
            Some(task) => seen.push(task),
            None => {
                assert!(report.next > house.store.now(), "there is a time to sleep until");
                break;
            }
        }
    }
    assert!(Task::ALL.iter().all(|task| seen.contains(task)), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_at_a_time_is_the_janitor() {
    let at = TestDatabase::postgres();
    let mut house = House::open(&at).await;
    let store = Store::open(options(&at, &Arc::new(TestClock::at(NOW)))).await.unwrap();
    let mut other = Janitor::new(store.clone(), directory(&store).await, Policy::default());
    assert!(house.janitor.step(NOW).await.unwrap().task.is_some());
    for _ in 0..3 {
        let idle = other.step(NOW).await.unwrap();
        assert_eq!((idle.task, idle.next), (None, NOW + LEASE / 2));
        assert!(house.janitor.step(NOW).await.unwrap().task.is_some());
    }
    house.janitor.leave().await.unwrap();
    assert!(other.step(NOW).await.unwrap().task.is_some());
    assert!(house.janitor.step(NOW).await.unwrap().task.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_office_of_one_that_died_is_taken_when_its_time_is_over() {
    let at = TestDatabase::postgres();
    let db = crate::support::open(&at).await;
    let (mut first, mut second) = (Lease::default(), Lease::default());
    assert!(first.hold(&db, NOW).await.unwrap());
    // The database's clock decides, whatever a process believes the time to be.
    assert!(!second.hold(&db, NOW + Duration::from_secs(1_000_000)).await.unwrap());
    let mut tx = db.begin().await.unwrap();
    tx.execute("UPDATE counter SET value = value - 60000000 WHERE name = 'janitor'", &[]).await.unwrap();
    tx.commit().await.unwrap();
    assert!(second.hold(&db, NOW).await.unwrap());
    assert!(!first.hold(&db, NOW).await.unwrap(), "and the first, should it come back, sees that");
}
