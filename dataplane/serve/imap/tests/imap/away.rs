//! The database goes away and comes back; the session stays.

use postern_serve_imap::Config;
use postern_tests::{TestDatabase, postgres::Postgres};

use crate::room::Room;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_outlives_the_database() {
    let server = Postgres::private();
    let room = Room::with(TestDatabase::Postgres(server.fresh_database()), Config::default()).await;
    room.deliver_all(&["one"]).await;
    let mut alice = room.inbox("alice").await;
    server.stop();
    assert!(alice.fails("STATUS INBOX (MESSAGES)").await.starts_with("NO [UNAVAILABLE]"));
    assert!(alice.fails("STORE 1 +FLAGS (\\Seen)").await.starts_with("NO [UNAVAILABLE]"));
    assert!(alice.append("Archive", b"Subject: lost?\r\n\r\n").await.starts_with("NO [UNAVAILABLE]"));
    assert_eq!(alice.ok("FETCH 1 FLAGS").await, ["* 1 FETCH (FLAGS ())"], "what is in memory can still be told");
    server.start();
    room.deliver_all(&["two"]).await;
    assert_eq!(alice.ok("NOOP").await, ["* 2 EXISTS"]);
    assert_eq!(alice.ok("STORE 1 +FLAGS (\\Seen)").await, ["* 1 FETCH (FLAGS (\\Seen))"]);
}
