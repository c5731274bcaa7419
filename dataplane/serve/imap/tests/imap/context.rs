//! Searches whose results are kept up to date (RFC 5267).

use postern_serve_imap::Config;
use postern_tests::TestDatabase;

use crate::{client::Client, room::Room};

postern_tests::suite!(
    a_result_is_kept_up_to_date,
    a_sorted_result_keeps_its_order,
    numbers_stand_when_they_are_told,
    what_cannot_be_followed_is_refused,
);

/// A search that is followed: its tag, and what it answered.
async fn follow(client: &mut Client, command: &str) -> (String, Vec<String>) {
    let tag = client.begin(command).await;
    let mut answers = client.until(&tag).await;
    assert!(answers.pop().unwrap().starts_with("OK"), "{command}");
    (tag, answers)
}

async fn a_result_is_kept_up_to_date(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver_all(&["1", "2", "3"]).await;
    let (mut a, mut b) = (room.inbox("alice").await, room.inbox("alice").await);
    let (tag, answers) = follow(&mut a, "UID SEARCH RETURN (UPDATE COUNT) UNSEEN NOT SUBJECT 9").await;
    assert_eq!(answers, [format!("* ESEARCH (TAG \"{tag}\") UID COUNT 3")]);
    // By another session, without a command and without IDLE.
    b.ok("STORE 2 +FLAGS (\\Seen)").await;
    assert_eq!(a.line().await, "* 2 FETCH (FLAGS (\\Seen))");
    assert_eq!(a.line().await, format!("* ESEARCH (TAG \"{tag}\") UID REMOVEFROM (0 2)"));
    room.deliver_all(&["4"]).await;
    assert_eq!(a.line().await, "* 4 EXISTS");
    assert_eq!(a.line().await, format!("* ESEARCH (TAG \"{tag}\") UID ADDTO (0 4)"));
    // What does not match is not told; what comes back is.
    room.deliver_all(&["9"]).await;
    assert_eq!(a.line().await, "* 5 EXISTS");
    b.ok("STORE 2 -FLAGS (\\Seen)").await;
    assert_eq!(a.line().await, "* 2 FETCH (FLAGS ())");
    assert_eq!(a.line().await, format!("* ESEARCH (TAG \"{tag}\") UID ADDTO (0 2)"));
    // By its own command.
    assert_eq!(
        a.ok("STORE 1,3 +FLAGS.SILENT (\\Seen)").await,
        [format!("* ESEARCH (TAG \"{tag}\") UID REMOVEFROM (0 1,3)")],
        "a silent STORE is a change too"
    );
    // An expunge: first the result, then the message, and that when a command allows it.
    b.ok("STORE 4 +FLAGS.SILENT (\\Deleted)").await;
    assert_eq!(a.line().await, "* 4 FETCH (FLAGS (\\Deleted))");
    b.ok("EXPUNGE").await;
    assert_eq!(a.ok("NOOP").await, [format!("* ESEARCH (TAG \"{tag}\") UID REMOVEFROM (0 4)"), "* 4 EXPUNGE".to_owned()]);
    // In IDLE too; and no longer when it is cancelled.
    let idle = a.idle().await;
    b.ok("STORE 2 +FLAGS.SILENT (\\Seen)").await;
    assert_eq!(a.line().await, "* 2 FETCH (FLAGS (\\Seen))");
    assert_eq!(a.line().await, format!("* ESEARCH (TAG \"{tag}\") UID REMOVEFROM (0 2)"));
    a.done(&idle).await;
    assert!(a.fails("CANCELUPDATE \"none\"").await.starts_with("NO"));
    a.ok(&format!("CANCELUPDATE \"{tag}\"")).await;
    b.ok("STORE 2 -FLAGS.SILENT (\\Seen)").await;
    assert_eq!(a.ok("NOOP").await, ["* 2 FETCH (FLAGS ())"]);
    assert!(a.fails(&format!("CANCELUPDATE \"{tag}\"")).await.starts_with("NO"));
}

