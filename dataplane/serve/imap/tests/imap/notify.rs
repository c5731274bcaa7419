//! NOTIFY (RFC 5465): news of mailboxes that are not selected, and of the one that is, without IDLE.

use postern_serve_imap::Config;
use postern_tests::TestDatabase;

use crate::room::{Room, mail};

postern_tests::suite!(
    other_mailboxes_are_told_by_status,
    names_and_subscriptions_are_told_by_list,
    the_selected_mailbox_needs_no_idle,
    none_ends_it,
    what_others_share_is_told_as_far_as_the_rights_go,
);

async fn other_mailboxes_are_told_by_status(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    let (mut a, mut b) = (room.login("alice").await, room.login("alice").await);
    let told =
        a.ok("NOTIFY SET STATUS (INBOXES (MessageNew MessageExpunge FlagChange)) (MAILBOXES (Archive) (MessageNew MessageExpunge))").await;
    assert_eq!(told.len(), 3, "INBOX, Junk and Archive: {told:?}");
    assert!(told.iter().any(|line| line.starts_with("* STATUS INBOX (UIDVALIDITY ") && line.ends_with(" UIDNEXT 1 MESSAGES 0 UNSEEN 0)")));
    room.deliver_all(&["1"]).await;
    assert!(a.line().await.ends_with(" UIDNEXT 2 MESSAGES 1 UNSEEN 1)"), "at once, without a command");
    b.ok("SELECT INBOX").await;
    b.ok("STORE 1 +FLAGS (\\Seen)").await;
    let line = a.line().await;
    assert!(line.starts_with("* STATUS INBOX") && line.ends_with(" UNSEEN 0)"), "{line}");
    b.ok("COPY 1 Archive").await;
    assert!(a.line().await.starts_with("* STATUS \"Archive\" ("));
    b.ok("COPY 1 Trash").await;
    let tag = a.idle().await;
    b.ok("COPY 1 Archive").await;
    assert!(a.line().await.starts_with("* STATUS \"Archive\" ("), "Trash is not watched, and IDLE may hear too");
    a.done(&tag).await;
}

async fn names_and_subscriptions_are_told_by_list(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    let (mut a, mut b) = (room.login("alice").await, room.login("alice").await);
    assert!(a.ok("NOTIFY SET (PERSONAL (MailboxName SubscriptionChange))").await.is_empty());
    b.ok("CREATE New").await;
    assert_eq!(a.line().await, "* LIST (\\Subscribed) \"/\" \"New\"");
    b.ok("RENAME New Newer").await;
    assert_eq!(a.line().await, "* LIST (\\Subscribed) \"/\" \"Newer\" (\"OLDNAME\" (\"New\"))");
    b.ok("UNSUBSCRIBE Newer").await;
    assert_eq!(a.line().await, "* LIST () \"/\" \"Newer\"");
    b.ok("DELETE Newer").await;
    assert_eq!(a.line().await, "* LIST (\\NonExistent) \"/\" \"Newer\"");
    room.deliver_all(&["1"]).await;
    assert!(a.ok("NOOP").await.is_empty(), "messages were not asked for");
}

