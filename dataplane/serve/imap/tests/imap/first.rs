//! From login to IDLE.

use crate::room::Room;

#[tokio::test]
async fn a_delivery_wakes_idle_and_is_read() {
    let room = Room::open().await;
    let mut alice = room.login("alice").await;
    let selected = alice.ok("SELECT INBOX").await;
    assert!(selected.contains(&"* 0 EXISTS".to_owned()), "{selected:?}");
    let tag = alice.idle().await;
    room.deliver_all(&["one"]).await;
    assert_eq!(alice.line().await, "* 1 EXISTS");
    alice.done(&tag).await;
    let fetched = alice.ok("FETCH 1 (FLAGS UID RFC822.SIZE ENVELOPE BODY.PEEK[HEADER.FIELDS (Delivered-To Subject)] BODY[TEXT])").await;
    assert_eq!(fetched[0], "");
}
