//! PostgreSQL goes away and comes back under load: clients are put off, nothing is lost, and nobody restarts anything.

use postern_tests::{
    PATIENCE, Server, Site, TestDatabase, eventually,
    imap::Imap,
    load::{Copies, DOMAIN, ELSEWHERE, Load},
    manifests::PASSWORD,
    postgres::Postgres,
    server::http_get,
    sink::Sink,
    smtp::Smtp,
};

/// Outages under load.
const OUTAGES: usize = 3;

#[test]
fn postgresql_stopped_and_started_under_load_loses_nothing() {
    let postgres = Postgres::private();
    let sink = Sink::new();
    let server = Server::start(&site(&postgres, &sink));
    let load = Load::start(6);
    load.aim(&server);
    for _ in 0..OUTAGES {
        load.wait_for_more(30);
        postgres.stop();
        load.wait_for_deferrals(6);
        postgres.start();
    }
    load.wait_for_more(30);
    let attempts = load.stop();
    eventually("the queue is empty", || {
        let listed = server.answer(&["queue"]);
        if listed.contains("Nothing found") { Ok(()) } else { Err(listed) }
    });
    println!("{OUTAGES} outages, {} messages: {}", attempts.len(), Copies::collect(&server, &sink).settle(&attempts));
}

#[test]
fn while_the_database_is_away_clients_are_put_off_and_stay_connected() {
    let postgres = Postgres::private();
    let server = Server::start(&site(&postgres, &Sink::new()));
    let login = |name: &str| Imap::login(server.address("imap"), &format!("{name}@{DOMAIN}"), PASSWORD);
    let mut imap = login("one").unwrap();
    imap.ok("SELECT INBOX");
    let mut smtp = Smtp::greet(server.address("mx")).unwrap();
    let one = format!("one@{DOMAIN}");
    assert!(smtp.deliver("a@elsewhere.test", &[&one], "Subject: before\n\n").unwrap().accepts());

    postgres.stop();
    let reply = smtp.deliver("a@elsewhere.test", &[&one], "Subject: during\n\n").unwrap();
    assert!(reply.defers(), "the client comes again: {reply:?}");
    let answer = imap.command("STATUS INBOX (MESSAGES)").unwrap();
    // RFC 5530 §3.
    assert!(answer.status == "NO" && answer.text.contains("[UNAVAILABLE]"), "{answer:?}");
    let appended = imap.append("INBOX", "Subject: appended during\n\n").unwrap();
    assert!(appended.status == "NO" && appended.text.contains("[UNAVAILABLE]"), "{appended:?}");
    let refused = Imap::connect(server.address("imap")).unwrap().command(&format!("LOGIN three@{DOMAIN} {PASSWORD}")).unwrap();
    assert!(refused.status == "NO" && refused.text.contains("[UNAVAILABLE]"), "not a wrong password: {refused:?}");
    eventually("alive, and not ready", || {
        let (alive, _) = http_get(server.address("health"), "/healthz").unwrap();
        let (ready, reasons) = http_get(server.address("health"), "/readyz").unwrap();
        if (alive, ready) == (200, 503) { Ok(()) } else { Err(format!("{alive} {ready} {reasons}")) }
    });

    postgres.start();
    eventually("ready again, without a restart", || match http_get(server.address("health"), "/readyz") {
        Ok((200, _)) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    // A connection to the database that died in the pool may cost one more 4xx.
    eventually("mail is taken again, by the same connection", || {
        let reply = smtp.deliver("a@elsewhere.test", &[&one], "Subject: after\n\n").unwrap();
        if reply.accepts() { Ok(()) } else { Err(format!("{reply:?}\n{:?}", server.log)) }
    });
    let subjects = login("one").unwrap().header_fields("INBOX", "Subject");
    assert_eq!(subjects, ["before", "after"]);
    assert!(imap.ok("NOOP").untagged.iter().any(|line| line == "2 EXISTS"), "the same session");
}

#[test]
fn a_server_that_starts_before_its_database_waits_for_it() {
    let postgres = Postgres::private();
    let site = site(&postgres, &Sink::new());
    postgres.stop();
    let mut server = Server::spawn(&site, "one", &[]);
    let told = server.log.wait(PATIENCE, |line| line.contains("database").then(|| line.to_owned()));
    told.expect("it says what it waits for");
    postgres.start();
    server.wait_until_ready();
    assert!(Smtp::greet(server.address("mx")).is_ok());
}

fn site(postgres: &Postgres, sink: &Sink) -> Site {
    Site::new(TestDatabase::Postgres(postgres.fresh_database()), Load::manifests())
        .with("outbound.static_mx", sink.for_domain(ELSEWHERE))
        .with("outbound.schedule", "1s")
}