async fn the_selected_mailbox_needs_no_idle(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver_all(&["1", "2"]).await;
    let (mut a, mut b) = (room.inbox("alice").await, room.inbox("alice").await);
    a.ok("NOTIFY SET (SELECTED (MessageNew (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)]) MessageExpunge FlagChange))").await;
    room.deliver(mail("news").as_bytes()).await;
    assert_eq!(a.line().await, "* 3 EXISTS");
    assert_eq!(a.line().await, "* 3 FETCH (UID 3 BODY[HEADER.FIELDS (SUBJECT)] {17}\r\nSubject: news\r\n\r\n)");
    b.ok("STORE 1 +FLAGS.SILENT (\\Deleted)").await;
    assert_eq!(a.line().await, "* 1 FETCH (FLAGS (\\Deleted))");
    b.ok("EXPUNGE").await;
    assert_eq!(a.line().await, "* 1 EXPUNGE");
    a.ok("NOTIFY SET (SELECTED-DELAYED (MessageNew MessageExpunge FlagChange))").await;
    b.ok("STORE 1 +FLAGS.SILENT (\\Deleted)").await;
    assert_eq!(a.line().await, "* 1 FETCH (FLAGS (\\Deleted))");
    b.ok("EXPUNGE").await;
    b.ok("STORE 1 +FLAGS.SILENT (\\Seen)").await;
    assert_eq!(a.line().await, "* 2 FETCH (FLAGS (\\Seen))", "the expunge waits and the number stands");
    assert_eq!(a.ok("NOOP").await, ["* 1 EXPUNGE"]);
}

async fn none_ends_it(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    let mut a = room.login("alice").await;
    a.ok("NOTIFY SET (PERSONAL (MessageNew MessageExpunge))").await;
    a.ok("NOTIFY NONE").await;
    room.deliver_all(&["1"]).await;
    assert!(a.ok("NOOP").await.is_empty());
    assert!(a.fails("NOTIFY SET (PERSONAL (MailboxMetadataChange))").await.starts_with("NO [BADEVENT (MessageNew "));
    assert!(a.fails("NOTIFY SET (PERSONAL (MessageNew))").await.starts_with("BAD"));
    assert!(a.fails("NOTIFY SET (PERSONAL (MessageNew (UID) MessageExpunge))").await.starts_with("BAD"));
    assert!(a.fails("NOTIFY SET (SELECTED (MailboxName))").await.starts_with("BAD"));
}

async fn what_others_share_is_told_as_far_as_the_rights_go(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    let (mut alice, mut bob) = (room.login("alice").await, room.login("bob").await);
    alice.ok("CREATE Team").await;
    alice.ok("SETACL INBOX bob@example.org lrs").await;
    alice.ok("SETACL Team bob@example.org l").await;
    const THEIRS: &str = "\"Other Users/alice@example.org";
    let told = bob.ok(&format!("NOTIFY SET STATUS (SUBTREE {THEIRS}\" (MessageNew MessageExpunge FlagChange MailboxName))")).await;
    assert!(told.len() == 1 && told[0].starts_with(&format!("* STATUS {THEIRS}/INBOX\" ")), "only what may be read: {told:?}");
    room.deliver_all(&["1"]).await;
    let line = bob.line().await;
    assert!(line.starts_with(&format!("* STATUS {THEIRS}/INBOX\" ")) && line.ends_with(" UIDNEXT 2 MESSAGES 1 UNSEEN 1)"), "{line}");
    // UNSEEN is the reader's own, and another session of the reader's is heard.
    let mut again = room.login("bob").await;
    again.ok(&format!("SELECT {THEIRS}/INBOX\"")).await;
    again.ok("STORE 1 +FLAGS (\\Seen)").await;
    let line = bob.line().await;
    assert!(line.ends_with(" MESSAGES 1 UNSEEN 0)"), "{line}");
    alice.ok("SELECT INBOX").await;
    alice.ok("COPY 1 Team").await;
    alice.ok("COPY 1 Drafts").await;
    alice.ok("CREATE Team/New").await;
    assert_eq!(bob.line().await, format!("* LIST () \"/\" {THEIRS}/Team/New\""), "what may only be looked up has no messages");
    alice.ok("SETACL Team/New bob@example.org \"\"").await;
    alice.ok("STORE 1 +FLAGS (\\Flagged)").await;
    let lines = [bob.line().await, bob.line().await];
    assert!(lines.iter().any(|line| line == &format!("* LIST (\\NonExistent) \"/\" {THEIRS}/Team/New\"")), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with(&format!("* STATUS {THEIRS}/INBOX\" "))), "{lines:?}");
}
