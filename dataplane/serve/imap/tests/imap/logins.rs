//! Who gets in, how, and how a session ends.

use std::time::Duration;

use postern_net::Phase;
use postern_serve_imap::Config;
use postern_store::trail::{Key, by_key};

use crate::{
    client::Client,
    room::{PASSWORD, Room, START},
};

/// `\0alice@example.org\0correct horse`
const PLAIN: &str = "AGFsaWNlQGV4YW1wbGUub3JnAGNvcnJlY3QgaG9yc2U=";

#[tokio::test]
async fn every_way_in_leads_in() {
    let room = Room::open().await;
    for commands in [vec![format!("LOGIN alice@example.org \"{PASSWORD}\"")], vec![format!("AUTHENTICATE PLAIN {PLAIN}")]] {
        let mut client = room.connect().await;
        let answer = client.command(&commands[0]).await.pop().unwrap();
        assert!(answer.starts_with("OK [CAPABILITY IMAP4rev2 IMAP4rev1"), "the new capabilities come along: {answer}");
    }
    let mut client = room.connect().await;
    let tag = client.begin("AUTHENTICATE PLAIN").await;
    assert_eq!(client.line().await, "+ ");
    client.send(format!("{PLAIN}\r\n")).await;
    assert!(client.until(&tag).await[0].starts_with("OK"));

    let mut client = room.connect().await;
    let tag = client.begin("AUTHENTICATE LOGIN").await;
    for (asked, said) in [("VXNlcm5hbWU6", "YWxpY2VAZXhhbXBsZS5vcmc="), ("UGFzc3dvcmQ6", "Y29ycmVjdCBob3JzZQ==")] {
        assert_eq!(client.line().await, format!("+ {asked}"));
        client.send(format!("{said}\r\n")).await;
    }
    assert!(client.until(&tag).await[0].starts_with("OK"));
}

#[tokio::test]
async fn refusals_tell_programs_why_and_guessers_nothing() {
    let room = Room::open().await;
    let mut client = room.connect().await;
    let wrong = client.fails("LOGIN alice@example.org wrong").await;
    assert!(wrong.starts_with("NO [AUTHENTICATIONFAILED]"), "{wrong}");
    assert_eq!(client.fails("LOGIN nobody@example.org wrong").await, wrong);
    let closed = client.fails(&format!("LOGIN carol@example.org \"{PASSWORD}\"")).await;
    assert!(closed.starts_with("NO [NOPERM]"), "{closed}");
    let tag = client.begin("AUTHENTICATE PLAIN").await;
    client.line().await;
    client.send("*\r\n").await;
    assert!(client.until(&tag).await[0].starts_with("BAD"), "a cancelled exchange");
    assert!(client.fails("AUTHENTICATE SCRAM-SHA-256 biwsbj1h").await.starts_with("NO"), "not on offer here");
    client.ok(&format!("LOGIN alice@example.org \"{PASSWORD}\"")).await;

    room.trail.flush().await.unwrap();
    let address = postern_core::Address::parse("alice@example.org").unwrap();
    let stories = by_key(&room.store.db, Key::address(&address), START, room.store.now(), 10).await.unwrap();
    assert_eq!(stories.len(), 2, "a failure and a success are in the trail");
}

/// RFC 2971 §3.1: in any state, and nothing depends on it.
#[tokio::test]
async fn both_sides_may_say_who_they_are() {
    let room = Room::open().await;
    let mut client = room.connect().await;
    let us = concat!("* ID (\"name\" \"Postern\" \"version\" \"", env!("CARGO_PKG_VERSION"), "\")");
    assert_eq!(client.ok("ID (\"name\" \"sodr\" \"version\" \"19.34\" \"vendor\" \"Pink Floyd Music Limited\" \"os\" NIL)").await, [us]);
    client.ok(&format!("LOGIN alice@example.org \"{PASSWORD}\"")).await;
    assert_eq!(client.ok("ID ()").await, [us]);
    client.ok("SELECT INBOX").await;
    assert_eq!(client.ok("ID NIL").await, [us]);
    let pairs: Vec<String> = (0..31).map(|n| format!("\"x{n}\" \"y\"")).collect();
    assert!(client.fails(&format!("ID ({})", pairs.join(" "))).await.starts_with("BAD"), "30 pairs at most");
    assert!(client.fails("ID (\"name\")").await.starts_with("BAD"));
}

