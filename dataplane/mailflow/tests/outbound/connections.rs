//! Which server, over which connection, under which protection.

use std::sync::Arc;

use postern_core::directory::{PoolAddress, PoolRecord, Throttle};
use postern_mailflow::queue::Relay;
use postern_net::tls::{CertificateStore, Certificates, LocalCa, ServerTls};
use postern_store::{queue::PoolKey, trail::Stage};
use postern_tests::temp::TempFolder;

use crate::{
    sink::{Script, Sink},
    world::{World, recipient},
};

const ZONE: &str = "one.example MX 10 mx1.one.example\none.example MX 20 mx2.one.example\n\
                    mx1.one.example A 127.0.0.1\nmx2.one.example A 127.0.0.2\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queued_mail_reaches_the_mx() {
    let sink = Sink::start("127.0.0.1:0", Script::default()).await;
    let world = World::new(ZONE, sink.address.port()).await;
    let trace = world.queue(&["bob@one.example", "carl@one.example"]).await;
    let mails = sink.wait_for(1).await;
    assert_eq!(
        (mails[0].from.as_str(), mails[0].to.as_slice()),
        ("ann@here.example", &["bob@one.example".to_owned(), "carl@one.example".to_owned()][..])
    );
    assert!(mails[0].body.ends_with("At noon?\r\n..dots"), "RFC 5321 §4.5.2: dots are doubled on the wire");
    assert_eq!(mails[0].helo, "out.here.example");
    let events = world.until(trace, Stage::Delivered, 2).await;
    let delivered = events.iter().find(|e| e.stage == Some(Stage::Delivered)).unwrap();
    for part in ["\"host\":\"mx1.one.example\"", "\"ip\":\"127.0.0.1\"", "\"source\":\"127.0.0.1\"", "250 2.0.0 taken", "\"attempt\":1"] {
        assert!(delivered.detail.contains(part), "{part} in {}", delivered.detail);
    }
    assert_eq!((delivered.tenant.as_deref(), &delivered.dialogue), (Some("acme"), &None));
    world.until_waiting(0).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_host_takes_what_the_first_does_not() {
    for greeting in ["421 4.3.2 not now", "554 5.3.2 not ever", "", "hello"] {
        let first = Sink::start("127.0.0.1:0", Script { greeting, ..Script::default() }).await;
        let second = Sink::start(&format!("127.0.0.2:{}", first.address.port()), Script::default()).await;
        let world = World::new(ZONE, first.address.port()).await;
        let trace = world.queue(&["bob@one.example"]).await;
        second.wait_for(1).await;
        let events = world.until(trace, Stage::Delivered, 1).await;
        let attempt = events.iter().find(|e| e.stage == Some(Stage::Attempt)).expect("the first host is told of");
        assert!(attempt.detail.contains("mx1.one.example"), "{greeting}: {}", attempt.detail);
        world.stop().await;
    }
}

