//! Processes that serve.

use postern_core::role::Role;
use postern_store::{StoreError, directory::process};
use postern_tests::{TestDatabase, suite};

use crate::world::NOW;

suite!(every_process_has_a_number_of_its_own, a_position_is_programmed_when_the_last_living_process_has_it);

async fn every_process_has_a_number_of_its_own(at: TestDatabase) {
    let db = crate::support::open(&at).await;
    let mut nodes = std::collections::HashSet::new();
    for _ in 0..20 {
        assert!(nodes.insert(process::register(&db, &[Role::Mx], "host", NOW).await.unwrap().node));
    }
}

async fn a_position_is_programmed_when_the_last_living_process_has_it(at: TestDatabase) {
    let db = crate::support::open(&at).await;
    assert!(!process::programmed(&db, 0, NOW).await.unwrap(), "nobody serves");
    let a = process::register(&db, &Role::ALL, "a", NOW).await.unwrap();
    let b = process::register(&db, &[Role::Imap], "b", NOW).await.unwrap();
    process::heartbeat(&db, a, 7, NOW).await.unwrap();
    assert!(!process::programmed(&db, 7, NOW).await.unwrap());
    process::heartbeat(&db, b, 6, NOW).await.unwrap();
    assert!(process::programmed(&db, 6, NOW).await.unwrap() && !process::programmed(&db, 7, NOW).await.unwrap());
    let later = NOW + process::DEAD_AFTER;
    process::heartbeat(&db, a, 7, later).await.unwrap();
    assert!(process::programmed(&db, 7, later).await.unwrap(), "the dead are not waited for");
    process::leave(&db, a, later).await.unwrap();
    assert!(!process::programmed(&db, 7, later).await.unwrap());
    let gone = NOW + std::time::Duration::from_secs(7200);
    process::register(&db, &[Role::Mx], "c", gone).await.unwrap();
    let late = process::heartbeat(&db, b, 9, gone).await;
    assert!(matches!(late, Err(StoreError::NotFound(_))), "{late:?}");
}
