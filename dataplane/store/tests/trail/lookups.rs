//! From a key to stories, from a story to its events, and the log of a day.

use std::time::Duration;

use postern_core::TraceId;
use postern_store::trail::{self, Dialogue, Event, Key, LogQuery, Stage};
use postern_tests::{TestDatabase, suite};

use crate::fixture::{DAY, Fixture};

suite!(
    a_story_is_told_in_order_over_days,
    the_dialogue_comes_only_when_asked_for,
    a_tenant_sees_its_own_events_only,
    keys_lead_to_stories_newest_first,
    a_story_told_twice_with_one_key_is_one_story,
    the_log_of_a_day_comes_in_pages
);

fn stages(events: &[Event]) -> Vec<Stage> {
    events.iter().filter_map(|event| event.stage).collect()
}

async fn a_story_is_told_in_order_over_days(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    let (trace, other) = (f.ids.trace(), f.ids.trace());
    f.write(&[f.event(trace, Stage::Received), f.event(other, Stage::Received), f.event(trace, Stage::Queued)]).await;
    f.clock.advance(2 * DAY);
    f.write(&[f.event(trace, Stage::Deferred)]).await;
    f.clock.advance(DAY);
    f.write(&[f.event(trace, Stage::Delivered)]).await;
    let story = trail::timeline(&f.db, trace, None, false, f.now()).await.unwrap();
    assert_eq!(stages(&story), [Stage::Received, Stage::Queued, Stage::Deferred, Stage::Delivered]);
    assert_eq!(story[3].at, f.now());
    assert_eq!(story[0].detail, r#"{"at":"received"}"#);
    assert!(trail::timeline(&f.db, TraceId(7), None, false, f.now()).await.unwrap().is_empty());
}

async fn the_dialogue_comes_only_when_asked_for(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    let trace = f.ids.trace();
    let said = b"S: 220 mx.example\r\nC: EHLO \x00\xff\r\n";
    f.write(&[f.event(trace, Stage::Received).with_dialogue(Dialogue::pack(said).unwrap())]).await;
    let without = trail::timeline(&f.db, trace, None, false, f.now()).await.unwrap();
    assert_eq!(without[0].dialogue, None);
    let with = trail::timeline(&f.db, trace, None, true, f.now()).await.unwrap();
    assert_eq!(with[0].dialogue.as_ref().unwrap().unpack().unwrap(), said);
}

async fn a_tenant_sees_its_own_events_only(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    let trace = f.ids.trace();
    f.write(&[
        f.event(trace, Stage::Connection),
        f.event(trace, Stage::Received).of_tenant("acme"),
        f.event(trace, Stage::Stored).of_tenant("umbrella"),
    ])
    .await;
    let seen = |tenant| {
        let f = &f;
        async move { stages(&trail::timeline(&f.db, trace, tenant, false, f.now()).await.unwrap()) }
    };
    assert_eq!(seen(Some("acme")).await, [Stage::Received]);
    assert_eq!(seen(Some("nobody")).await, []);
    assert_eq!(seen(None).await.len(), 3);
}

async fn keys_lead_to_stories_newest_first(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    let alice = Key::address(&"alice@example.org".parse().unwrap());
    let client = Key::ip("192.0.2.1".parse().unwrap());
    let mut traces = Vec::new();
    for day in 0..3 {
        let trace = f.ids.trace();
        traces.insert(0, trace);
        f.write(&[f.event(trace, Stage::Received).with_keys([alice, Key::message_id(&format!("<{day}@x>"))])]).await;
        f.clock.advance(DAY);
    }
    f.write(&[f.event(f.ids.trace(), Stage::Refused).with_keys([client])]).await;
    let find = |key, since, limit| {
        let f = &f;
        async move { trail::by_key(&f.db, key, since, f.now(), limit).await.unwrap() }
    };
    let began = f.now() - 3 * DAY;
    assert_eq!(find(alice, began, 10).await, traces);
    assert_eq!(find(alice, began, 2).await, traces[..2]);
    assert_eq!(find(alice, began + DAY, 10).await, traces[..2]);
    assert_eq!(find(Key::message_id("0@x"), began, 10).await, traces[2..]);
    assert_eq!(find(client, began, 10).await.len(), 1);
    assert_eq!(find(Key::ip("192.0.2.2".parse().unwrap()), began, 10).await, []);
}

async fn a_story_told_twice_with_one_key_is_one_story(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    let trace = f.ids.trace();
    let key = Key::message_id("a@b");
    let told = f.event(trace, Stage::Attempt).with_keys([key, key]);
    f.write(&[told.clone(), told.clone()]).await;
    f.write(std::slice::from_ref(&told)).await;
    assert_eq!(trail::by_key(&f.db, key, f.now(), f.now(), 10).await.unwrap(), [trace]);
    assert_eq!(trail::timeline(&f.db, trace, None, false, f.now()).await.unwrap().len(), 3);
}

async fn the_log_of_a_day_comes_in_pages(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    let alice = Key::address(&"alice@example.org".parse().unwrap());
    let mut all = Vec::new();
    for n in 0..9 {
        f.clock.advance(Duration::from_secs(1));
        let trace = f.ids.trace();
        all.insert(0, trace);
        let began = f.event(trace, if n % 3 == 0 { Stage::Refused } else { Stage::Received });
        let began = began.of_tenant(if n % 2 == 0 { "acme" } else { "umbrella" });
        f.write(&[if n < 5 { began.with_keys([alice]) } else { began }, f.event(trace, Stage::Stored).of_tenant("acme")]).await;
    }
    let pages = |tenant: Option<&'static str>, key| {
        let f = &f;
        async move {
            let mut query = LogQuery { day: f.now().day(), tenant: tenant.map(str::to_owned), key, before: None };
            let mut seen = Vec::new();
            for _ in 0..6 {
                let page = trail::log(&f.db, &query, 2).await.unwrap();
                query.before = page.last().map(Event::cursor).or(query.before);
                seen.extend(page.iter().map(|event| event.trace));
            }
            seen
        }
    };
    let every = |pick: fn(usize) -> bool| (0..9).rev().filter(|n| pick(*n)).map(|n| all[8 - n]).collect::<Vec<_>>();
    assert_eq!(pages(None, None).await, all, "each story once, by how it began");
    assert_eq!(pages(Some("acme"), None).await, every(|n| n % 2 == 0));
    assert_eq!(pages(None, Some(alice)).await, every(|n| n < 5));
    assert_eq!(pages(Some("umbrella"), Some(alice)).await, every(|n| n < 5 && n % 2 == 1));
    let yesterday = LogQuery { day: f.now().day() - 1, ..LogQuery::default() };
    assert!(trail::log(&f.db, &yesterday, 10).await.unwrap().is_empty());
}
