//! What one session does and another sees, and when it may be told (RFC 9051 §7.5.1).

use postern_serve_imap::Config;
use postern_tests::TestDatabase;

use crate::room::Room;

postern_tests::suite!(
    an_expunge_waits_for_a_command_that_counts_nothing,
    idle_tells_everything_at_once,
    flags_are_told_though_an_expunge_waits,
    a_deleted_mailbox_ends_its_sessions,
);

async fn an_expunge_waits_for_a_command_that_counts_nothing(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver_all(&["1", "2", "3"]).await;
    let (mut a, mut b) = (room.inbox("alice").await, room.inbox("alice").await);
    a.ok("STORE 1 +FLAGS.SILENT (\\Deleted)").await;
    assert_eq!(a.ok("EXPUNGE").await, ["* 1 EXPUNGE"]);
    // The numbers of b stand, and so does the message, until it can be told.
    assert_eq!(b.ok("FETCH 2 UID").await, ["* 2 FETCH (UID 2)"]);
    assert!(b.ok("FETCH 1 BODY.PEEK[TEXT]").await[0].contains("About 1."));
    assert_eq!(b.ok("SEARCH ALL").await, ["* SEARCH 1 2 3"]);
    assert!(!b.ok("STORE 3 +FLAGS.SILENT (\\Seen)").await.iter().any(|line| line.contains("EXPUNGE")));
    assert_eq!(b.ok("NOOP").await, ["* 1 EXPUNGE"]);
    assert_eq!(b.ok("FETCH 1:* UID").await, ["* 1 FETCH (UID 2)", "* 2 FETCH (UID 3)"]);
    a.ok("STORE 1 +FLAGS.SILENT (\\Deleted)").await;
    a.ok("EXPUNGE").await;
    assert_eq!(b.ok("UID FETCH 3 FLAGS").await, ["* 2 FETCH (UID 3 FLAGS (\\Seen))", "* 1 EXPUNGE"], "a UID command counts nothing");
}

async fn flags_are_told_though_an_expunge_waits(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver_all(&["1", "2", "3"]).await;
    let (mut a, mut b) = (room.inbox("alice").await, room.inbox("alice").await);
    a.ok("STORE 1 +FLAGS.SILENT (\\Deleted)").await;
    a.ok("EXPUNGE").await;
    a.ok("STORE 1 +FLAGS.SILENT (\\Flagged)").await;
    room.deliver_all(&["4"]).await;
    // Number 2 of b is number 1 of a; a fourth message is new, and the first, gone, still counts.
    assert_eq!(b.ok("FETCH 3 UID").await, ["* 3 FETCH (UID 3)", "* 4 EXISTS", "* 2 FETCH (FLAGS (\\Flagged))"]);
    assert_eq!(b.ok("STORE 2 +FLAGS (\\Seen)").await, ["* 2 FETCH (FLAGS (\\Seen \\Flagged))"]);
    assert_eq!(b.ok("FETCH 2 FLAGS").await, ["* 2 FETCH (FLAGS (\\Seen \\Flagged))"], "its own change is seen at once");
    assert_eq!(b.ok("FETCH 4 UID").await, ["* 4 FETCH (UID 4)"]);
    assert_eq!(b.ok("NOOP").await, ["* 1 EXPUNGE"]);
    assert_eq!(b.ok("FETCH 3 UID").await, ["* 3 FETCH (UID 4)"]);
}

async fn idle_tells_everything_at_once(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver_all(&["1", "2"]).await;
    let (mut a, mut b) = (room.inbox("alice").await, room.inbox("alice").await);
    let tag = b.idle().await;
    a.ok("STORE 2 +FLAGS (\\Answered)").await;
    assert_eq!(b.line().await, "* 2 FETCH (FLAGS (\\Answered))");
    room.deliver_all(&["3"]).await;
    assert_eq!(b.line().await, "* 3 EXISTS");
    a.ok("UID STORE 1 +FLAGS.SILENT (\\Deleted)").await;
    assert_eq!(b.line().await, "* 1 FETCH (FLAGS (\\Deleted))");
    a.ok("EXPUNGE").await;
    assert_eq!(b.line().await, "* 1 EXPUNGE");
    assert_eq!(b.done(&tag).await, ["OK IDLE completed"]);
}

async fn a_deleted_mailbox_ends_its_sessions(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    let mut a = room.login("alice").await;
    a.ok("CREATE Gone").await;
    let mut b = room.login("alice").await;
    b.ok("SELECT Gone").await;
    b.idle().await;
    a.ok("SELECT Gone").await;
    assert_eq!(a.ok("DELETE Gone").await, ["* OK [CLOSED] The selected mailbox is gone"]);
    assert!(a.fails("FETCH 1 FLAGS").await.starts_with("BAD"));
    assert!(b.line().await.starts_with("* BYE"));
    assert_eq!(b.response().await, None);
}