async fn a_sorted_result_keeps_its_order(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver_all(&["d", "b", "f"]).await;
    let (mut a, mut b) = (room.inbox("alice").await, room.inbox("alice").await);
    let (tag, answers) = follow(&mut a, "UID SORT RETURN (UPDATE) (SUBJECT) UTF-8 UNFLAGGED").await;
    assert_eq!(answers, [format!("* ESEARCH (TAG \"{tag}\") UID ALL 2,1,3")]);
    // 2 1 3 becomes 2 4 1 3, then 6 2 4 5 1 3.
    room.deliver_all(&["c"]).await;
    assert_eq!(a.line().await, "* 4 EXISTS");
    assert_eq!(a.line().await, format!("* ESEARCH (TAG \"{tag}\") UID ADDTO (2 4)"));
    b.ok("NOOP").await;
    b.ok("STORE 1:2 +FLAGS.SILENT (\\Flagged)").await;
    assert_eq!(a.line().await, "* 1 FETCH (FLAGS (\\Flagged))");
    assert_eq!(a.line().await, "* 2 FETCH (FLAGS (\\Flagged))");
    // What stood third and first goes, the last one first.
    assert_eq!(a.line().await, format!("* ESEARCH (TAG \"{tag}\") UID REMOVEFROM (3 1 1 2)"));
    b.ok("STORE 1:2 -FLAGS.SILENT (\\Flagged)").await;
    a.line().await;
    a.line().await;
    assert_eq!(a.line().await, format!("* ESEARCH (TAG \"{tag}\") UID ADDTO (1 2 3 1)"));
    // Many at once are sorted together: the end is the same.
    let subjects: Vec<String> = (0..12).map(|n| format!("e{:02}", 11 - n)).collect();
    b.ok("CREATE Many").await;
    b.ok("SELECT Many").await;
    for subject in &subjects {
        b.append("Many", crate::room::mail(subject).as_bytes()).await;
    }
    b.ok("COPY 1:* INBOX").await;
    assert_eq!(a.line().await, "* 16 EXISTS");
    assert_eq!(a.line().await, format!("* ESEARCH (TAG \"{tag}\") UID ADDTO (4 16,15,14,13,12,11,10,9,8,7,6,5)"));
}

async fn numbers_stand_when_they_are_told(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver_all(&["1", "2", "3", "4"]).await;
    let (mut a, mut b) = (room.inbox("alice").await, room.inbox("alice").await);
    let (tag, answers) = follow(&mut a, "SEARCH RETURN (UPDATE ALL) UNFLAGGED").await;
    assert_eq!(answers, [format!("* ESEARCH (TAG \"{tag}\") ALL 1:4")]);
    b.ok("STORE 1,3 +FLAGS.SILENT (\\Deleted)").await;
    a.ok("NOOP").await;
    b.ok("EXPUNGE").await;
    // REMOVEFROM speaks of the numbers before the expunge, ADDTO of those behind EXISTS.
    let removed = format!("* ESEARCH (TAG \"{tag}\") REMOVEFROM (0 1,3)");
    assert_eq!(a.ok("NOOP").await, [removed, "* 3 EXPUNGE".to_owned(), "* 1 EXPUNGE".to_owned()]);
    room.deliver_all(&["5"]).await;
    assert_eq!(a.line().await, "* 3 EXISTS");
    assert_eq!(a.line().await, format!("* ESEARCH (TAG \"{tag}\") ADDTO (0 3)"));
    // Another mailbox, another life.
    a.ok("SELECT Drafts").await;
    a.ok("SELECT INBOX").await;
    b.ok("STORE 1 +FLAGS.SILENT (\\Flagged)").await;
    assert_eq!(a.ok("NOOP").await, ["* 1 FETCH (FLAGS (\\Flagged))"]);
}

async fn what_cannot_be_followed_is_refused(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver_all(&["1", "2"]).await;
    let mut a = room.inbox("alice").await;
    for unsteady in ["1:2", "UID 1:*", "YOUNGER 60", "NOT OLDER 60", "$"] {
        let (tag, answers) = follow(&mut a, &format!("SEARCH RETURN (UPDATE COUNT) {unsteady}")).await;
        assert!(answers[0].starts_with(&format!("* NO [NOUPDATE \"{tag}\"] ")), "{unsteady}: {answers:?}");
        assert!(answers[1].starts_with(&format!("* ESEARCH (TAG \"{tag}\") COUNT ")), "{unsteady}: {answers:?}");
    }
    // A tag is of one search.
    a.send("B01 SEARCH RETURN (UPDATE) ALL\r\n").await;
    assert_eq!(a.until("B01").await, ["* ESEARCH (TAG \"B01\") ALL 1:2", "OK SEARCH completed"]);
    a.send("B01 UID SORT RETURN (UPDATE) (DATE) UTF-8 ALL\r\n").await;
    assert!(a.until("B01").await[0].starts_with("BAD"));
    // There is an end to them, and room again when one is cancelled.
    let mut last = String::new();
    for n in 1..=15 {
        let (tag, answers) = follow(&mut a, "SEARCH RETURN (UPDATE COUNT) ALL").await;
        assert_eq!(answers.len(), 1, "search {n}");
        last = tag;
    }
    let (tag, answers) = follow(&mut a, "SEARCH RETURN (UPDATE COUNT) ALL").await;
    assert!(answers[0].starts_with(&format!("* NO [NOUPDATE \"{tag}\"] Too many")), "{answers:?}");
    a.ok(&format!("CANCELUPDATE \"B01\" \"{last}\"")).await;
    assert_eq!(follow(&mut a, "ESEARCH IN (selected) RETURN (UPDATE COUNT) ALL").await.1.len(), 1);
}
