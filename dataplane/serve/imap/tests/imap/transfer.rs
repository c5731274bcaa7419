//! COPY and MOVE.

use crate::room::Room;

#[tokio::test]
async fn copies_keep_flags_and_are_told_by_copyuid() {
    let room = Room::open().await;
    room.deliver_all(&["1", "2", "3"]).await;
    let mut alice = room.inbox("alice").await;
    alice.ok("STORE 2 +FLAGS.SILENT (\\Flagged $Work)").await;
    let answer = alice.command("COPY 2:3 Archive").await.pop().unwrap();
    assert!(answer.starts_with("OK [COPYUID ") && answer.contains(" 2:3 1:2] "), "{answer}");
    assert!(alice.command("UID COPY 77 Archive").await[0].starts_with("OK COPY"), "no message, no COPYUID");
    assert!(alice.fails("COPY 1 Nowhere").await.starts_with("NO [TRYCREATE]"));
    assert!(alice.fails("COPY 4 Archive").await.starts_with("BAD"));
    alice.ok("SELECT Archive").await;
    assert_eq!(alice.ok("FETCH 1:* (UID FLAGS)").await, ["* 1 FETCH (UID 1 FLAGS (\\Flagged $Work))", "* 2 FETCH (UID 2 FLAGS ())"]);
    assert!(alice.ok("FETCH 1 BODY.PEEK[HEADER.FIELDS (SUBJECT)]").await[0].contains("Subject: 2\r\n"));
}

#[tokio::test]
async fn a_copy_into_the_selected_mailbox_exists() {
    let room = Room::open().await;
    room.deliver_all(&["1"]).await;
    let mut alice = room.inbox("alice").await;
    assert_eq!(alice.ok("COPY 1 INBOX").await, ["* 2 EXISTS"]);
}

#[tokio::test]
async fn a_move_is_told_by_copyuid_before_expunge() {
    let room = Room::open().await;
    room.deliver_all(&["1", "2", "3"]).await;
    let mut alice = room.inbox("alice").await;
    let moved = alice.ok("MOVE 1,3 Trash").await;
    assert!(moved[0].starts_with("* OK [COPYUID ") && moved[0].contains(" 1,3 1:2] "), "{moved:?}");
    assert_eq!(moved[1..], ["* 3 EXPUNGE", "* 1 EXPUNGE"]);
    assert_eq!(alice.ok("STATUS Trash (MESSAGES)").await, ["* STATUS \"Trash\" (MESSAGES 2)"]);
    assert_eq!(alice.ok("UID MOVE 2 Trash").await[1..], ["* 1 EXPUNGE"]);
    alice.ok("EXAMINE Trash").await;
    assert!(alice.fails("MOVE 1 INBOX").await.starts_with("NO [CANNOT]"));
}
