//! MESSAGELIMIT (RFC 9738): a command works on the newest messages and says where it stopped, or on none.

use postern_serve_imap::Config;

use crate::{client::Client, room::Room};

async fn limited() -> (Room, Client) {
    let room = Room::configured(Config { message_limit: Some(3), ..Config::default() }).await;
    room.deliver_all(&["1", "2", "3", "4", "5"]).await;
    let alice = room.inbox("alice").await;
    (room, alice)
}

fn numbers(told: &[String], word: &str) -> Vec<String> {
    let lines = told.iter().filter(|line| line.starts_with("* ") && line.contains(word));
    lines.map(|line| line.split(' ').nth(1).unwrap().to_owned()).collect()
}

#[tokio::test]
async fn it_is_announced_where_there_is_one() {
    let (_room, mut alice) = limited().await;
    assert!(alice.ok("CAPABILITY").await[0].contains(" MESSAGELIMIT=3"));
    let room = Room::open().await;
    assert!(!room.login("alice").await.ok("CAPABILITY").await[0].contains("LIMIT=3"));
}

#[tokio::test]
async fn the_newest_messages_are_worked_on() {
    let (_room, mut alice) = limited().await;
    let told = alice.command("FETCH 1:* (UID)").await;
    assert_eq!(numbers(&told, " FETCH "), ["5", "4", "3"], "from the highest UID down");
    assert!(told.last().unwrap().starts_with("OK [MESSAGELIMIT 3 3] "), "{told:?}");
    assert!(alice.command("FETCH 2:4 (UID)").await.last().unwrap().starts_with("OK FETCH"), "as many as there may be");
    assert_eq!(alice.command("UID SEARCH ALL").await[..1], ["* SEARCH 3 4 5"]);
    assert!(alice.command("UID SEARCH ALL").await[1].starts_with("OK [MESSAGELIMIT 3 3] "));
    assert_eq!(alice.ok("UID SEARCH UIDBEFORE 3").await, ["* SEARCH 1 2"]);
    assert_eq!(alice.ok("UID SEARCH UIDAFTER 3").await, ["* SEARCH 4 5"]);
    assert!(alice.command("UID SEARCH UIDBEFORE 3").await[1].starts_with("OK SEARCH"));
    let told = alice.command("STORE 1:* +FLAGS (\\Deleted)").await;
    assert_eq!(numbers(&told, " FETCH "), ["3", "4", "5"]);
    assert!(told.last().unwrap().starts_with("OK [MESSAGELIMIT 3 3] "), "{told:?}");
    let told = alice.command("UID MOVE 1:4 Archive").await;
    assert_eq!(numbers(&told, " EXPUNGE"), ["4", "3", "2"]);
    assert!(told.last().unwrap().starts_with("OK [MESSAGELIMIT 3 2] "), "{told:?}");
    assert_eq!(alice.ok("UID SEARCH ALL").await, ["* SEARCH 1 5"]);
}

#[tokio::test]
async fn a_uid_expunge_counts_what_is_deleted_and_expunge_is_not_limited() {
    let (_room, mut alice) = limited().await;
    alice.ok("STORE 1:3 +FLAGS.SILENT (\\Deleted)").await;
    alice.ok("STORE 4 +FLAGS.SILENT (\\Deleted)").await;
    let told = alice.command("UID EXPUNGE 1:5").await;
    assert_eq!(numbers(&told, " EXPUNGE"), ["4", "3", "2"]);
    assert!(told.last().unwrap().starts_with("OK [MESSAGELIMIT 3 2] "), "{told:?}");
    assert_eq!(alice.ok("UID SEARCH ALL").await, ["* SEARCH 1 5"]);
    let (_room, mut alice) = limited().await;
    alice.ok("STORE 1:3 +FLAGS.SILENT (\\Deleted)").await;
    alice.ok("STORE 4:5 +FLAGS.SILENT (\\Deleted)").await;
    assert_eq!(alice.ok("EXPUNGE").await.len(), 5);
}

#[tokio::test]
async fn what_would_be_done_by_half_is_refused() {
    let (_room, mut alice) = limited().await;
    assert!(alice.fails("COPY 1:4 Archive").await.starts_with("NO [MESSAGELIMIT 3 2] "));
    alice.ok("COPY 2:4 Archive").await;
    assert!(alice.fails("SORT (ARRIVAL) UTF-8 ALL").await.starts_with("NO [MESSAGELIMIT 3 3] "));
    assert!(alice.fails("THREAD REFERENCES UTF-8 ALL").await.starts_with("NO [MESSAGELIMIT 3 3] "));
    assert_eq!(alice.ok("UID SORT (REVERSE ARRIVAL) UTF-8 UIDAFTER 2").await[0].split(' ').count(), 5);
    assert!(alice.fails("UID FETCH 1:* (UID) (PARTIAL 1:4)").await.starts_with("NO [MESSAGELIMIT 3] "));
    assert_eq!(alice.ok("UID FETCH 1:* (UID) (PARTIAL 1:3)").await.len(), 3);
    let answer = alice.command("APPEND Archive {1+}\r\na {1+}\r\nb {1+}\r\nc {1+}\r\nd").await;
    assert!(answer.last().unwrap().starts_with("NO [MESSAGELIMIT 3] "), "{answer:?}");
    assert_eq!(alice.ok("STATUS Archive (MESSAGES)").await, ["* STATUS \"Archive\" (MESSAGES 3)"]);
}

#[tokio::test]
async fn beside_another_code_it_is_told_untagged() {
    let (_room, mut alice) = limited().await;
    alice.ok("ENABLE CONDSTORE").await;
    let told = alice.command("MOVE 1:* Archive").await;
    assert!(told.last().unwrap().starts_with("OK [HIGHESTMODSEQ "), "{told:?}");
    assert!(told.iter().any(|line| line.starts_with("* NO [MESSAGELIMIT 3 3] ")), "{told:?}");
}
