//! What operators see and do.

use postern_core::QueueId;
use postern_store::{
    queue::{Depth, Fate, PoolKey, QueueFilter, Settled},
    trail::{self, EventRow, Stage},
};
use postern_tests::{TestDatabase, suite};

use crate::fixture::{ALICE, ALL, Fixture, MINUTE, address, deferral};

suite!(
    lists_by_what_is_asked,
    pages_follow_each_other,
    destinations_and_depth_say_how_much_waits,
    a_retry_makes_it_due_now,
    what_is_held_is_not_sent_until_released,
    what_is_discarded_is_gone,
    a_tenant_touches_only_its_own,
    what_cannot_be_read_is_held_and_delays_nobody
);

async fn lists_by_what_is_asked(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    let mut other = f.message(&["Carol@one.example"]);
    other.tenant = Some("umbrella".into());
    other.sender = None;
    other.held = true;
    f.insert(&[f.message(&["a@one.example", "b@two.example"]), other]).await;
    let list = |filter: QueueFilter| {
        let f = &f;
        async move {
            let rows = f.queue.list(&filter, ALL, f.now()).await.unwrap();
            rows.into_iter().map(|row| row.recipient.to_string()).collect::<Vec<_>>()
        }
    };
    let none = QueueFilter::default;
    assert_eq!(list(none()).await, ["a@one.example", "b@two.example", "Carol@one.example"]);
    assert_eq!(list(QueueFilter { domain: Some("One.example".into()), ..none() }).await, ["a@one.example", "Carol@one.example"]);
    assert_eq!(list(QueueFilter { tenant: Some("acme".into()), ..none() }).await, ["a@one.example", "b@two.example"]);
    assert_eq!(list(QueueFilter { address: Some(address("carol@one.example")), ..none() }).await, ["Carol@one.example"]);
    assert_eq!(list(QueueFilter { address: Some(address("Sender@here.example")), ..none() }).await.len(), 2);
    assert_eq!(list(QueueFilter { held: Some(true), ..none() }).await, ["Carol@one.example"]);
    assert_eq!(list(QueueFilter { held: Some(false), tenant: Some("umbrella".into()), ..none() }).await, Vec::<String>::new());
}