#[tokio::test]
async fn capabilities_are_true_in_each_state() {
    let room = Room::configured(Config { scram: true, ..Config::default() }).await;
    let mut client = room.connect().await;
    let before = client.ok("CAPABILITY").await.pop().unwrap();
    for word in ["AUTH=SCRAM-SHA-256", "AUTH=PLAIN", "SASL-IR", "LITERAL-"] {
        assert!(before.contains(word), "{before}");
    }
    assert!(!before.contains("STARTTLS"), "there is no certificate here");
    assert!(client.fails("STARTTLS").await.starts_with("BAD"));
    assert!(client.fails("SELECT INBOX").await.starts_with("BAD"));
    client.ok(&format!("LOGIN alice@example.org \"{PASSWORD}\"")).await;
    let after = client.ok("CAPABILITY").await.pop().unwrap();
    for word in ["IDLE", "UIDPLUS", "MOVE", "MULTIAPPEND", "LIST-STATUS", "STATUS=SIZE", "APPENDLIMIT=52428800", "ESEARCH"] {
        assert!(after.contains(word), "{after}");
    }
    assert_eq!(client.ok("ID NIL").await, [concat!("* ID (\"name\" \"Postern\" \"version\" \"", env!("CARGO_PKG_VERSION"), "\")")]);
    assert_eq!(client.ok("ENABLE IMAP4rev2 X-UNHEARD").await, ["* ENABLED IMAP4rev2"]);
    let farewell = client.ok("LOGOUT").await;
    assert!(farewell[0].starts_with("* BYE"), "{farewell:?}");
    assert_eq!(client.response().await, None);
}

#[tokio::test]
async fn from_afar_no_password_goes_in_the_clear() {
    let room = Room::open().await;
    let mut client = Client::connect(room.public).await;
    client.send("PROXY TCP4 192.0.2.7 192.0.2.1 4242 143\r\n").await;
    let greeting = client.line().await;
    assert!(greeting.contains("STARTTLS LOGINDISABLED") && !greeting.contains("AUTH="), "{greeting}");
    assert!(client.fails(&format!("LOGIN alice@example.org \"{PASSWORD}\"")).await.starts_with("NO [PRIVACYREQUIRED]"));
    // What came in the clear behind STARTTLS is never run (RFC 9051 §6.2.1).
    client.send("t STARTTLS\r\nu NOOP\r\n").await;
    assert!(client.line().await.starts_with("t OK"));
    let mut client = client.start_tls(&room.client_tls).await;
    let capability = client.ok("CAPABILITY").await;
    assert!(capability[0].contains("AUTH=PLAIN") && !capability[0].contains("STARTTLS"), "{capability:?}");
    client.ok(&format!("LOGIN alice@example.org \"{PASSWORD}\"")).await;
    client.ok("SELECT INBOX").await;
}

/// Who is near a proxy is not near us: the password would cross the network between the two in the clear.
#[tokio::test]
async fn a_proxy_makes_nobody_this_machine() {
    let room = Room::open().await;
    for header in ["PROXY TCP4 127.0.0.2 192.0.2.1 4242 143", "PROXY TCP6 ::1 2001:db8::1 4242 143", "PROXY UNKNOWN"] {
        let mut client = Client::connect(room.public).await;
        client.send(format!("{header}\r\n")).await;
        let greeting = client.line().await;
        assert!(greeting.contains("LOGINDISABLED"), "{header}: {greeting}");
    }
}

#[tokio::test]
async fn before_login_eight_kib_and_a_minute_are_all_there_is() {
    let room = Room::configured(Config { login_timeout: Duration::from_millis(200), ..Config::default() }).await;
    let mut greedy = room.connect().await;
    greedy.send("a".repeat(9_000)).await;
    let farewell = greedy.line().await;
    assert!(farewell.contains("BAD") || farewell.contains("BYE"), "{farewell}");
    let mut slow = room.connect().await;
    assert_eq!(slow.line().await, "* BYE Too slow to log in");
    assert_eq!(slow.response().await, None);
}

#[tokio::test]
async fn a_drain_says_bye_after_the_command_in_hand() {
    let room = Room::open().await;
    let mut idle = room.inbox("alice").await;
    idle.idle().await;
    let mut busy = room.login("alice").await;
    let body = b"Subject: late\r\n\r\nbut whole\r\n";
    busy.send(format!("x APPEND INBOX {{{}}}\r\n", body.len())).await;
    assert_eq!(busy.line().await, "+ OK");
    room.drain.advance(Phase::Finishing);
    assert!(idle.line().await.starts_with("* BYE [UNAVAILABLE]"));
    busy.send(body).await;
    busy.send("\r\n").await;
    assert!(busy.line().await.starts_with("x OK [APPENDUID"));
    assert!(busy.line().await.starts_with("* BYE [UNAVAILABLE]"));
    assert_eq!(busy.response().await, None);
    room.drain.empty().await;
}
