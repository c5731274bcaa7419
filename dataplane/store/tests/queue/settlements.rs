//! What is handed out, and what a settlement does.

use std::sync::Arc;

use postern_core::{
    Timestamp,
    envelope::{BodyType, Return},
};
use postern_store::{
    queue::{Deferral, Fate, Settled, Settler, settle_in},
    trail::{self, EventRow, Stage},
};
use postern_tests::{TestDatabase, suite};

use crate::fixture::{ALICE, BOB, Fixture, MINUTE, address, deferral, recipient};

suite!(
    a_recipient_is_handed_out_with_all_that_was_queued,
    a_body_is_marked_with_its_last_recipient,
    two_workers_finish_one_message,
    a_deferred_recipient_keeps_its_history,
    a_row_in_hand_is_not_handed_out_again,
    a_row_committed_late_is_found,
    a_settlement_made_twice_counts_once,
    events_are_told_only_of_what_held,
    a_notice_and_its_settlement_are_one_commit,
    settlements_are_grouped,
    scheduled_mail_waits_for_its_time,
    a_hundred_rows_of_many_slots_come_in_order
);

async fn a_recipient_is_handed_out_with_all_that_was_queued(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    let queued = f.message(&["Röslein+tag@one.example", "b@one.example"]);
    f.insert(std::slice::from_ref(&queued)).await;
    let (slots, items) = f.take(ALICE).await;
    assert_eq!(slots[0].domain.as_str(), "one.example");
    assert_eq!(slots[0].in_hand(), 2);
    let item = items.iter().find(|item| item.recipient.address.needs_utf8()).unwrap();
    assert_eq!(item.recipient, recipient("Röslein+tag@one.example"));
    assert_eq!((item.attempts, item.source, item.reply.clone(), item.delay_told), (0, None, None, false));
    let message = &item.message;
    assert!(Arc::ptr_eq(&items[0].message, &items[1].message), "one value for what they share");
    assert_eq!((message.trace, message.blob, message.size, message.header_size), (queued.trace, queued.blob, 1234, 300));
    assert_eq!((message.sender.clone(), message.envid.as_deref()), (Some(address("sender@here.example")), Some("QQ314159")));
    assert_eq!((message.ret, message.body, message.smtputf8), (Some(Return::Full), BodyType::EightBitMime, true));
    assert_eq!((message.tenant.as_deref(), message.pool.clone(), message.recipients), (Some("acme"), None, 2));
    assert_eq!(message.arrived_at, f.now());
}

async fn a_body_is_marked_with_its_last_recipient(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    f.send(&["a@one.example", "b@one.example", "c@two.example"]).await;
    let (_slots, items) = f.take(ALICE).await;
    let blob = items[0].message.blob;
    for (done, item) in items.iter().enumerate() {
        assert!(!f.marked(blob).await, "after {done}");
        assert_eq!(f.settle(item, if done == 0 { Fate::Failed } else { Fate::Delivered }).await, Settled::Done);
    }
    assert!(f.marked(blob).await);
    for table in ["SELECT COUNT(*) FROM queue_message", "SELECT COUNT(*) FROM queue_recipient", "SELECT COUNT(*) FROM queue_due"] {
        assert_eq!(f.count(table).await, 0, "{table}");
    }
}

async fn two_workers_finish_one_message(at: TestDatabase) {
    let f = Arc::new(Fixture::open(&at).await);
    for _ in 0..20 {
        f.send(&["a@one.example", "b@two.example"]).await;
    }
    let one = f.queue.lease(ALICE, None, 1, MINUTE, f.now()).await.unwrap();
    let two = f.queue.lease(BOB, None, 1, MINUTE, f.now()).await.unwrap();
    let finish = |mut slots: Vec<_>| {
        let f = f.clone();
        tokio::spawn(async move {
            for item in f.due(&mut slots).await {
                assert_eq!(f.settle(&item, Fate::Delivered).await, Settled::Done);
            }
        })
    };
    let (one, two) = (finish(one), finish(two));
    one.await.unwrap();
    two.await.unwrap();
    assert_eq!(f.count("SELECT COUNT(*) FROM queue_message").await, 0, "one of the two saw that it was the last");
    assert_eq!(f.count("SELECT COUNT(*) FROM dead_blob").await, 20);
}

