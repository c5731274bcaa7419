//! A sender is killed in the middle of a message, for good: another one, which shares nothing with it but the database, sends
//! what it held as soon as it is certain that it is gone, and not only when its leases lapse.

use std::{
    sync::{Mutex, mpsc},
    time::Duration,
};

use postern_tests::{
    Server, Site, TestDatabase, eventually,
    manifests::Manifests,
    sink::{Answer, Sink, Step},
    smtp::Smtp,
};

/// Far less than a lease, far more than a death needs to be noticed.
const SOON: Duration = Duration::from_secs(150);

const ALIAS: &str = "---\napiVersion: postern.dev/v1alpha1\nkind: Alias\nmetadata: {name: away, namespace: acme}\n\
                     spec: {address: away@killed.test, targets: [bob@elsewhere.test]}\n";

#[test]
fn what_a_killed_sender_held_leaves_by_another_one() {
    let (let_go, held) = mpsc::channel::<()>();
    let (reached, arrived) = mpsc::channel();
    let (held, reached) = (Mutex::new(Some(held)), Mutex::new(reached));
    // The first final dot gets no answer while its sender lives.
    let sink = Sink::scripted(move |step| {
        let Step::Dot(_) = step else { return Answer::Accept };
        let first = held.lock().unwrap().take();
        let Some(held) = first else { return Answer::Accept };
        reached.lock().unwrap().send(()).unwrap();
        assert!(held.recv().is_err());
        Answer::HangUp
    });
    let site = Site::new(TestDatabase::postgres(), Manifests::of("killed.test", &[], ALIAS))
        .with("outbound.static_mx", sink.for_domain("elsewhere.test"));
    let mx = Server::start_as(&site, "mx", &["--roles", "mx"]);
    let first = Server::start_as(&site, "first", &["--roles", "sender"]);
    let mut smtp = Smtp::greet(mx.address("mx")).unwrap();
    let reply = smtp.deliver("a@far.test", &["away@killed.test"], "Subject: under way\n\nx\n").unwrap();
    assert!(reply.accepts(), "{reply:?}");
    arrived.recv_timeout(SOON).unwrap();

    let second = Server::start_as(&site, "second", &["--roles", "sender"]);
    assert!(sink.taken().is_empty());
    first.kill();
    let taken = sink.wait(SOON, |taken| !taken.is_empty()).unwrap();
    drop(let_go);
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].header("Subject"), Some("under way"));
    eventually("the queue is empty", || {
        let listed = second.answer(&["queue"]);
        if listed.contains("Nothing found") { Ok(()) } else { Err(listed) }
    });
    assert_eq!(sink.taken().len(), 1);
}
