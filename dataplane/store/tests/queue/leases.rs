//! Who holds which slot, and until when.

use std::time::Duration;

use postern_core::IdSource;
use postern_store::queue::{self, Fate, LEASE, PoolKey, Queue, Settled, Slot};
use postern_tests::{TestDatabase, suite};

use crate::fixture::{ALICE, ALL, BOB, Fixture, MINUTE, deferral};

suite!(
    a_slot_has_one_holder,
    a_lapsed_lease_goes_to_the_next,
    a_renewed_lease_does_not_lapse,
    a_drained_worker_gives_back_at_once,
    a_parked_slot_wakes_when_its_row_is_due,
    new_mail_wakes_a_parked_slot_and_tells_the_sender,
    a_slot_that_is_getting_mail_is_not_parked,
    empty_slots_go_but_not_those_of_held_mail,
    a_worker_may_serve_some_pools_only,
    a_lease_outlives_the_process_on_postgres_only
);

async fn a_slot_has_one_holder(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    f.send(&["a@one.example", "b@one.example", "c@two.example"]).await;
    let first = f.queue.lease(ALICE, None, 1, LEASE, f.now()).await.unwrap();
    let second = f.lease(BOB).await;
    assert_eq!(first.len(), 1);
    assert_eq!(second.len(), 1);
    assert_ne!(first[0].domain, second[0].domain);
    assert!(f.lease(ALICE).await.is_empty());
    assert!(f.lease(BOB).await.is_empty());
    assert_eq!(f.queue.next_wake(f.now()).await.unwrap(), None, "every slot has a holder");
}

async fn a_lapsed_lease_goes_to_the_next(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    f.send(&["a@one.example"]).await;
    let (mut late, items) = f.take(ALICE).await;
    assert_eq!(items.len(), 1);
    f.clock.advance(LEASE - Duration::from_secs(1));
    assert!(f.lease(BOB).await.is_empty());
    f.clock.advance(Duration::from_secs(1));
    let (_slots, taken) = f.take(BOB).await;
    assert_eq!(taken.len(), 1);

    assert!(f.due(&mut late).await.is_empty(), "who lost a lease gets nothing");
    assert_eq!(f.queue.renew(ALICE, &mut late.iter_mut().collect::<Vec<_>>(), LEASE, f.now()).await.unwrap(), [late[0].id]);
    assert_eq!(f.queue.park(&[&late[0]]).await.unwrap(), [late[0].id]);
    for fate in [Fate::Delivered, Fate::Failed, Fate::Deferred(deferral(f.now() + MINUTE))] {
        assert_eq!(f.settle(&items[0], fate).await, Settled::Stale);
    }
    let row = f.queue.inspect(items[0].id, None, f.now()).await.unwrap().unwrap();
    assert_eq!((row.attempts, row.next_at), (0, Some(items[0].due_at)), "a stale settlement changes nothing");
    assert_eq!(f.settle(&taken[0], Fate::Delivered).await, Settled::Done);
    assert!(f.waiting().await.is_empty());
}

async fn a_renewed_lease_does_not_lapse(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    f.send(&["a@one.example"]).await;
    let (mut slots, items) = f.take(ALICE).await;
    for _ in 0..5 {
        f.clock.advance(LEASE / 2);
        assert!(f.queue.renew(ALICE, &mut slots.iter_mut().collect::<Vec<_>>(), LEASE, f.now()).await.unwrap().is_empty());
        assert_eq!(slots[0].until, f.now() + LEASE);
        assert!(f.lease(BOB).await.is_empty());
    }
    f.clock.advance(LEASE * 2);
    let lost = f.queue.renew(ALICE, &mut slots.iter_mut().collect::<Vec<_>>(), LEASE, f.now()).await.unwrap();
    assert!(lost.is_empty(), "nobody took it meanwhile");
    assert_eq!(f.settle(&items[0], Fate::Delivered).await, Settled::Done);
}

async fn a_drained_worker_gives_back_at_once(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    f.send(&["a@one.example", "b@two.example"]).await;
    let (_slots, items) = f.take(ALICE).await;
    assert_eq!(f.queue.release(ALICE).await.unwrap(), 2);
    assert_eq!(f.take(BOB).await.1.len(), 2);
    assert_eq!(f.settle(&items[0], Fate::Delivered).await, Settled::Stale);
    assert_eq!(f.queue.release(ALICE).await.unwrap(), 0, "what another holds now is the other's");
}

