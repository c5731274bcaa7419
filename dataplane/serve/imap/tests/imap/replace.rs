//! REPLACE (RFC 8508): the new message comes and the old one goes, both or neither.

use postern_core::AccountId;
use postern_serve_imap::Config;
use postern_store::mail::account;
use postern_tests::TestDatabase;

use crate::{client::Client, room::Room};

postern_tests::suite!(a_draft_is_replaced_in_one_moment, two_sessions_replace_one_draft);

const NEWER: &str = "newer\r\n\r\n";

async fn replace(client: &mut Client, arguments: &str, body: &str) -> Vec<String> {
    let tag = client.begin(&format!("{arguments} {{{}+}}\r\n{body}", body.len())).await;
    client.until(&tag).await
}

async fn a_draft_is_replaced_in_one_moment(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver_all(&["one", "draft", "three"]).await;
    let (mut alice, mut other) = (room.inbox("alice").await, room.inbox("alice").await);
    let told = replace(&mut alice, "REPLACE 2 INBOX (\\Draft)", NEWER).await;
    assert!(told[0].starts_with("* OK [APPENDUID ") && told[0].contains(" 4] "), "{told:?}");
    assert_eq!(told[1..], ["* 2 EXPUNGE", "* 3 EXISTS", "OK REPLACE completed"]);
    assert_eq!(other.ok("NOOP").await, ["* 2 EXPUNGE", "* 3 EXISTS"]);
    assert_eq!(alice.ok("FETCH 3 (UID FLAGS BODY.PEEK[])").await, ["* 3 FETCH (UID 4 FLAGS (\\Draft) BODY[] {9}\r\nnewer\r\n\r\n)"]);
    // To another mailbox.
    assert_eq!(replace(&mut alice, "UID REPLACE 4 Drafts", NEWER).await.last().unwrap(), "OK REPLACE completed");
    assert_eq!(alice.ok("STATUS INBOX (MESSAGES)").await, ["* STATUS INBOX (MESSAGES 2)"]);
    assert_eq!(alice.ok("STATUS Drafts (MESSAGES)").await, ["* STATUS \"Drafts\" (MESSAGES 1)"]);
    // What is gone is not replaced, and nothing comes in its place.
    assert!(replace(&mut alice, "UID REPLACE 4 Drafts", NEWER).await.last().unwrap().starts_with("NO [NONEXISTENT]"));
    assert!(replace(&mut alice, "REPLACE 9 Drafts", NEWER).await.last().unwrap().starts_with("BAD"));
    assert_eq!(alice.ok("STATUS Drafts (MESSAGES)").await, ["* STATUS \"Drafts\" (MESSAGES 1)"]);
    let usage = room.store.boxes.usage(AccountId(1)).await.unwrap();
    assert_eq!(usage.messages, 3);
}

async fn two_sessions_replace_one_draft(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver_all(&["draft"]).await;
    let (mut one, mut two) = (room.inbox("alice").await, room.inbox("alice").await);
    // Both have been told of the draft, and both may send.
    for client in [&mut one, &mut two] {
        client.send(format!("r UID REPLACE 1 INBOX {{{}}}\r\n", NEWER.len())).await;
        assert_eq!(client.line().await, "+ OK");
    }
    for client in [&mut one, &mut two] {
        client.send(format!("{NEWER}\r\n")).await;
    }
    let (first, second) = (one.until("r").await, two.until("r").await);
    let (mut won, lost) = if first.last().unwrap().starts_with("OK") { (one, second) } else { (two, first) };
    assert!(lost.last().unwrap().starts_with("NO [EXPUNGEISSUED]"), "{lost:?}");
    assert_eq!(won.ok("STATUS INBOX (MESSAGES UIDNEXT)").await, ["* STATUS INBOX (MESSAGES 1 UIDNEXT 3)"]);
}

#[tokio::test]
async fn the_old_ones_room_is_the_new_ones() {
    let room = Room::open().await;
    room.deliver(&[b"Subject: x\r\n\r\n".as_slice(), &[b'x'; 100]].concat()).await;
    let used = room.store.boxes.usage(AccountId(1)).await.unwrap().used;
    let mut tx = room.store.db.begin().await.unwrap();
    account::set_quota(&mut tx, AccountId(1), Some(used)).await.unwrap();
    tx.commit().await.unwrap();
    let mut alice = room.inbox("alice").await;
    assert!(alice.append("INBOX", NEWER.as_bytes()).await.starts_with("NO [OVERQUOTA]"));
    assert!(replace(&mut alice, "REPLACE 1 INBOX", NEWER).await.last().unwrap().starts_with("OK"));
    assert_eq!(room.store.boxes.usage(AccountId(1)).await.unwrap().used, NEWER.len() as i64);
}

#[tokio::test]
async fn it_needs_the_rights_of_an_expunge() {
    let room = Room::open().await;
    room.deliver_all(&["one"]).await;
    let mut alice = room.inbox("alice").await;
    alice.ok("EXAMINE INBOX").await;
    assert!(replace(&mut alice, "REPLACE 1 Drafts", NEWER).await.last().unwrap().starts_with("NO"));
    alice.ok("SETACL INBOX bob@example.org lrswi").await;
    let mut bob = room.login("bob").await;
    bob.ok("SELECT \"Other Users/alice@example.org/INBOX\"").await;
    assert!(replace(&mut bob, "REPLACE 1 \"Other Users/alice@example.org/INBOX\"", NEWER).await.last().unwrap().starts_with("NO [NOPERM]"));
    alice.ok("SETACL INBOX bob@example.org +te").await;
    bob.ok("SELECT \"Other Users/alice@example.org/INBOX\"").await;
    assert!(replace(&mut bob, "REPLACE 1 Drafts", NEWER).await.last().unwrap().starts_with("NO [CANNOT]"), "not from one box to another");
    assert!(replace(&mut bob, "REPLACE 1 \"Other Users/alice@example.org/INBOX\"", NEWER).await.last().unwrap().starts_with("OK"));
    assert_eq!(alice.ok("STATUS INBOX (MESSAGES UIDNEXT)").await, ["* STATUS INBOX (MESSAGES 1 UIDNEXT 3)", "* 1 EXPUNGE", "* 1 EXISTS"]);
}