async fn a_deferred_recipient_keeps_its_history(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    f.send(&["a@one.example"]).await;
    let (mut slots, items) = f.take(ALICE).await;
    let first = Deferral {
        next_at: f.now() + MINUTE,
        attempted: true,
        reply: Some("451 4.7.1 greylisted\0".into()),
        source: Some("192.0.2.7".parse().unwrap()),
        delay_told: true,
    };
    assert_eq!(f.settle(&items[0], Fate::Deferred(first)).await, Settled::Done);
    slots[0].settled(items[0].id);
    f.clock.advance(MINUTE);
    let again = f.due(&mut slots).await;
    assert_eq!((again[0].attempts, again[0].source, again[0].delay_told), (1, Some("192.0.2.7".parse().unwrap()), true));
    assert_eq!(again[0].reply.as_deref(), Some("451 4.7.1 greylisted\u{fffd}"), "no text breaks the statement");

    let paused = Deferral { attempted: false, ..deferral(f.now() + MINUTE) };
    assert_eq!(f.settle(&again[0], Fate::Deferred(paused)).await, Settled::Done);
    slots[0].settled(again[0].id);
    assert!(f.due(&mut slots).await.is_empty());
    f.clock.advance(MINUTE);
    let third = f.due(&mut slots).await;
    assert_eq!((third[0].attempts, third[0].source, third[0].delay_told), (1, again[0].source, true), "a pause is no attempt");
}

async fn a_row_in_hand_is_not_handed_out_again(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    f.send(&["a@one.example", "b@one.example"]).await;
    let (mut slots, items) = f.take(ALICE).await;
    assert_eq!(items.len(), 2);
    for _ in 0..3 {
        f.clock.advance(MINUTE);
        assert!(f.due(&mut slots).await.is_empty());
    }
    f.send(&["c@one.example"]).await;
    assert_eq!(f.due(&mut slots).await.len(), 1, "new mail of a slot in use");
    // The attempt never came to an end: given up in hand, it is handed out once more.
    slots[0].settled(items[0].id);
    f.clock.advance(MINUTE);
    assert_eq!(f.due(&mut slots).await[0].id, items[0].id);
}

async fn a_row_committed_late_is_found(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    let early = f.message(&["early@one.example"]);
    f.clock.advance(MINUTE);
    f.send(&["a@one.example"]).await;
    let (mut slots, items) = f.take(ALICE).await;
    assert_eq!(items.len(), 1);
    f.insert(&[early]).await;
    f.clock.advance(MINUTE);
    assert_eq!(f.due(&mut slots).await.len(), 1);
}

async fn a_settlement_made_twice_counts_once(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    f.send(&["a@one.example", "b@one.example"]).await;
    let (_slots, items) = f.take(ALICE).await;
    let settlements: Vec<_> = vec![
        items[0].settle(Fate::Deferred(deferral(f.now() + MINUTE)), Vec::new()),
        items[0].settle(Fate::Deferred(deferral(f.now() + MINUTE)), Vec::new()),
        items[1].settle(Fate::Delivered, Vec::new()),
    ];
    let settle = || async { f.queue.settle(&settlements, &*f.clock).await.unwrap() };
    assert_eq!(settle().await, [Settled::Done, Settled::Gone, Settled::Done]);
    assert_eq!(settle().await, [Settled::Gone, Settled::Gone, Settled::Gone], "as after an answer to COMMIT that was lost");
    assert_eq!(f.queue.inspect(items[0].id, None, f.now()).await.unwrap().unwrap().attempts, 1);
}

