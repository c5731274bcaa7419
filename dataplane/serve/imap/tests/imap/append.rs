//! APPEND: whole, exact, within limits, all or nothing.

use postern_core::AccountId;
use postern_serve_imap::Config;
use postern_store::mail::account;

use crate::room::Room;

const BODY: &[u8] = b"Subject: kept\r\n\r\nto the octet\r\n";

#[tokio::test]
async fn flags_date_and_octets_stay() {
    let room = Room::open().await;
    let mut alice = room.inbox("alice").await;
    let answer = alice.append("INBOX (\\Seen $Work) \"05-Feb-2020 03:04:05 +0130\"", BODY).await;
    assert!(answer.starts_with("OK [APPENDUID ") && answer.contains(" 1] "), "{answer}");
    assert_eq!(
        alice.ok("FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])").await,
        [format!(
            "* 1 FETCH (FLAGS (\\Seen $Work) INTERNALDATE \" 5-Feb-2020 01:34:05 +0000\" RFC822.SIZE {} BODY[] {{{}}}\r\n{})",
            BODY.len(),
            BODY.len(),
            String::from_utf8_lossy(BODY)
        )]
    );
    assert!(alice.append("Nowhere", BODY).await.starts_with("NO [TRYCREATE]"));
    assert!(alice.append("INBOX", b"a\0b").await.starts_with("NO "));
}

#[tokio::test]
async fn the_selected_mailbox_hears_of_its_own_append() {
    let room = Room::open().await;
    let mut alice = room.inbox("alice").await;
    alice.send(format!("t APPEND INBOX {{{}+}}\r\n{}\r\n", BODY.len(), String::from_utf8_lossy(BODY))).await;
    assert_eq!(alice.until("t").await[0], "* 1 EXISTS");
}

#[tokio::test]
async fn several_messages_are_one_commit() {
    let room = Room::open().await;
    let mut alice = room.inbox("alice").await;
    let one = String::from_utf8_lossy(BODY);
    let n = one.len();
    alice.send(format!("t APPEND INBOX (\\Seen) {{{n}+}}\r\n{one} (\\Draft) {{{n}+}}\r\n{one} {{{n}}}\r\n")).await;
    assert_eq!(alice.line().await, "+ OK");
    alice.send(format!("{one}\r\n")).await;
    let answers = alice.until("t").await;
    assert_eq!(answers[0], "* 3 EXISTS");
    assert!(answers[1].contains(" 1:3] "), "{answers:?}");
    assert_eq!(alice.ok("FETCH 1:3 FLAGS").await, ["* 1 FETCH (FLAGS (\\Seen))", "* 2 FETCH (FLAGS (\\Draft))", "* 3 FETCH (FLAGS ())"]);
}

#[tokio::test]
async fn one_bad_message_of_several_keeps_out_all() {
    let room = Room::open().await;
    let mut alice = room.inbox("alice").await;
    let one = String::from_utf8_lossy(BODY);
    let n = one.len();
    alice.send(format!("t APPEND INBOX {{{n}+}}\r\n{one} {{3+}}\r\na\0b\r\n")).await;
    assert!(alice.until("t").await.last().unwrap().starts_with("NO"));
    alice.send(format!("u APPEND INBOX {{{n}+}}\r\n{one} (\\Nonsense {{3+}}\r\nabc\r\n")).await;
    assert!(alice.until("u").await.last().unwrap().starts_with("BAD"));
    alice.send(format!("v APPEND INBOX {{{n}+}}\r\n{one} {{{}}}\r\n", 60 << 20)).await;
    assert!(alice.until("v").await.last().unwrap().starts_with("NO [TOOBIG]"));
    assert_eq!(alice.ok("STATUS INBOX (MESSAGES UIDNEXT)").await, ["* STATUS INBOX (MESSAGES 0 UIDNEXT 1)"]);
}

#[tokio::test]
async fn a_full_box_is_told_before_the_octets_are_sent() {
    let room = Room::open().await;
    let mut tx = room.store.db.begin().await.unwrap();
    account::set_quota(&mut tx, AccountId(1), Some(80)).await.unwrap();
    tx.commit().await.unwrap();
    let mut alice = room.inbox("alice").await;
    assert!(alice.append("INBOX", BODY).await.starts_with("OK"));
    alice.send("t APPEND INBOX {90}\r\n").await;
    assert!(alice.until("t").await[0].starts_with("NO [OVERQUOTA]"));
    // Two that fit alone and not together.
    let (one, n) = (String::from_utf8_lossy(BODY), BODY.len());
    alice.send(format!("u APPEND INBOX {{{n}+}}\r\n{one} {{{n}+}}\r\n{one} {{{n}+}}\r\n{one}\r\n")).await;
    assert!(alice.until("u").await.last().unwrap().starts_with("NO [OVERQUOTA]"));
    alice.ok("COPY 1 Archive").await;
    assert!(alice.fails("COPY 1 Junk").await.starts_with("NO [OVERQUOTA]"));
    assert_eq!(room.store.boxes.usage(AccountId(1)).await.unwrap().messages, 2);
}

#[tokio::test]
async fn a_connection_holds_no_more_than_its_budget() {
    let room = Room::configured(Config { literal_budget: 70, append_limit: 50, ..Config::default() }).await;
    let mut alice = room.inbox("alice").await;
    let (one, n) = (String::from_utf8_lossy(BODY), BODY.len());
    alice.send(format!("t APPEND INBOX {{{n}+}}\r\n{one} {{{n}+}}\r\n{one} {{{n}+}}\r\n{one}\r\n")).await;
    let answers = alice.until("t").await;
    assert!(answers.last().unwrap().starts_with("NO [LIMIT]"), "{answers:?}");
    assert_eq!(alice.ok("STATUS INBOX (MESSAGES)").await, ["* STATUS INBOX (MESSAGES 0)"]);
}