/// RFC 5321 §3.8: 421 may answer anything; a connection that breaks before the end of data delivered nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_breaks_off_is_left_for_the_next() {
    for (mail, data) in [("421 4.3.2 closing", "354 go on"), ("", "354 go on"), ("250 ok", "421 4.3.2 closing"), ("250 ok", "")] {
        let first = Sink::start("127.0.0.1:0", Script { mail, data, ..Script::default() }).await;
        let second = Sink::start(&format!("127.0.0.2:{}", first.address.port()), Script::default()).await;
        let world = World::new(ZONE, first.address.port()).await;
        let trace = world.queue(&["bob@one.example"]).await;
        assert_eq!(second.wait_for(1).await.len(), 1);
        world.until(trace, Stage::Delivered, 1).await;
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_carries_many_mails_and_not_too_many() {
    let sink = Sink::start("127.0.0.1:0", Script::default()).await;
    let world = World::empty().await;
    for n in 0..25 {
        world.queue(&[&format!("r{n}@one.example")]).await;
    }
    world.send_with(ZONE, sink.address.port(), |config| (config.per_destination, config.per_connection) = (1, 10));
    sink.wait_for(25).await;
    world.until_waiting(0).await;
    assert_eq!(sink.connections(), 3);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_closes_after_each_mail_gets_all_of_them_once() {
    let sink = Sink::start("127.0.0.1:0", Script { closes_after: 1, ..Script::default() }).await;
    let world = World::new(ZONE, sink.address.port()).await;
    for n in 0..10 {
        world.queue(&[&format!("r{n}@one.example")]).await;
    }
    world.until_waiting(0).await;
    let mut to: Vec<String> = sink.mails().into_iter().flat_map(|mail| mail.to).collect();
    to.sort_unstable();
    to.dedup();
    assert_eq!((to.len(), sink.mails().len()), (10, 10));
    world.stop().await;
}

fn certificate(world: &World) -> (TempFolder, ServerTls) {
    let folder = TempFolder::new();
    let ca = LocalCa::open(folder.path(), &["mx1.one.example".to_owned()], world.started).unwrap();
    let mut certificates = Certificates::new();
    certificates.set_default(ca.chain_pem.as_bytes(), ca.key_pem().unwrap().as_bytes()).unwrap();
    (folder, ServerTls::new(Arc::new(CertificateStore::new(certificates)), world.clock.clone()).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_is_used_where_offered_and_said_to_be_unverified() {
    let world = World::empty().await;
    let (_folder, tls) = certificate(&world);
    let sink = Sink::start("127.0.0.1:0", Script { tls: Some(tls), ..Script::default() }).await;
    world.send_with(ZONE, sink.address.port(), |_| {});
    let trace = world.queue(&["bob@one.example"]).await;
    assert!(sink.wait_for(1).await[0].tls);
    let events = world.until(trace, Stage::Delivered, 1).await;
    assert!(events[0].detail.contains("TLSv1.3") && events[0].detail.contains("\"verified\":false"), "{}", events[0].detail);
    world.stop().await;
}

/// RFC 3207 §4.1: a handshake that fails does not keep mail from a server that would take it in the clear.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spoilt_handshake_falls_back_to_the_clear() {
    let sink = Sink::start("127.0.0.1:0", Script { spoils_tls: true, ..Script::default() }).await;
    let world = World::new(ZONE, sink.address.port()).await;
    let trace = world.queue(&["bob@one.example"]).await;
    assert!(!sink.wait_for(1).await[0].tls);
    let events = world.until(trace, Stage::Delivered, 1).await;
    assert!(events[0].detail.contains("\"problem\""), "{}", events[0].detail);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_gives_source_and_name_and_a_deferred_mail_stays() {
    let sink = Sink::start("127.0.0.1:0", Script { mail: "451 4.7.1 greylisted", ..Script::default() }).await;
    let world = World::empty().await;
    let address = |ip: &str, helo: &str| PoolAddress { ip: ip.parse().unwrap(), helo: helo.parse().unwrap(), weight: 1 };
    world.directory.pools.lock().unwrap().push(PoolRecord {
        tenant: "acme".into(),
        name: "bulk".into(),
        allowed_tenants: None,
        is_default: false,
        addresses: vec![address("127.0.0.11", "a.pool.example"), address("127.0.0.12", "b.pool.example")],
        rules: Vec::new(),
        throttle: Throttle::default(),
        fallback: None,
        by_egress: false,
    });
    world.send_with(ZONE, sink.address.port(), |_| {});
    let pool = PoolKey { tenant: "acme".into(), name: "bulk".into() };
    let mut traces = Vec::new();
    for n in 0..12 {
        let to = vec![recipient(&format!("r{n}@one.example"))];
        traces.push(world.queue_as(Some("ann@here.example"), to, |message| message.pool = Some(pool.clone())).await);
    }
    for trace in &traces {
        world.until(*trace, Stage::Deferred, 1).await;
    }
    let before: Vec<_> = world.waiting().await.into_iter().map(|row| (row.recipient.to_string(), row.source.unwrap())).collect();
    assert!(before.iter().any(|(_, source)| source == "127.0.0.11") && before.iter().any(|(_, source)| source == "127.0.0.12"));
    sink.set(|script| script.mail = "250 ok");
    world.advance(std::time::Duration::from_secs(120));
    for mail in sink.wait_for(12).await {
        let source = mail.peer.ip().to_string();
        assert!(before.contains(&(mail.to[0].clone(), source.clone())), "{:?} came from {source}", mail.to);
        assert_eq!(mail.helo, if source == "127.0.0.11" { "a.pool.example" } else { "b.pool.example" });
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relays_and_fixed_places_need_no_dns() {
    let sink = Sink::start("127.0.0.1:0", Script::default()).await;
    let world = World::empty().await;
    let port = sink.address.port();
    world.directory.relays.lock().unwrap().push(("split.example".into(), Relay::plain("127.0.0.1", port)));
    world.send_with("", 9, |config| {
        config.mx.allow_private = false;
        config.fixed.insert("fixed.example".parse().unwrap(), Relay::plain("127.0.0.1", port));
    });
    world.queue(&["a@split.example"]).await;
    world.queue(&["b@fixed.example"]).await;
    sink.wait_for(2).await;
    world.until_waiting(0).await;
    world.stop().await;
}
