//! QRESYNC (RFC 7162 §3.2): a client that was away is told in one command what it has missed.

use postern_core::{AccountId, FolderId};
use postern_serve_imap::Config;
use postern_store::args;
use postern_tests::TestDatabase;

use crate::{
    client::Client,
    condstore::{highest, number},
    room::Room,
};

postern_tests::suite!(
    a_client_that_comes_back_hears_what_it_missed,
    vanished_takes_the_place_of_expunge,
    a_forgotten_history_is_answered_in_full,
    what_is_still_shown_has_not_vanished_before,
    held_back_expunges_keep_highestmodseq_down,
);

async fn enabled(room: &Room) -> Client {
    let mut client = room.login("alice").await;
    assert_eq!(client.ok("ENABLE QRESYNC").await, ["* ENABLED QRESYNC"]);
    client
}

/// UIDVALIDITY and HIGHESTMODSEQ of INBOX.
async fn known(client: &mut Client) -> (u64, u64) {
    let told = client.ok("STATUS INBOX (UIDVALIDITY HIGHESTMODSEQ)").await.remove(0);
    (number(&told, "UIDVALIDITY"), number(&told, "HIGHESTMODSEQ"))
}

/// What SELECT tells behind its usual answers.
async fn missed(client: &mut Client, resync: &str) -> Vec<String> {
    let told = client.ok(&format!("SELECT INBOX (QRESYNC ({resync}))")).await;
    told.into_iter().filter(|line| line.contains("VANISHED") || line.contains("FETCH")).collect()
}

async fn remove(room: &Room, set: &str) {
    let mut client = room.inbox("alice").await;
    client.ok(&format!("UID STORE {set} +FLAGS.SILENT (\\Deleted)")).await;
    client.ok(&format!("UID EXPUNGE {set}")).await;
}

async fn a_client_that_comes_back_hears_what_it_missed(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver_all(&["1", "2", "3", "4", "5", "6"]).await;
    let mut a = enabled(&room).await;
    let (validity, since) = known(&mut a).await;
    assert!(missed(&mut a, &format!("{validity} {since}")).await.is_empty());
    a.ok("UNSELECT").await;

    room.inbox("alice").await.ok("STORE 5 +FLAGS.SILENT (\\Flagged)").await;
    remove(&room, "2:3,6").await;
    room.deliver_all(&["7"]).await;
    let told = missed(&mut a, &format!("{validity} {since}")).await;
    assert_eq!(told[0], "* VANISHED (EARLIER) 2:3,6");
    assert_eq!(told[1], format!("* 3 FETCH (UID 5 FLAGS (\\Flagged) MODSEQ ({}))", since + 1));
    assert!(told[2].starts_with("* 4 FETCH (UID 7 FLAGS () MODSEQ ("), "{told:?}");
    assert_eq!(told.len(), 3);
    // RFC 7162 §3.2.5.1: of what the client knows only.
    assert_eq!(missed(&mut a, &format!("{validity} {since} 1:3,7")).await[0], "* VANISHED (EARLIER) 2:3");
    assert_eq!(missed(&mut a, &format!("{validity} {since} 1:3,7")).await.len(), 2);
    // Another UIDVALIDITY makes all that it knows void.
    assert!(missed(&mut a, &format!("{} {since}", validity + 1)).await.is_empty());
    let told = a.ok(&format!("UID FETCH 1:* (FLAGS) (CHANGEDSINCE {since} VANISHED)")).await;
    assert_eq!(told[0], "* VANISHED (EARLIER) 2:3,6");
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(a.ok(&format!("UID FETCH 3:5 (FLAGS) (CHANGEDSINCE {} VANISHED)", since + 1)).await, ["* VANISHED (EARLIER) 3"]);
}

