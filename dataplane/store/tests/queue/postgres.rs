//! What only PostgreSQL can get wrong.

use std::time::Duration;

use postern_core::Timestamp;
use postern_store::queue::{Fate, LEASE, Settled};
use postern_tests::TestDatabase;

use crate::fixture::{ALICE, ALL, BOB, Fixture};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_are_measured_by_the_databases_clock() {
    let f = Fixture::on_real_clock(&TestDatabase::postgres()).await;
    f.clock.set(Timestamp::from_secs(1_700_000_000));
    f.send(&["a@one.example"]).await;
    assert_eq!(f.lease(ALICE).await.len(), 1);
    f.clock.set(Timestamp::from_secs(4_000_000_000));
    assert!(f.lease(BOB).await.is_empty(), "a worker whose clock is wrong takes nothing from another");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_snapshot_hides_nothing() {
    let f = Fixture::open(&TestDatabase::postgres()).await;
    let mut old = f.db.begin().await.unwrap();
    old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", &[]).await.unwrap();
    old.row("SELECT COUNT(*) FROM queue_due", &[]).await.unwrap();

    f.send(&["first@one.example"]).await;
    let mut slots = f.lease(ALICE).await;
    for round in 0..10 {
        let messages: Vec<_> = (0..200).map(|n| f.message(&[&format!("a{n}@one.example")])).collect();
        f.insert(&messages).await;
        f.clock.advance(Duration::from_secs(7));
        let items = f.due(&mut slots).await;
        assert_eq!(items.len(), if round == 0 { 201 } else { 200 });
        let settlements: Vec<_> = items.iter().map(|item| item.settle(Fate::Delivered, Vec::new())).collect();
        let settled = f.queue.settle(&settlements, &*f.clock).await.unwrap();
        assert!(settled.iter().all(|s| *s == Settled::Done));
        items.iter().for_each(|item| slots[0].settled(item.id));
        f.queue.renew(ALICE, &mut slots.iter_mut().collect::<Vec<_>>(), LEASE, f.now()).await.unwrap();
    }
    assert!(f.waiting().await.is_empty());
    let seen = old.row("SELECT COUNT(*) FROM queue_due", &[]).await.unwrap().unwrap().int(0).unwrap();
    assert_eq!(seen, 0, "the snapshot was open all the time");
    old.rollback().await;
}

/// Many acceptors, many senders, all at once: no deadlock is left unanswered and each mail goes out once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn acceptors_and_senders_do_not_trip_over_each_other() {
    let f = std::sync::Arc::new(Fixture::open(&TestDatabase::postgres()).await);
    let accepting: Vec<_> = (0..4)
        .map(|who| {
            let f = f.clone();
            tokio::spawn(async move {
                for n in 0..25 {
                    let to: Vec<String> = (0..6).map(|d| format!("w{who}n{n}@d{}.example", (n * 7 + d * (who + 1)) % 9)).collect();
                    f.send(&to.iter().map(String::as_str).collect::<Vec<_>>()).await;
                }
            })
        })
        .collect();
    let (done, mut delivered) = tokio::sync::mpsc::unbounded_channel();
    let sending: Vec<_> = [ALICE, BOB]
        .into_iter()
        .map(|worker| {
            let (f, done) = (f.clone(), done.clone());
            tokio::spawn(async move {
                loop {
                    let mut slots = f.queue.lease(worker, None, 3, LEASE, f.now()).await.unwrap();
                    for item in f.due(&mut slots).await {
                        assert_eq!(f.settle(&item, Fate::Delivered).await, Settled::Done);
                        if done.send(item.recipient.address.to_string()).is_err() {
                            return;
                        }
                    }
                    let slots: Vec<_> = slots.iter().collect();
                    let parked = f.queue.park(&slots).await.unwrap();
                    if parked.len() < slots.len() {
                        f.queue.release(worker).await.unwrap();
                    }
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    drop(done);
    for one in accepting {
        one.await.unwrap();
    }
    // A message has its recipients' domains twice when they collide; both are rows all the same.
    let mut seen = Vec::new();
    while seen.len() < 4 * 25 * 6 {
        let one = tokio::time::timeout(Duration::from_secs(60), delivered.recv()).await;
        seen.push(one.expect("no wake-up is lost").unwrap());
    }
    sending.iter().for_each(tokio::task::JoinHandle::abort);
    assert!(f.waiting().await.is_empty());
    assert!(f.queue.list(&postern_store::queue::QueueFilter::default(), ALL, f.now()).await.unwrap().is_empty());
}