async fn events_are_told_only_of_what_held(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    let trace = f.send(&["a@one.example"]).await;
    let (_slots, items) = f.take(ALICE).await;
    let event = EventRow::new(trace, f.now(), Stage::Delivered, &"250 2.0.0 ok");
    let mut stale = items[0].settle(Fate::Delivered, vec![event.clone()]);
    stale.token.0 += 1;
    assert_eq!(f.queue.settle(&[stale], &*f.clock).await.unwrap(), [Settled::Stale]);
    assert!(trail::timeline(&f.db, trace, None, false, f.now()).await.unwrap().is_empty());
    f.queue.settle(&[items[0].settle(Fate::Delivered, vec![event])], &*f.clock).await.unwrap();
    assert_eq!(trail::timeline(&f.db, trace, None, false, f.now()).await.unwrap()[0].stage, Some(Stage::Delivered));
}

async fn a_notice_and_its_settlement_are_one_commit(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    f.send(&["a@one.example"]).await;
    let (_slots, items) = f.take(ALICE).await;
    let settlement = [items[0].settle(Fate::Failed, Vec::new())];
    let mut tx = f.db.begin().await.unwrap();
    assert_eq!(settle_in(&mut tx, &settlement, f.now(), &f.ids).await.unwrap(), [Settled::Done]);
    tx.rollback().await;
    assert_eq!(f.waiting().await, [items[0].id], "without the notice nothing is settled");
    let mut tx = f.db.begin().await.unwrap();
    settle_in(&mut tx, &settlement, f.now(), &f.ids).await.unwrap();
    tx.commit().await.unwrap();
    assert!(f.waiting().await.is_empty());
}

async fn settlements_are_grouped(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    let messages: Vec<_> = (0..300).map(|n| f.message(&[&format!("a{n}@one.example"), &format!("b{n}@two.example")])).collect();
    f.insert(&messages).await;
    let (_slots, items) = f.take(ALICE).await;
    assert_eq!(items.len(), 600);
    let (settler, task) = Settler::start(f.queue.clone(), f.clock.clone());
    let all: Vec<_> = items
        .iter()
        .map(|item| {
            let (settler, settlement) = (settler.clone(), item.settle(Fate::Delivered, Vec::new()));
            tokio::spawn(async move { settler.settle(settlement).await })
        })
        .collect();
    for one in all {
        assert_eq!(one.await.unwrap().unwrap(), Settled::Done);
    }
    drop(settler);
    task.await.unwrap();
    assert_eq!(f.count("SELECT COUNT(*) FROM queue_message").await, 0);
    assert_eq!(f.count("SELECT COUNT(*) FROM dead_blob").await, 300);
}

async fn scheduled_mail_waits_for_its_time(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    let mut scheduled = f.message(&["a@one.example"]);
    let at = f.now() + 10 * MINUTE;
    scheduled.send_at = Some(at);
    f.insert(&[scheduled]).await;
    assert!(f.lease(ALICE).await.is_empty());
    assert_eq!(f.queue.next_wake(f.now()).await.unwrap(), Some(at));
    f.clock.set(at);
    assert_eq!(f.take(ALICE).await.1.len(), 1);
}

async fn a_hundred_rows_of_many_slots_come_in_order(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    for n in 0..40 {
        f.clock.advance(MINUTE / 60);
        f.send(&[&format!("a{n}@busy.example"), &format!("a@d{n}.example")]).await;
    }
    let mut slots = f.lease(ALICE).await;
    assert_eq!(slots.len(), 41);
    let mut seen: Vec<(Timestamp, String)> = Vec::new();
    for round in 0..20 {
        let items = f.queue.due(&mut slots.iter_mut().collect::<Vec<_>>(), 2, f.now()).await.unwrap();
        assert!(items.is_sorted_by_key(|item| item.due_at), "round {round}");
        assert!(items.iter().filter(|item| item.recipient.address.domain().as_str() == "busy.example").count() <= 2);
        seen.extend(items.iter().map(|item| (item.due_at, item.recipient.address.to_string())));
    }
    let busy: Vec<_> = seen.iter().filter(|(_, to)| to.ends_with("@busy.example")).collect();
    assert_eq!(seen.len(), 80);
    assert!(busy.is_sorted(), "what waited longest goes first");
}