async fn a_parked_slot_wakes_when_its_row_is_due(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    f.send(&["a@one.example", "b@one.example"]).await;
    let (mut slots, items) = f.take(ALICE).await;
    let later = f.now() + MINUTE;
    assert_eq!(f.settle(&items[0], Fate::Deferred(deferral(later))).await, Settled::Done);
    assert_eq!(f.settle(&items[1], Fate::Deferred(deferral(later + MINUTE))).await, Settled::Done);
    items.iter().for_each(|item| slots[0].settled(item.id));
    assert!(f.due(&mut slots).await.is_empty());
    assert_eq!(f.queue.park(&slots.iter().collect::<Vec<_>>()).await.unwrap(), [slots[0].id]);

    assert_eq!(f.queue.next_wake(f.now()).await.unwrap(), Some(later));
    assert!(f.lease(BOB).await.is_empty(), "nothing is due");
    f.clock.set(later);
    let (_slots, due) = f.take(BOB).await;
    assert_eq!(due.iter().map(|item| item.id).collect::<Vec<_>>(), [items[0].id]);
}

async fn new_mail_wakes_a_parked_slot_and_tells_the_sender(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    f.send(&["a@one.example"]).await;
    assert_eq!(f.queue.announced().await.len(), 1);
    let (slots, items) = f.take(ALICE).await;
    assert_eq!(f.settle(&items[0], Fate::Deferred(deferral(f.now() + 100 * MINUTE))).await, Settled::Done);
    f.queue.park(&[&slots[0]]).await.unwrap();
    f.send(&["b@one.example"]).await;
    assert_eq!(f.queue.announced().await, [slots[0].id]);
    assert_eq!(f.queue.next_wake(f.now()).await.unwrap(), Some(f.now()));
    let (_slots, due) = f.take(BOB).await;
    assert_eq!(due.iter().map(|item| item.recipient.address.to_string()).collect::<Vec<_>>(), ["b@one.example"]);
}

async fn a_slot_that_is_getting_mail_is_not_parked(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    f.send(&["a@one.example"]).await;
    let (slots, items) = f.take(ALICE).await;
    assert_eq!(f.settle(&items[0], Fate::Delivered).await, Settled::Done);
    let slots: Vec<&Slot> = slots.iter().collect();

    let mut accepting = f.db.begin().await.unwrap();
    let queued = queue::insert(&mut accepting, &[f.message(&["b@one.example"])], &f.ids).await.unwrap();
    // One writer on SQLite: there parking waits for the commit by itself.
    let parked = if at_postgres(&at) { f.queue.park(&slots).await.unwrap() } else { Vec::new() };
    accepting.commit().await.unwrap();
    f.queue.announce(&queued);
    assert!(parked.is_empty());

    assert_eq!(f.queue.park(&slots).await.unwrap(), [slots[0].id]);
    assert_eq!(f.take(BOB).await.1.len(), 1, "the new mail is not forgotten");
}

async fn empty_slots_go_but_not_those_of_held_mail(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    let mut held = f.message(&["a@held.example"]);
    held.held = true;
    f.insert(&[held, f.message(&["b@sent.example"])]).await;
    let (slots, items) = f.take(ALICE).await;
    assert_eq!(items.len(), 1);
    assert_eq!(f.settle(&items[0], Fate::Delivered).await, Settled::Done);
    assert_eq!(f.queue.sweep_slots(ALL, f.now()).await.unwrap(), 0, "one is held by its mail, one by its worker");
    f.queue.park(&slots.iter().collect::<Vec<_>>()).await.unwrap();
    assert_eq!(f.queue.sweep_slots(ALL, f.now()).await.unwrap(), 1);
    f.send(&["c@sent.example"]).await;
    assert_eq!(f.take(ALICE).await.1.len(), 1);
    assert_eq!(f.waiting().await.len(), 2);
}

async fn a_worker_may_serve_some_pools_only(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    let pool = |name: &str| Some(PoolKey { tenant: "acme".into(), name: name.into() });
    for name in ["bulk", "express"] {
        let mut message = f.message(&["a@one.example"]);
        message.pool = pool(name);
        f.insert(&[message]).await;
    }
    f.send(&["a@one.example"]).await;
    let slots = f.queue.lease(ALICE, Some(&[pool("bulk").unwrap()]), ALL, LEASE, f.now()).await.unwrap();
    assert_eq!(slots.iter().map(|slot| slot.pool.clone()).collect::<Vec<_>>(), [pool("bulk")]);
    assert_eq!(f.take(BOB).await.1.len(), 2);
}

async fn a_lease_outlives_the_process_on_postgres_only(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    f.send(&["a@one.example"]).await;
    f.lease(ALICE).await;
    let restarted = Queue::new(f.db.clone(), IdSource::new(f.clock.clone(), 2));
    restarted.forget_leases().await.unwrap();
    let expected = usize::from(!at_postgres(&at));
    assert_eq!(restarted.lease(BOB, None, ALL, LEASE, f.now()).await.unwrap().len(), expected);
}

fn at_postgres(at: &TestDatabase) -> bool {
    matches!(at, TestDatabase::Postgres(_))
}
