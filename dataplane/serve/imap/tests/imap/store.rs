//! STORE, EXPUNGE, CLOSE: flags that change and messages that go.

use crate::room::Room;

#[tokio::test]
async fn flags_are_added_removed_and_replaced() {
    let room = Room::open().await;
    room.deliver_all(&["one", "two"]).await;
    let mut alice = room.inbox("alice").await;
    for (command, answers) in [
        ("STORE 1 +FLAGS (\\Flagged \\Answered)", vec!["* 1 FETCH (FLAGS (\\Answered \\Flagged))"]),
        ("STORE 1 +FLAGS (\\Flagged)", vec!["* 1 FETCH (FLAGS (\\Answered \\Flagged))"]),
        ("STORE 1:2 -FLAGS \\Answered", vec!["* 1 FETCH (FLAGS (\\Flagged))", "* 2 FETCH (FLAGS ())"]),
        ("STORE 2 FLAGS.SILENT (\\Draft)", vec![]),
        ("UID STORE 2 FLAGS (\\Seen)", vec!["* 2 FETCH (UID 2 FLAGS (\\Seen))"]),
        ("UID STORE 9 +FLAGS (\\Seen)", vec![]),
        (
            "STORE 1 +FLAGS ($Forwarded Junk)",
            vec![
                "* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $Forwarded Junk)",
                "* 1 FETCH (FLAGS (\\Flagged $Forwarded Junk))",
            ],
        ),
        ("STORE 1 -FLAGS (JUNK)", vec!["* 1 FETCH (FLAGS (\\Flagged $Forwarded))"]),
    ] {
        assert_eq!(alice.ok(command).await, answers, "{command}");
    }
    assert!(alice.fails("STORE 3 +FLAGS (\\Seen)").await.starts_with("BAD"));
    assert!(alice.fails("STORE 1 +FLAGS (\\Recent)").await.starts_with("BAD"));
}

#[tokio::test]
async fn expunge_counts_down_and_close_is_silent() {
    let room = Room::open().await;
    room.deliver_all(&["1", "2", "3", "4", "5", "6"]).await;
    let mut alice = room.inbox("alice").await;
    alice.ok("STORE 1,3,4 +FLAGS.SILENT (\\Deleted)").await;
    assert_eq!(alice.ok("UID EXPUNGE 3").await, ["* 3 EXPUNGE"]);
    let mut left = vec![1, 2, 4, 5, 6];
    for line in alice.ok("EXPUNGE").await {
        let number: usize = line.strip_prefix("* ").and_then(|l| l.strip_suffix(" EXPUNGE")).unwrap().parse().unwrap();
        left.remove(number - 1);
    }
    assert_eq!(left, [2, 5, 6]);
    alice.ok("STORE 1 +FLAGS.SILENT (\\Deleted)").await;
    assert!(alice.ok("CLOSE").await.is_empty());
    assert!(alice.fails("EXPUNGE").await.starts_with("BAD"));
    alice.ok("SELECT INBOX").await;
    alice.ok("STORE 1 +FLAGS.SILENT (\\Deleted)").await;
    alice.ok("UNSELECT").await;
    assert_eq!(alice.ok("STATUS INBOX (MESSAGES)").await, ["* STATUS INBOX (MESSAGES 2)"], "UNSELECT expunges nothing");
    alice.ok("EXAMINE INBOX").await;
    assert!(alice.fails("EXPUNGE").await.starts_with("NO [CANNOT]"));
    alice.ok("CLOSE").await;
    assert_eq!(alice.ok("STATUS INBOX (MESSAGES)").await, ["* STATUS INBOX (MESSAGES 2)"], "nor does CLOSE after EXAMINE");
}