async fn pages_follow_each_other(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    let to: Vec<String> = (0..7).map(|n| format!("a{n}@one.example")).collect();
    f.send(&to.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut seen = Vec::new();
    let mut filter = QueueFilter::default();
    for _ in 0..4 {
        let page = f.queue.list(&filter, 3, f.now()).await.unwrap();
        filter.after = page.last().map(|row| row.id).or(filter.after);
        seen.extend(page.into_iter().map(|row| row.recipient.to_string()));
    }
    assert_eq!(seen, to);
}

async fn destinations_and_depth_say_how_much_waits(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    assert_eq!(f.queue.depth(f.now()).await.unwrap(), Depth::default());
    let began = f.now();
    let mut pooled = f.message(&["c@one.example"]);
    pooled.pool = Some(PoolKey { tenant: "acme".into(), name: "bulk".into() });
    let mut held = f.message(&["d@one.example"]);
    held.held = true;
    f.insert(&[f.message(&["a@one.example", "b@one.example"]), pooled, held]).await;
    let mut later = f.message(&["e@two.example"]);
    later.send_at = Some(f.now() + 10 * MINUTE);
    f.insert(&[later]).await;
    f.clock.advance(MINUTE);
    f.queue.lease(ALICE, Some(&[]), ALL, MINUTE, f.now()).await.unwrap();

    let depth = f.queue.depth(f.now()).await.unwrap();
    assert_eq!(depth, Depth { waiting: 4, due: 3, held: 1, behind_since: Some(began), oldest: Some(began) });
    let table = f.queue.destinations(None, ALL, f.now()).await.unwrap();
    let table: Vec<_> =
        table.iter().map(|d| (d.domain.as_str(), d.pool.as_ref().map_or("", |p| p.name.as_str()), d.waiting, d.leased)).collect();
    assert_eq!(table, [("one.example", "", 3, false), ("one.example", "bulk", 1, false), ("two.example", "", 1, false)]);
    f.lease(ALICE).await;
    assert!(f.queue.destinations(Some("acme"), 1, f.now()).await.unwrap()[0].leased);
    assert!(f.queue.destinations(Some("nobody"), 1, f.now()).await.unwrap().is_empty());
}

async fn a_retry_makes_it_due_now(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    let trace = f.send(&["a@one.example"]).await;
    let (slots, items) = f.take(ALICE).await;
    assert_eq!(f.settle(&items[0], Fate::Deferred(deferral(f.now() + 100 * MINUTE))).await, Settled::Done);
    f.queue.park(&[&slots[0]]).await.unwrap();
    f.queue.announced().await;
    f.clock.advance(MINUTE);
    let event = EventRow::new(trace, f.now(), Stage::Released, &"retry by root");
    assert_eq!(f.queue.retry_now(&[items[0].id, QueueId(1)], None, &[event], f.now()).await.unwrap(), 1);
    assert_eq!(f.queue.announced().await, [slots[0].id]);
    assert_eq!(f.take(ALICE).await.1[0].id, items[0].id);
    assert_eq!(trail::timeline(&f.db, trace, None, false, f.now()).await.unwrap().len(), 1);
}

async fn what_is_held_is_not_sent_until_released(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    f.send(&["a@one.example", "b@one.example"]).await;
    let id = f.waiting().await[0];
    assert_eq!(f.queue.hold(&[id], None, &[]).await.unwrap(), 1);
    let (mut slots, items) = f.take(ALICE).await;
    assert_eq!(items.len(), 1);
    assert_eq!(f.queue.inspect(id, None, f.now()).await.unwrap().unwrap().next_at, None);
    // Held while in a worker's hand: what the worker says still counts.
    assert_eq!(f.queue.hold(&[items[0].id], None, &[]).await.unwrap(), 1);
    assert_eq!(f.settle(&items[0], Fate::Deferred(deferral(f.now()))).await, Settled::Done);
    slots[0].settled(items[0].id);
    f.clock.advance(MINUTE);
    assert!(f.due(&mut slots).await.is_empty());
    assert_eq!(f.queue.release_held(&[id, items[0].id], None, &[], f.now()).await.unwrap(), 2);
    assert_eq!(f.queue.release_held(&[id], None, &[], f.now()).await.unwrap(), 0, "only what is held is released");
    assert_eq!(f.due(&mut slots).await.len(), 2);
}

async fn what_is_discarded_is_gone(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    f.send(&["a@one.example", "b@one.example"]).await;
    let (_slots, items) = f.take(ALICE).await;
    assert_eq!(f.queue.discard(&[items[0].id], None, &[], f.now()).await.unwrap(), 1);
    assert_eq!(f.settle(&items[0], Fate::Delivered).await, Settled::Gone);
    assert!(!f.marked(items[0].message.blob).await);
    assert_eq!(f.queue.discard(&[items[1].id], None, &[], f.now()).await.unwrap(), 1);
    assert!(f.marked(items[0].message.blob).await);
    assert!(f.waiting().await.is_empty());
}

async fn a_tenant_touches_only_its_own(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    f.send(&["a@one.example"]).await;
    let id = f.waiting().await[0];
    let other = Some("umbrella");
    assert!(f.queue.inspect(id, other, f.now()).await.unwrap().is_none());
    assert_eq!(f.queue.hold(&[id], other, &[]).await.unwrap(), 0);
    assert_eq!(f.queue.retry_now(&[id], other, &[], f.now()).await.unwrap(), 0);
    assert_eq!(f.queue.discard(&[id], other, &[], f.now()).await.unwrap(), 0);
    assert_eq!(f.queue.hold(&[id], Some("acme"), &[]).await.unwrap(), 1);
    assert_eq!(f.queue.release_held(&[id], other, &[], f.now()).await.unwrap(), 0);
    assert_eq!(f.waiting().await, [id]);
}

async fn what_cannot_be_read_is_held_and_delays_nobody(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    let broken = f.send(&["a@one.example"]).await;
    f.send(&["b@two.example"]).await;
    f.send(&["c@three.example"]).await;
    let mut tx = f.db.begin().await.unwrap();
    tx.execute("UPDATE queue_recipient SET address = 'nobody' WHERE address = 'a@one.example'", &[]).await.unwrap();
    tx.execute("UPDATE queue_slot SET domain = 'not a domain' WHERE domain = 'three.example'", &[]).await.unwrap();
    tx.commit().await.unwrap();

    let (_, items) = f.take(ALICE).await;
    assert_eq!(items.iter().map(|item| item.recipient.address.to_string()).collect::<Vec<_>>(), ["b@two.example"]);
    assert_eq!(f.count("SELECT count(*) FROM queue_recipient WHERE held = 1").await, 1);
    let story = trail::timeline(&f.db, broken, None, false, f.now()).await.unwrap();
    assert_eq!(story.last().map(|event| event.stage), Some(Some(Stage::Held)));
}
