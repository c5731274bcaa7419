//! `\Seen` in a shared folder is each reader's own; every other flag is one for all (RFC 4314 §4).

use crate::{
    client::Client,
    room::{Room, mail},
};

const INBOX: &str = "\"Other Users/alice@example.org/INBOX\"";

/// Two messages in alice's INBOX, which bob and carol's neighbours may read; both have it selected.
async fn shared(rights: &str) -> (Room, Client, Client) {
    let room = Room::open().await;
    room.deliver_all(&["one", "two"]).await;
    let mut alice = room.inbox("alice").await;
    alice.ok(&format!("SETACL INBOX bob@example.org {rights}")).await;
    let mut bob = room.login("bob").await;
    bob.ok(&format!("SELECT {INBOX}")).await;
    (room, alice, bob)
}

#[tokio::test]
async fn what_one_has_read_the_other_has_not() {
    let (room, mut alice, mut bob) = shared("lrswi").await;
    // By STORE and by reading, in both directions.
    bob.ok("FETCH 1 BODY[TEXT]").await;
    bob.ok("STORE 2 +FLAGS (\\Seen \\Flagged)").await;
    alice.ok("STORE 1 +FLAGS (\\Answered)").await;
    assert_eq!(alice.ok("FETCH 1:2 FLAGS").await, ["* 1 FETCH (FLAGS (\\Answered))", "* 2 FETCH (FLAGS (\\Flagged))"]);
    bob.ok("NOOP").await;
    assert_eq!(bob.ok("FETCH 1:2 FLAGS").await, ["* 1 FETCH (FLAGS (\\Seen \\Answered))", "* 2 FETCH (FLAGS (\\Seen \\Flagged))"]);
    alice.ok("STORE 2 +FLAGS (\\Seen)").await;
    bob.ok("STORE 2 -FLAGS (\\Seen)").await;
    assert_eq!((alice.ok("SEARCH SEEN").await, alice.ok("SEARCH UNSEEN").await), (vec!["* SEARCH 2".into()], vec!["* SEARCH 1".into()]));
    assert_eq!((bob.ok("SEARCH SEEN").await, bob.ok("SEARCH UNSEEN").await), (vec!["* SEARCH 1".into()], vec!["* SEARCH 2".into()]));
    for (client, name, unseen) in [(&mut alice, "INBOX", 1), (&mut bob, INBOX, 1)] {
        assert_eq!(client.ok(&format!("STATUS {name} (UNSEEN)")).await, [format!("* STATUS {name} (UNSEEN {unseen})")]);
    }
    // A search of several mailboxes (RFC 7377) sees them with the same eyes.
    let told = bob.ok(&format!("ESEARCH IN (MAILBOXES {INBOX}) RETURN (COUNT) SEEN")).await;
    assert!(told.len() == 1 && told[0].ends_with(" UID COUNT 1"), "{told:?}");
    bob.ok("UNSELECT").await;
    let told = bob.ok(&format!("ESEARCH IN (MAILBOXES {INBOX}) RETURN (ALL) SEEN")).await;
    assert!(told.len() == 1 && told[0].ends_with(" UID ALL 1"), "{told:?}");
    // A third one has read nothing, and a later session of bob's what bob has.
    alice.ok("SETACL INBOX anyone lr").await;
    let mut again = room.login("bob").await;
    let told = again.ok(&format!("SELECT {INBOX}")).await;
    assert!(told.iter().any(|line| line.contains("[UNSEEN 2]")), "{told:?}");
    assert_eq!(again.ok("FETCH 1:2 FLAGS").await, ["* 1 FETCH (FLAGS (\\Seen \\Answered))", "* 2 FETCH (FLAGS (\\Flagged))"]);
    assert_eq!(again.ok(&format!("LIST \"\" {INBOX} RETURN (STATUS (UNSEEN))")).await[1], format!("* STATUS {INBOX} (UNSEEN 1)"));
}

#[tokio::test]
async fn flags_that_are_replaced_leave_the_others_reading_alone() {
    let (_room, mut alice, mut bob) = shared("lrswte").await;
    alice.ok("STORE 1 FLAGS (\\Seen $Work)").await;
    bob.ok("STORE 1:2 FLAGS (\\Draft)").await;
    alice.ok("NOOP").await;
    assert_eq!(alice.ok("FETCH 1:2 FLAGS").await, ["* 1 FETCH (FLAGS (\\Seen \\Draft))", "* 2 FETCH (FLAGS (\\Draft))"]);
    alice.ok("STORE 1:2 FLAGS (\\Deleted)").await;
    bob.ok("STORE 2 FLAGS (\\Seen)").await;
    assert_eq!(bob.ok("FETCH 1:2 FLAGS").await, ["* 1 FETCH (FLAGS (\\Deleted))", "* 2 FETCH (FLAGS (\\Seen))"]);
    alice.ok("NOOP").await;
    assert_eq!(alice.ok("FETCH 1:2 FLAGS").await, ["* 1 FETCH (FLAGS (\\Deleted))", "* 2 FETCH (FLAGS ())"]);
}

