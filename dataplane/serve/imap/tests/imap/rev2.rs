//! What IMAP4rev2 changes once it is enabled (RFC 9051 Appendix E), in one session.

use crate::room::{Room, mail};

/// Apple's file systems and some clients write `é` as two characters (RFC 5198 §3): there is one mailbox all the same.
#[tokio::test]
async fn names_that_look_the_same_are_one_mailbox() {
    let room = Room::open().await;
    let (mut a, mut b) = (room.login("alice").await, room.login("alice").await);
    a.ok("ENABLE IMAP4rev2").await;
    const APART: &str = "e\u{301}te\u{301}";
    const WHOLE: &str = "\u{e9}t\u{e9}";
    let oldname = format!("* LIST () \"/\" \"{WHOLE}\" (\"OLDNAME\" (\"{APART}\"))");
    assert_eq!(a.ok(&format!("CREATE \"{APART}\"")).await.join("\n"), oldname);
    for name in [APART, WHOLE] {
        assert!(a.fails(&format!("CREATE \"{name}\"")).await.starts_with("NO [ALREADYEXISTS]"));
        assert_eq!(a.ok(&format!("LIST \"\" \"{name}\"")).await, [format!("* LIST (\\HasNoChildren) \"/\" \"{WHOLE}\"")]);
    }
    // SELECT says so too, and who gives the name as it is hears nothing of it.
    assert!(a.ok(&format!("SELECT \"{APART}\"")).await.contains(&oldname));
    assert!(a.ok(&format!("SELECT \"{WHOLE}\"")).await.contains(&format!("* LIST () \"/\" \"{WHOLE}\"")));
    a.ok(&format!("SUBSCRIBE \"{APART}\"")).await;
    // A client of rev1 has modified UTF-7, e + U+0301 in it, and never heard of OLDNAME.
    assert_eq!(b.ok("LIST (SUBSCRIBED) \"\" e&AwE-%").await, ["* LIST (\\HasNoChildren \\Subscribed) \"/\" \"&AOk-t&AOk-\""]);
    assert_eq!(b.ok("RENAME e&AwE-te&AwE- e&AwE-").await.len(), 0);
    assert_eq!(a.ok("LIST \"\" \"\u{e9}*\"").await, ["* LIST (\\HasNoChildren) \"/\" \"\u{e9}\""]);
}

#[tokio::test]
async fn a_session_of_the_second_revision() {
    let room = Room::open().await;
    room.deliver_all(&["one", "two", "three"]).await;
    let (mut a, mut b) = (room.login("alice").await, room.inbox("alice").await);
    assert_eq!(a.ok("ENABLE IMAP4rev2").await, ["* ENABLED IMAP4rev2"]);
    a.ok("CREATE \"Entw\u{fc}rfe/Neu\"").await;
    // §6.3.2: SELECT lists the mailbox, and speaks of nothing recent or unseen.
    let told = a.ok("SELECT INBOX").await;
    assert!(told.contains(&"* LIST () \"/\" INBOX".to_owned()), "{told:?}");
    assert!(!told.iter().any(|line| line.contains("RECENT") || line.contains("[UNSEEN")), "{told:?}");
    // §6.4.4: every SEARCH is answered by ESEARCH.
    let tag = a.begin("SEARCH UNSEEN").await;
    assert_eq!(a.until(&tag).await[0], format!("* ESEARCH (TAG \"{tag}\") ALL 1:3"));
    let tag = a.begin("UID SEARCH FLAGGED").await;
    assert_eq!(a.until(&tag).await[0], format!("* ESEARCH (TAG \"{tag}\") UID"));
    // §7.5.2: a FETCH that nobody has asked for names the UID.
    b.ok("STORE 2 +FLAGS.SILENT (\\Deleted)").await;
    assert_eq!(a.ok("NOOP").await, ["* 2 FETCH (UID 2 FLAGS (\\Deleted))"]);
    // §6.3.11: DELETED and SIZE. §6.3.9: STATUS and uses come with LIST.
    let status = a.ok("LIST \"\" INBOX RETURN (SUBSCRIBED CHILDREN STATUS (MESSAGES DELETED SIZE))").await;
    assert!(status[0].starts_with("* LIST (\\HasNoChildren \\Subscribed) \"/\" INBOX"), "{status:?}");
    assert!(status[1].starts_with("* STATUS INBOX (MESSAGES 3 DELETED 1 SIZE "), "{status:?}");
    // §6.4.9, §6.4.8, §6.4.4.1: UID EXPUNGE, MOVE and $.
    assert!(a.ok("SEARCH RETURN (SAVE) DELETED").await.is_empty());
    assert_eq!(a.ok("UID EXPUNGE $").await, ["* 2 EXPUNGE"]);
    let moved = a.ok("UID MOVE 3 \"Entw\u{fc}rfe/Neu\"").await;
    assert!(moved[0].starts_with("* OK [COPYUID ") && moved[1] == "* 2 EXPUNGE", "{moved:?}");
    // §4.3: names and what is quoted are UTF-8; §6.3.12: a message may hold NUL as literal8, and BINARY reads it.
    assert_eq!(a.ok("LIST \"\" Entw*").await[1], "* LIST (\\HasNoChildren) \"/\" \"Entw\u{fc}rfe/Neu\"");
    a.append("INBOX (\\Seen)", mail("Gr\u{fc}\u{df}e").as_bytes()).await;
    assert_eq!(a.ok("FETCH * (BINARY.SIZE[1])").await, ["* 2 FETCH (BINARY.SIZE[1] 16)"]);
    // §6.4.2, §7.1: UNSELECT leaves, CLOSED says when.
    a.ok("UNSELECT").await;
    a.ok("SELECT INBOX").await;
    assert_eq!(a.ok("SELECT Drafts").await[0], "* OK [CLOSED] The mailbox before is closed");
    // §6.3.14 of rev1 is left: clients of it share the box.
    assert!(a.ok("LSUB \"\" INBOX").await[0].starts_with("* LSUB ("));
}
