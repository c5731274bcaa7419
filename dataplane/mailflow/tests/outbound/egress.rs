//! Mail that leaves by the node that owns the pool's address.

use std::net::{IpAddr, SocketAddr};

use postern_core::{
    Secret,
    directory::{PoolAddress, PoolRecord, Throttle},
};
use postern_mailflow::deliver::remote::egress::Egress;
use postern_net::{
    connect,
    resolver::StaticResolver,
    socks::{self, Login, Reply},
};
use postern_store::{queue::PoolKey, trail::Stage};
use tokio::{io::copy_bidirectional, net::TcpListener};

use crate::{
    sink::{Script, Sink},
    world::{World, recipient},
};

const ZONE: &str = "one.example MX 10 mx1.one.example\nmx1.one.example A 127.0.0.1\n";
const TOKEN: &str = "what senders and proxies share";

/// A proxy on a node that has these addresses; every proxy of a test listens on one port, as those of an installation do.
async fn node(at: &str, has: &'static [&'static str]) -> SocketAddr {
    let listener = TcpListener::bind(at).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let asked = socks::login(&mut client).await.unwrap();
                assert_eq!(asked.token.expose(), TOKEN);
                if !has.contains(&asked.source.to_string().as_str()) {
                    return socks::judge(&mut client, Login::NotHere).await.unwrap();
                }
                socks::judge(&mut client, Login::Welcome).await.unwrap();
                let to = socks::request(&mut client).await.unwrap();
                let mut server = connect::tcp(to, Some(asked.source), std::time::Duration::from_secs(5)).await.unwrap();
                socks::answer(&mut client, Reply::Succeeded, server.local_addr().unwrap()).await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    address
}

fn pool(ip: &str) -> PoolRecord {
    PoolRecord {
        tenant: "acme".into(),
        name: "shared".into(),
        allowed_tenants: None,
        is_default: true,
        addresses: vec![PoolAddress { ip: ip.parse().unwrap(), helo: "out7.example".parse().unwrap(), weight: 100 }],
        rules: Vec::new(),
        throttle: Throttle::default(),
        fallback: None,
        by_egress: true,
    }
}

/// A sender that finds the proxies of both nodes under one name.
fn send(world: &World, sink: &Sink, port: u16) {
    let nodes = StaticResolver::parse("egress.mail-egress.svc A 127.0.0.1\negress.mail-egress.svc A 127.0.0.2\n").unwrap();
    let egress = Egress::new("egress.mail-egress.svc".into(), port, Secret::new(TOKEN.to_owned()), std::sync::Arc::new(nodes));
    world.send_with(ZONE, sink.address.port(), |config| config.session.egress = Some(std::sync::Arc::new(egress)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_leaves_from_the_pools_address_by_whichever_node_has_it() {
    let first = node("127.0.0.1:0", &["127.0.0.8"]).await;
    node(&format!("127.0.0.2:{}", first.port()), &["127.0.0.7"]).await;
    let sink = Sink::start("127.0.0.1:0", Script::default()).await;
    let world = World::empty().await;
    world.directory.pools.lock().unwrap().push(pool("127.0.0.7"));
    send(&world, &sink, first.port());
    let key = PoolKey { tenant: "acme".into(), name: "shared".into() };
    let trace = world.queue_as(Some("ann@here.example"), vec![recipient("bob@one.example")], |m| m.pool = Some(key)).await;
    let mail = sink.wait_for(1).await.remove(0);
    assert_eq!((mail.peer.ip(), mail.helo.as_str()), ("127.0.0.7".parse::<IpAddr>().unwrap(), "out7.example"));
    let events = world.until(trace, Stage::Delivered, 1).await;
    assert!(events.iter().any(|e| e.detail.contains("\"source\":\"127.0.0.7\"")), "the trace tells which: {events:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_no_node_has_is_said_to_be_and_the_mail_waits() {
    let first = node("127.0.0.1:0", &["127.0.0.8"]).await;
    let sink = Sink::start("127.0.0.1:0", Script::default()).await;
    let world = World::empty().await;
    world.directory.pools.lock().unwrap().push(pool("192.0.2.10"));
    send(&world, &sink, first.port());
    let key = PoolKey { tenant: "acme".into(), name: "shared".into() };
    let trace = world.queue_as(Some("ann@here.example"), vec![recipient("bob@one.example")], |m| m.pool = Some(key)).await;
    let events = world.until(trace, Stage::Deferred, 1).await;
    let told = format!("{events:?}");
    for part in ["The pool's address 192.0.2.10 is not bound here", "no egress pod at egress.mail-egress.svc has the address 192.0.2.10"] {
        assert!(told.contains(part), "{part} in {told}");
    }
    assert_eq!(sink.connections(), 0);
    world.stop().await;
}

/// A pool of the sender's own addresses that it does not have.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_the_sender_does_not_have_is_not_the_servers_fault() {
    let sink = Sink::start("127.0.0.1:0", Script::default()).await;
    let world = World::new(ZONE, sink.address.port()).await;
    world.directory.pools.lock().unwrap().push(PoolRecord { by_egress: false, ..pool("192.0.2.10") });
    let key = PoolKey { tenant: "acme".into(), name: "shared".into() };
    let trace = world.queue_as(Some("ann@here.example"), vec![recipient("bob@one.example")], |m| m.pool = Some(key)).await;
    let events = world.until(trace, Stage::Deferred, 1).await;
    assert!(format!("{events:?}").contains("The pool's address 192.0.2.10 is not bound here"), "{events:?}");
    world.stop().await;
}