async fn vanished_takes_the_place_of_expunge(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver_all(&["1", "2", "3", "4", "5"]).await;
    let (mut a, mut b) = (enabled(&room).await, enabled(&room).await);
    a.ok("SELECT INBOX").await;
    b.ok("SELECT INBOX").await;
    a.ok("STORE 1,3,4 +FLAGS.SILENT (\\Deleted)").await;
    let gone = a.command("EXPUNGE").await;
    assert_eq!(gone[0], "* VANISHED 1,3:4");
    assert!(gone[1].starts_with("OK [HIGHESTMODSEQ "), "{gone:?}");
    assert_eq!(number(&gone[1], "HIGHESTMODSEQ"), highest(&mut a, "INBOX").await);
    assert_eq!(b.ok("NOOP").await, ["* VANISHED 1,3:4"]);
    let moved = b.command("UID MOVE 5 Trash").await;
    assert!(moved[0].starts_with("* OK [COPYUID "), "{moved:?}");
    assert_eq!(moved[1], "* VANISHED 5");
    assert!(moved[2].starts_with("OK [HIGHESTMODSEQ "), "{moved:?}");
    let tag = a.idle().await;
    assert_eq!(a.line().await, "* VANISHED 5");
    a.done(&tag).await;
    assert!(a.ok("CLOSE").await.is_empty());
}

async fn a_forgotten_history_is_answered_in_full(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver_all(&["1", "2", "3", "4", "5", "6", "7", "8"]).await;
    let mut a = enabled(&room).await;
    let (validity, since) = known(&mut a).await;
    remove(&room, "2,5:6,8").await;
    let (_, floor) = known(&mut a).await;
    // As upkeep does once there are too many.
    let (account, folder) = (AccountId(1), FolderId(1));
    let db = &room.store.db;
    let mut tx = db.begin().await.unwrap();
    tx.execute("UPDATE folder SET history_floor = $3 WHERE account = $1 AND id = $2", args![account, folder, floor as i64]).await.unwrap();
    tx.execute("DELETE FROM expunged WHERE account = $1 AND folder = $2 AND modseq <= $3", args![account, folder, floor as i64])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(missed(&mut a, &format!("{validity} {since}")).await, ["* VANISHED (EARLIER) 2,5:6,8"], "all that is not there");
    assert_eq!(missed(&mut a, &format!("{validity} {since} 4:5,20:30")).await, ["* VANISHED (EARLIER) 5"], "of what the client knows");
    // Number 3 is still UID 4: nothing can have gone below it.
    assert_eq!(missed(&mut a, &format!("{validity} {since} 1:8 (1,3,4 1,4,7)")).await, ["* VANISHED (EARLIER) 8"]);
    assert_eq!(missed(&mut a, &format!("{validity} {since} 1:8 (1,4,5 1,4,5)")).await, ["* VANISHED (EARLIER) 2,5:6,8"]);
    assert!(missed(&mut a, &format!("{validity} {floor}")).await.is_empty(), "who knows of the floor has missed nothing");
}

async fn what_is_still_shown_has_not_vanished_before(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver_all(&["1", "2", "3"]).await;
    let mut a = enabled(&room).await;
    let (_, since) = known(&mut a).await;
    a.ok("SELECT INBOX").await;
    remove(&room, "2").await;
    let told = a.ok(&format!("UID FETCH 1:* (FLAGS) (CHANGEDSINCE {since} VANISHED)")).await;
    assert_eq!(told, ["* VANISHED 2"], "its end is news to this client, which still counts it");
    assert_eq!(a.ok(&format!("UID FETCH 1:* (FLAGS) (CHANGEDSINCE {since} VANISHED)")).await, ["* VANISHED (EARLIER) 2"]);
}

async fn held_back_expunges_keep_highestmodseq_down(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver_all(&["1", "2", "3"]).await;
    let mut a = enabled(&room).await;
    a.ok("SELECT INBOX").await;
    let (_, before) = known(&mut a).await;
    remove(&room, "1").await;
    room.inbox("alice").await.ok("STORE 2 +FLAGS.SILENT (\\Flagged)").await;
    let told = a.ok("FETCH 3 FLAGS").await;
    let warned = told.last().unwrap();
    assert!(told.iter().any(|line| number(line, "MODSEQ") > before + 1), "a later change is told: {told:?}");
    assert!(warned.starts_with("* OK [HIGHESTMODSEQ ") && number(warned, "HIGHESTMODSEQ") <= before + 1, "{told:?}");
    assert_eq!(a.ok("UID SEARCH 3:*").await.first().map(String::as_str), Some("* SEARCH 3"), "this counts messages");
    assert_eq!(a.ok("UID FETCH 3 UID").await.last().unwrap(), "* VANISHED 1", "told as soon as it may be");
}
