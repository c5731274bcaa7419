//! UIDONLY (RFC 9586), UTF8=ACCEPT (RFC 6855) and UNAUTHENTICATE (RFC 8437).

use crate::room::{PASSWORD, Room};

#[tokio::test]
async fn after_uidonly_no_message_number_is_taken_or_given() {
    let room = Room::open().await;
    room.deliver_all(&["1", "2", "3"]).await;
    let (mut a, mut b) = (room.login("alice").await, room.inbox("alice").await);
    assert_eq!(a.ok("ENABLE UIDONLY").await, ["* ENABLED UIDONLY"]);
    let selected = a.ok("SELECT INBOX").await;
    assert!(!selected.iter().any(|line| line.contains("UNSEEN")), "a message number: {selected:?}");
    for command in ["FETCH 1 FLAGS", "STORE 1 +FLAGS (\\Seen)", "COPY 1 Archive", "MOVE 1 Archive", "SEARCH ALL", "UID SEARCH 1:2"] {
        assert!(a.fails(command).await.starts_with("BAD [UIDREQUIRED]"), "{command}");
    }
    assert_eq!(a.ok("UID FETCH 2 FLAGS").await, ["* 2 UIDFETCH (UID 2 FLAGS ())"]);
    b.ok("STORE 1 +FLAGS.SILENT (\\Deleted)").await;
    b.ok("EXPUNGE").await;
    assert_eq!(a.ok("NOOP").await, ["* VANISHED 1"]);
    b.ok("STORE 1 +FLAGS (\\Seen)").await;
    assert!(a.ok("NOOP").await[0].starts_with("* 2 UIDFETCH ("));
    assert!(a.ok("UID STORE 3 +FLAGS (\\Seen)").await[0].starts_with("* 3 UIDFETCH ("));
    assert_eq!(a.ok("UID SEARCH SEEN").await, ["* SEARCH 2 3"]);
}

#[tokio::test]
async fn names_are_utf8_once_accepted() {
    let room = Room::open().await;
    let mut a = room.login("alice").await;
    a.ok("CREATE &U,BTFw-").await;
    assert_eq!(a.ok("LIST \"\" &U,BTFw-").await, ["* LIST (\\HasNoChildren) \"/\" \"&U,BTFw-\""]);
    assert_eq!(a.ok("ENABLE UTF8=ACCEPT").await, ["* ENABLED UTF8=ACCEPT"]);
    assert_eq!(a.ok("LIST \"\" \"台北\"").await, ["* LIST (\\HasNoChildren) \"/\" \"台北\""]);
    a.ok("CREATE \"台北/ä & ö\"").await;
    let mut other = room.login("alice").await;
    assert_eq!(other.ok("LIST \"\" &U,BTFw-/%").await, ["* LIST (\\HasNoChildren) \"/\" \"&U,BTFw-/&AOQ- &- &APY-\""]);
}

#[tokio::test]
async fn another_may_log_in_on_the_same_connection() {
    let room = Room::open().await;
    room.deliver_all(&["1"]).await;
    let mut client = room.inbox("alice").await;
    client.ok("ENABLE IMAP4rev2 UIDONLY").await;
    assert!(client.ok("UNAUTHENTICATE").await.is_empty());
    assert!(client.fails("SELECT INBOX").await.starts_with("BAD"));
    assert!(!client.ok("CAPABILITY").await[0].contains("UNAUTHENTICATE"));
    client.ok(&format!("LOGIN bob@example.org \"{PASSWORD}\"")).await;
    let selected = client.ok("SELECT INBOX").await;
    assert!(selected.contains(&"* 0 EXISTS".to_owned()) && selected.contains(&"* 0 RECENT".to_owned()), "rev1 again: {selected:?}");
    assert_eq!(client.ok("SEARCH ALL").await, ["* SEARCH"], "and by number");
}