/// RFC 7162: the MODSEQ of a message rises for whom it changed, and who comes back hears of exactly that.
#[tokio::test]
async fn a_reading_has_a_modseq() {
    let (room, mut alice, mut bob) = shared("lrs").await;
    bob.ok("ENABLE QRESYNC").await;
    let told = bob.ok(&format!("SELECT {INBOX}")).await;
    let number = |told: &[String], word: &str| -> u64 {
        let line = told.iter().find_map(|line| line.split_once(word)).unwrap().1;
        line.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
    };
    let (validity, before) = (number(&told, "[UIDVALIDITY "), number(&told, "[HIGHESTMODSEQ "));
    let mut other = room.login("bob").await;
    other.ok(&format!("SELECT {INBOX}")).await;
    other.ok("STORE 2 +FLAGS (\\Seen)").await;
    // The other session of the same reader hears of it; the owner's, who idles, hears of the next message first.
    let told = bob.ok("NOOP").await;
    assert!(told.len() == 1 && told[0].starts_with("* 2 FETCH (UID 2 FLAGS (\\Seen) MODSEQ ("), "{told:?}");
    let after = number(&told, "MODSEQ (");
    assert!(after > before, "{after} {before}");
    assert_eq!(alice.ok("NOOP").await, Vec::<String>::new());
    assert_eq!(bob.ok(&format!("UID FETCH 1:* (FLAGS) (CHANGEDSINCE {before})")).await, told);
    let modified = bob.command(&format!("UID STORE 2 (UNCHANGEDSINCE {before}) -FLAGS (\\Seen)")).await.pop().unwrap();
    assert!(modified.starts_with("OK [MODIFIED 2]"), "{modified}");
    bob.ok("UNSELECT").await;
    other.ok("STORE 2 -FLAGS (\\Seen)").await;
    let told = bob.ok(&format!("SELECT {INBOX} (QRESYNC ({validity} {after}))")).await;
    let fetched: Vec<_> = told.iter().filter(|line| line.contains("FETCH")).collect();
    assert!(fetched.len() == 1 && fetched[0].starts_with("* 2 FETCH (UID 2 FLAGS () MODSEQ ("), "{fetched:?}");
    // Coming from nowhere it counts as any change for the owner's mailbox, too.
    alice.ok("ENABLE CONDSTORE").await;
    assert_eq!(alice.ok(&format!("UID FETCH 1:* (FLAGS) (CHANGEDSINCE {before})")).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_put_there_is_seen_by_who_put_it() {
    let (_room, mut alice, mut bob) = shared("lrswitex").await;
    bob.append(&format!("{INBOX} (\\Seen \\Flagged)"), mail("three").as_bytes()).await;
    bob.append("Archive (\\Seen)", mail("four").as_bytes()).await;
    bob.ok("SELECT Archive").await;
    bob.ok(&format!("COPY 1 {INBOX}")).await;
    alice.append("INBOX (\\Seen)", mail("five").as_bytes()).await;
    alice.ok("NOOP").await;
    assert_eq!(alice.ok("SEARCH SEEN").await, ["* SEARCH 5"]);
    assert_eq!(alice.ok("SEARCH FLAGGED").await, ["* SEARCH 3"]);
    bob.ok(&format!("SELECT {INBOX}")).await;
    assert_eq!(bob.ok("SEARCH SEEN").await, ["* SEARCH 3:4"].map(|_| "* SEARCH 3 4"));
    // A copy within the box, and one into the reader's own, are as the reader saw them.
    alice.ok("CREATE Team").await;
    alice.ok("SETACL Team bob@example.org lrsi").await;
    bob.ok("COPY 2:3 \"Other Users/alice@example.org/Team\"").await;
    bob.ok("COPY 2:3 Drafts").await;
    alice.ok("SELECT Team").await;
    assert_eq!(alice.ok("SEARCH SEEN").await, ["* SEARCH"]);
    for mailbox in ["\"Other Users/alice@example.org/Team\"", "Drafts"] {
        bob.ok(&format!("SELECT {mailbox}")).await;
        assert_eq!(bob.ok("SEARCH SEEN").await, ["* SEARCH 2"], "{mailbox}");
    }
    // What is gone is forgotten: the count stays true.
    bob.ok(&format!("SELECT {INBOX}")).await;
    bob.ok("STORE 3 +FLAGS (\\Deleted)").await;
    bob.ok("EXPUNGE").await;
    assert_eq!(bob.ok(&format!("STATUS {INBOX} (MESSAGES UNSEEN)")).await, [format!("* STATUS {INBOX} (MESSAGES 4 UNSEEN 3)")]);
}

/// Without the right `s` nothing is kept (RFC 4314 §4).
#[tokio::test]
async fn who_may_not_keep_it_keeps_nothing() {
    let (_room, _alice, mut bob) = shared("lr").await;
    bob.ok("FETCH 1 BODY[TEXT]").await;
    assert_eq!(bob.ok("FETCH 1 FLAGS").await, ["* 1 FETCH (FLAGS ())"]);
    assert!(bob.fails("STORE 1 +FLAGS (\\Seen)").await.starts_with("NO"));
    assert_eq!(bob.ok(&format!("STATUS {INBOX} (UNSEEN)")).await, [format!("* STATUS {INBOX} (UNSEEN 2)")]);
}
