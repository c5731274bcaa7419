//! A client that waits in IDLE (RFC 2177) hears of new mail at once: from its own process, and from another one
//! that shares nothing with it but the database.

#![expect(clippy::unwrap_used, reason = "helpers of a test have nobody to report to")]

use postern_tests::{
    Server, Site, TestDatabase,
    imap::Imap,
    manifests::{Manifests, PASSWORD},
    smtp::Smtp,
};

#[test]
fn idle_wakes_for_mail_that_this_process_takes_on_sqlite() {
    let site = site(TestDatabase::sqlite());
    let server = Server::start(&site);
    wakes(&server, &server);
}

#[test]
fn idle_wakes_for_mail_that_another_process_takes_on_postgresql() {
    let site = site(TestDatabase::postgres());
    let imap = Server::start_as(&site, "imap", &["--roles", "imap"]);
    let mx = Server::start_as(&site, "mx", &["--roles", "mx"]);
    wakes(&mx, &imap);
}

/// What one client does, the other sees while it waits.
#[test]
fn idle_tells_what_a_client_on_another_process_does() {
    let site = site(TestDatabase::postgres());
    let here = Server::start_as(&site, "here", &["--roles", "mx,imap"]);
    let there = Server::start_as(&site, "there", &["--roles", "imap"]);
    deliver(&here, "to be flagged");
    let login = |server: &Server| Imap::login(server.address("imap"), "one@idle.test", PASSWORD).unwrap();
    let (mut waiting, mut busy) = (login(&here), login(&there));
    busy.ok("SELECT INBOX");
    waiting.ok("SELECT INBOX");
    let tag = begin_idle(&mut waiting);
    busy.ok("STORE 1 +FLAGS.SILENT (\\Flagged)");
    let told = waiting.response().unwrap();
    assert!(told.starts_with("* 1 FETCH ") && told.contains("\\Flagged"), "{told}");
    busy.ok("STORE 1 +FLAGS.SILENT (\\Deleted)");
    busy.ok("EXPUNGE");
    let told = std::iter::repeat_with(|| waiting.response().unwrap()).take(4).find(|line| line.contains("EXPUNGE"));
    assert_eq!(told.as_deref(), Some("* 1 EXPUNGE"));
    end_idle(&mut waiting, &tag);
}

fn site(database: TestDatabase) -> Site {
    Site::new(database, Manifests::of("idle.test", &["one"], ""))
}

fn wakes(mx: &Server, imap: &Server) {
    let mut waiting = Imap::login(imap.address("imap"), "one@idle.test", PASSWORD).unwrap();
    waiting.ok("SELECT INBOX");
    let tag = begin_idle(&mut waiting);
    for number in 1..=3 {
        deliver(mx, "wake up");
        assert_eq!(waiting.response().unwrap(), format!("* {number} EXISTS"));
    }
    end_idle(&mut waiting, &tag);
    assert!(waiting.ok("FETCH 3 BODY[]").untagged.concat().contains("wake up"));
}

fn deliver(mx: &Server, subject: &str) {
    let mut smtp = Smtp::greet(mx.address("mx")).unwrap();
    let reply = smtp.deliver("a@elsewhere.test", &["one@idle.test"], &format!("Subject: {subject}\n\n")).unwrap();
    assert!(reply.accepts(), "{reply:?}");
}

fn begin_idle(imap: &mut Imap) -> String {
    let tag = imap.begin("IDLE").unwrap();
    let go = imap.response().unwrap();
    assert!(go.starts_with('+'), "{go}");
    tag
}

fn end_idle(imap: &mut Imap, tag: &str) {
    imap.send(b"DONE\r\n").unwrap();
    assert!(imap.finish(tag).unwrap().is_ok());
}
