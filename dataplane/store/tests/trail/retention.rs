//! Days are made ahead and let go.

use postern_store::trail::{
    self, Key, Stage,
    retention::{DAYS_AHEAD, ensure_partitions, expire},
};
use postern_tests::{TestDatabase, suite};

use crate::fixture::{DAY, Fixture};

suite!(old_days_go_and_others_stay, days_without_a_partition_are_kept_too);

async fn write_days(f: &Fixture, days: u32) {
    for _ in 0..days {
        let rows: Vec<_> =
            (0..30).map(|n| f.event(f.ids.trace(), Stage::Received).with_keys([Key::message_id(&format!("{n}@x"))])).collect();
        f.write(&rows).await;
        f.clock.advance(DAY);
    }
}

async fn expire_all(f: &Fixture, before: i64) {
    for _ in 0..100 {
        if expire(&f.db, before).await.unwrap() == 0 {
            return;
        }
    }
    panic!("it never ends");
}

async fn old_days_go_and_others_stay(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    let first = f.now().day();
    ensure_partitions(&f.db, f.now()).await.unwrap();
    write_days(&f, 5).await;
    expire_all(&f, first + 3).await;
    assert_eq!(f.count("SELECT COUNT(*) FROM event").await, 60);
    assert_eq!(f.count("SELECT COUNT(*) FROM event_key").await, 60);
    assert_eq!(f.count("SELECT MIN(day) FROM event").await, first + 3);
    assert_eq!(trail::by_key(&f.db, Key::message_id("7@x"), f.now() - 10 * DAY, f.now(), 10).await.unwrap().len(), 2);
}

async fn days_without_a_partition_are_kept_too(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    let first = f.now().day();
    // Nobody made partitions in time; later somebody does, for a day that has rows already and for others.
    write_days(&f, 2).await;
    f.clock.set(f.now() - 2 * DAY);
    ensure_partitions(&f.db, f.now()).await.unwrap();
    write_days(&f, 3).await;
    assert_eq!(f.count("SELECT COUNT(*) FROM event").await, 150);
    expire_all(&f, first + 1).await;
    assert_eq!(f.count("SELECT MIN(day) FROM event").await, first + 1);
    expire_all(&f, first + 10).await;
    assert_eq!(f.count("SELECT COUNT(*) FROM event").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partitions_are_made_once_and_dropped_as_a_whole() {
    let f = Fixture::open(&TestDatabase::postgres()).await;
    assert_eq!(ensure_partitions(&f.db, f.now()).await.unwrap(), 2 * (DAYS_AHEAD + 1));
    assert_eq!(ensure_partitions(&f.db, f.now()).await.unwrap(), 0);
    f.clock.advance(DAY);
    assert_eq!(ensure_partitions(&f.db, f.now()).await.unwrap(), 2);
    f.write(&[f.event(f.ids.trace(), Stage::Received)]).await;
    assert_eq!(f.count("SELECT COUNT(*) FROM event_default").await, 0);
    assert_eq!(expire(&f.db, f.now().day()).await.unwrap(), 2);
    assert_eq!(expire(&f.db, f.now().day()).await.unwrap(), 0);
    assert_eq!(f.count("SELECT COUNT(*) FROM event").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_in_progress_puts_partitions_off_and_mail_goes_on() {
    let f = Fixture::open(&TestDatabase::postgres()).await;
    ensure_partitions(&f.db, f.now()).await.unwrap();
    let mut backup = f.db.begin().await.unwrap();
    backup.row("SELECT COUNT(*) FROM event", &[]).await.unwrap();
    f.clock.advance(DAY);
    let put_off = expire(&f.db, f.now().day()).await;
    assert!(matches!(put_off, Err(postern_store::StoreError::Conflict(_))), "{put_off:?}");
    f.write(&[f.event(f.ids.trace(), Stage::Received)]).await;
    backup.rollback().await;
    assert_eq!(expire(&f.db, f.now().day()).await.unwrap(), 2);
}
