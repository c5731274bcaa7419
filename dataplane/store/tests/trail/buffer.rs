//! What strangers cause is bounded, written soon, and never lost without a number.

use std::{net::IpAddr, time::Duration};

use postern_store::trail::{self, Key, Stage, Trail, TrailLimits};
use postern_tests::{TestDatabase, suite};

use crate::fixture::Fixture;

suite!(
    what_is_noted_is_written_by_itself,
    a_flood_of_one_network_is_one_row_more,
    a_flood_of_all_networks_is_bounded,
    what_cannot_be_written_stays_noted
);

fn trail(f: &Fixture, limits: TrailLimits) -> Trail {
    Trail::new(f.db.clone(), f.ids.clone(), f.clock.clone(), limits)
}

fn small() -> TrailLimits {
    TrailLimits { rows: 50, per_network: 5, networks: 10, every: Duration::from_millis(1) }
}

fn ip(network: u8, host: u8) -> IpAddr {
    [192, 0, network, host].into()
}

async fn what_is_noted_is_written_by_itself(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    let trail = trail(&f, small());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = {
        let trail = trail.clone();
        tokio::spawn(async move { trail.run(async move { drop(stopped.await) }).await })
    };
    let key = Key::ip(ip(2, 1));
    let trace = f.ids.trace();
    trail.note(f.event(trace, Stage::Login).with_keys([key]), Some(ip(2, 1)));
    let mut found = Vec::new();
    for _ in 0..10_000 {
        found = trail::by_key(&f.db, key, f.now(), f.now(), 10).await.unwrap();
        if !found.is_empty() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(found, [trace]);

    let last = f.ids.trace();
    trail.note(f.event(last, Stage::Login).with_keys([key]), Some(ip(2, 1)));
    drop(stop);
    running.await.unwrap();
    assert!(trail::by_key(&f.db, key, f.now(), f.now(), 10).await.unwrap().contains(&last), "the end loses nothing");
}

async fn a_flood_of_one_network_is_one_row_more(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    let trail = trail(&f, small());
    for host in 0..100 {
        trail.note(f.event(f.ids.trace(), Stage::Refused), Some(ip(2, host)));
    }
    trail.note(f.event(f.ids.trace(), Stage::Refused), Some(ip(3, 1)));
    trail.note(f.event(f.ids.trace(), Stage::Login), Some(ip(2, 1)));
    trail.flush().await.unwrap();
    assert_eq!(f.count("SELECT COUNT(*) FROM event").await, 5 + 1 + 1 + 1, "budget, two others, one summary");
    let network = Key::network("192.0.2.0/24".parse().unwrap());
    let summary = trail::by_key(&f.db, network, f.now(), f.now(), 10).await.unwrap();
    let summary = trail::timeline(&f.db, summary[0], None, false, f.now()).await.unwrap();
    let detail: serde_json::Value = serde_json::from_str(&summary[0].detail).unwrap();
    assert_eq!((summary[0].stage, detail["count"].as_u64()), (Some(Stage::Refused), Some(95)));

    trail.note(f.event(f.ids.trace(), Stage::Refused), Some(ip(2, 7)));
    trail.flush().await.unwrap();
    assert_eq!(f.count("SELECT COUNT(*) FROM event").await, 9, "a new budget after each write");
}

async fn a_flood_of_all_networks_is_bounded(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    let trail = trail(&f, small());
    for network in 0..=255 {
        for host in 0..10 {
            trail.note(f.event(f.ids.trace(), Stage::Connection), Some(ip(network, host)));
        }
    }
    trail.note(f.event(f.ids.trace(), Stage::Held), None);
    trail.flush().await.unwrap();
    assert!(f.count("SELECT COUNT(*) FROM event").await <= 50 + 10 + 2);
    let told: i64 = {
        let rows = f.db.rows("SELECT detail FROM event", &[]).await.unwrap();
        let details = rows.iter().map(|row| serde_json::from_str::<serde_json::Value>(row.str(0).unwrap()).unwrap());
        details.map(|detail| detail["count"].as_i64().unwrap_or(1)).sum()
    };
    assert_eq!(told, 2560 + 1, "none is missing in the sums");
}

async fn what_cannot_be_written_stays_noted(at: TestDatabase) {
    let f = Fixture::open(&at).await;
    let trail = trail(&f, small());
    let mut tx = f.db.begin().await.unwrap();
    tx.script("ALTER TABLE event RENAME TO event_away").await.unwrap();
    tx.commit().await.unwrap();
    for round in 0..5 {
        for host in 0..20 {
            trail.note(f.event(f.ids.trace(), Stage::Refused), Some(ip(round, host)));
        }
        assert!(trail.flush().await.is_err());
    }
    let mut tx = f.db.begin().await.unwrap();
    tx.script("ALTER TABLE event_away RENAME TO event").await.unwrap();
    tx.commit().await.unwrap();
    trail.flush().await.unwrap();
    assert_eq!(f.count("SELECT COUNT(*) FROM event").await, 5 * 5 + 5);
}
