//! What is tried again, when, and what two workers must not do.

use std::time::Duration;

use postern_core::Clock;
use postern_store::{
    queue::{LEASE, WorkerId},
    trail::Stage,
};

use crate::{
    sink::{Script, Sink},
    world::{MINUTE, World},
};

const ZONE: &str = "one.example MX 10 mx.one.example\nmx.one.example A 127.0.0.1\ndown.example FAIL\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deferred_mail_is_tried_on_schedule_until_it_is_taken() {
    let sink = Sink::start("127.0.0.1:0", Script { end: "451 4.3.0 not now", ..Script::default() }).await;
    let world = World::new(ZONE, sink.address.port()).await;
    let trace = world.queue(&["bob@one.example"]).await;
    let events = world.until(trace, Stage::Deferred, 1).await;
    assert!(events[0].dialogue.is_some(), "the dialogue of a failure is kept");
    let dialogue = String::from_utf8(events[0].dialogue.as_ref().unwrap().unpack().unwrap()).unwrap();
    assert!(dialogue.contains("C: RCPT TO:<bob@one.example>") && dialogue.contains("S: 451 4.3.0 not now"), "{dialogue}");
    let row = &world.waiting().await[0];
    let wait = row.next_at.unwrap().since(world.clock.now());
    assert!(wait >= MINUTE && wait < MINUTE * 9 / 8, "{wait:?}");
    assert_eq!((row.attempts, row.reply.as_deref()), (1, Some("451 4.3.0 not now")));

    world.advance(Duration::from_secs(70));
    world.until(trace, Stage::Deferred, 2).await;
    let wait = world.waiting().await[0].next_at.unwrap().since(world.clock.now());
    assert!(wait >= MINUTE * 5 && wait < MINUTE * 6, "{wait:?}");

    sink.set(|script| script.end = "250 2.0.0 taken");
    world.advance(MINUTE * 6);
    world.until(trace, Stage::Delivered, 1).await;
    world.until_waiting(0).await;
    assert_eq!(sink.mails().len(), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_destination_is_asked_once_for_all_that_waits() {
    let sink = Sink::start("127.0.0.1:0", Script { greeting: "421 4.3.2 not now", ..Script::default() }).await;
    let world = World::empty().await;
    let mut traces = Vec::new();
    for n in 0..40 {
        traces.push(world.queue(&[&format!("r{n}@one.example")]).await);
    }
    world.send_with(ZONE, sink.address.port(), |config| config.per_destination = 1);
    for trace in traces {
        world.until(trace, Stage::Deferred, 1).await;
    }
    assert_eq!(sink.connections(), 1);
    assert!(world.waiting().await.iter().all(|row| row.attempts == 1));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dns_that_does_not_answer_defers() {
    let world = World::new(ZONE, 9).await;
    let trace = world.queue(&["bob@down.example"]).await;
    let events = world.until(trace, Stage::Deferred, 1).await;
    assert!(events[0].detail.contains("4.4.3"), "{}", events[0].detail);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_lost_behind_the_final_dot_is_not_tried_elsewhere_at_once() {
    let sink = Sink::start("127.0.0.1:0", Script { end: "", ..Script::default() }).await;
    let zone = format!("{ZONE}one.example MX 20 mx2.one.example\nmx2.one.example A 127.0.0.2\n");
    let second = Sink::start(&format!("127.0.0.2:{}", sink.address.port()), Script::default()).await;
    let world = World::new(&zone, sink.address.port()).await;
    let trace = world.queue(&["bob@one.example"]).await;
    // RFC 1047: it may have been delivered; a copy at once would be the rule and not the exception.
    world.until(trace, Stage::Deferred, 1).await;
    assert!(second.mails().is_empty());
    world.stop().await;
}

/// The lease is lost while the server thinks about the final dot: what is done is done, but nothing is written by us,
/// and whoever holds the row now decides.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_lost_in_the_middle_records_nothing() {
    let sink = Sink::start("127.0.0.1:0", Script::default()).await;
    sink.hold_ends();
    let world = World::new(ZONE, sink.address.port()).await;
    let trace = world.queue(&["bob@one.example"]).await;
    sink.wait_for(1).await;
    // Without waking the sender: it sleeps through its lease.
    world.clock.advance(LEASE + MINUTE);
    let other = WorkerId(4711);
    let slots = world.store.queue.lease(other, None, 10, LEASE, world.clock.now()).await.unwrap();
    assert_eq!(slots.len(), 1, "the other worker takes the slot");
    sink.let_go(1);
    world.stop().await;
    let events = world.events(trace).await;
    assert!(events.iter().all(|event| event.stage != Some(Stage::Delivered)), "{events:?}");
    assert_eq!(world.waiting().await.len(), 1);
    assert!(world.waiting().await[0].leased, "and it is still the other's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_finishes_what_is_under_way_and_gives_the_rest_back() {
    let sink = Sink::start("127.0.0.1:0", Script::default()).await;
    sink.hold_ends();
    let world = World::empty().await;
    for n in 0..20 {
        world.queue(&[&format!("r{n}@one.example")]).await;
    }
    world.send_with(ZONE, sink.address.port(), |config| config.per_destination = 2);
    sink.wait_for(2).await;
    let stop = world.stop();
    sink.let_go(20);
    stop.await;
    let waiting = world.waiting().await;
    assert_eq!(waiting.len() + sink.mails().len(), 20, "what was sent is settled, what was not waits");
    assert!(waiting.len() >= 16, "no new mail is begun: {}", waiting.len());
    assert!(waiting.iter().all(|row| !row.leased));
    let slots = world.store.queue.lease(WorkerId(4711), None, 10, LEASE, world.clock.now()).await.unwrap();
    assert_eq!(slots.len(), 1, "another worker has it at once");
}
