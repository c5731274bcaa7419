//! The process is killed at random moments under load, again and again: whatever was answered 250 is in its box,
//! or was sent on, exactly once; a second copy only where an answer was lost on the wire.
//!
//! `POSTERN_TEST_KILLS` says how often each database is put through it.

#![expect(clippy::unwrap_used, reason = "helpers of a test have nobody to report to")]

use std::{thread, time::Duration};

use postern_tests::{
    Server, Site, TestDatabase,
    chance::Chance,
    eventually,
    imap::Imap,
    load::{Copies, DOMAIN, ELSEWHERE, Load},
    manifests::PASSWORD,
    sink::Sink,
};

/// Kills of one database by default, so that all of it takes about a minute.
const KILLS: u64 = 25;

/// Clients that send at the same time.
const CLIENTS: usize = 6;

#[test]
fn nothing_is_lost_when_the_process_is_killed_on_sqlite() {
    let told = survive(TestDatabase::sqlite());
    println!("SQLite: {told}");
}

#[test]
fn nothing_is_lost_when_the_process_is_killed_on_postgresql() {
    let told = survive(TestDatabase::postgres());
    println!("PostgreSQL: {told}");
}

fn survive(database: TestDatabase) -> String {
    let kills = std::env::var("POSTERN_TEST_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let sink = Sink::new();
    let mut chance = Chance::new();
    let mut site = Site::new(database, Load::manifests())
        .with("outbound.static_mx", sink.for_domain(ELSEWHERE))
        .with("outbound.schedule", "1s")
        // Bodies of both kinds: in the database and beside it.
        .with("store.inline_max", "4Ki");
    let load = Load::start(CLIENTS);
    for kill in 0..kills {
        // The name tells the other side which process has sent.
        site.set("hostname", format!("process-{kill}.{DOMAIN}"));
        if chance.below(5) == 0 {
            let server = Server::spawn(&site, "one", &[]);
            thread::sleep(Duration::from_millis(chance.below(400)));
            server.kill();
            continue;
        }
        let server = Server::start(&site);
        load.aim(&server);
        load.wait_for_more(usize::try_from(chance.below(60)).unwrap());
        thread::sleep(Duration::from_micros(chance.below(50_000)));
        server.kill();
        load.rest();
    }
    site.set("hostname", format!("process-last.{DOMAIN}"));
    let server = Server::start(&site);
    load.aim(&server);
    load.wait_for_more(CLIENTS);
    let attempts = load.stop();
    queue_is_empty(&server);
    let told = Copies::collect(&server, &sink).settle(&attempts);
    let mut box_one = Imap::login(server.address("imap"), &format!("one@{DOMAIN}"), PASSWORD).unwrap();
    uids_only_ever_grow(&mut box_one);
    format!("{kills} kills, {} messages: {told}", attempts.len())
}

/// All that was queued has left.
fn queue_is_empty(server: &Server) {
    eventually("the queue is empty", || {
        let listed = server.answer(&["queue"]);
        if listed.contains("Nothing found") { Ok(()) } else { Err(listed) }
    });
}

/// Numbers are never given twice, whatever was rolled back: ascending, and below UIDNEXT (RFC 9051 §2.3.1.1).
fn uids_only_ever_grow(imap: &mut Imap) {
    let selected = imap.ok("EXAMINE INBOX").untagged;
    let next = selected.iter().find_map(|line| line.split_once("[UIDNEXT ")?.1.split_once(']')?.0.parse::<u64>().ok()).unwrap();
    let uid = |line: &String| line.split_once("UID ")?.1.trim_end_matches(')').parse::<u64>().ok();
    let uids: Vec<u64> = imap.ok("FETCH 1:* UID").untagged.iter().filter_map(uid).collect();
    assert!(!uids.is_empty() && uids.windows(2).all(|pair| pair[0] < pair[1]) && uids.iter().all(|uid| *uid < next), "{uids:?} {next}");
}
