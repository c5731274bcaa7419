//! Annotations as a client writes and reads them (RFC 5464, RFC 9590).

use crate::room::Room;

#[tokio::test]
async fn entries_are_written_read_and_taken_away() {
    let room = Room::open().await;
    let mut alice = room.login("alice").await;
    alice.ok("SETMETADATA INBOX (/private/Comment \"My own comment\" /shared/comment \"For all\")").await;
    assert_eq!(alice.ok("GETMETADATA INBOX /private/comment").await, ["* METADATA INBOX (/private/comment \"My own comment\")"]);
    assert_eq!(
        alice.ok("GETMETADATA INBOX (/shared/comment /private/comment /private/none)").await,
        ["* METADATA INBOX (/private/comment \"My own comment\" /shared/comment \"For all\" /private/none NIL)"]
    );
    alice.ok("SETMETADATA INBOX (/private/comment NIL)").await;
    assert_eq!(alice.ok("GETMETADATA INBOX /private/comment").await, ["* METADATA INBOX (/private/comment NIL)"]);
    // The box as a whole has entries too, but what all users of the server share is not theirs to write.
    alice.ok("SETMETADATA \"\" (/private/vendor/x/y \"value\")").await;
    assert_eq!(alice.ok("GETMETADATA \"\" /private/vendor/x/y").await, ["* METADATA \"\" (/private/vendor/x/y \"value\")"]);
    assert!(alice.fails("SETMETADATA \"\" (/shared/comment \"x\")").await.starts_with("NO [NOPERM]"));
}

#[tokio::test]
async fn depth_and_size_are_kept() {
    let room = Room::open().await;
    let mut alice = room.login("alice").await;
    alice.ok("SETMETADATA INBOX (/private/filters/values/small \"SMALLER 5000\" /private/filters/values/boss \"FROM \\\"boss\\\"\")").await;
    assert_eq!(
        alice.ok("GETMETADATA (DEPTH 1) INBOX (/private/filters/values)").await,
        ["* METADATA INBOX (/private/filters/values/boss \"FROM \\\"boss\\\"\" /private/filters/values/small \"SMALLER 5000\" \
          /private/filters/values NIL)"]
    );
    let mut told = alice.command("GETMETADATA (MAXSIZE 11 DEPTH infinity) INBOX /private/filters/values").await;
    let reply = told.pop().unwrap();
    assert!(reply.starts_with("OK [METADATA LONGENTRIES 12]"), "{reply}");
    assert_eq!(told, ["* METADATA INBOX (/private/filters/values/boss \"FROM \\\"boss\\\"\" /private/filters/values NIL)"]);
    for bad in ["/comment", "/private/*", "/private/a//b"] {
        assert!(alice.fails(&format!("SETMETADATA INBOX ({bad} x)")).await.starts_with("BAD"), "{bad}");
    }
}

#[tokio::test]
async fn list_tells_entries_of_each() {
    let room = Room::open().await;
    let mut alice = room.login("alice").await;
    alice.ok("SETMETADATA Drafts (/shared/comment \"unfinished\")").await;
    let listed = alice.ok("LIST \"\" (INBOX Drafts) RETURN (METADATA (/shared/comment))").await;
    assert_eq!(
        listed,
        [
            "* LIST (\\HasNoChildren \\Drafts) \"/\" \"Drafts\"",
            "* METADATA \"Drafts\" (/shared/comment \"unfinished\")",
            "* LIST (\\HasNoChildren) \"/\" INBOX",
            "* METADATA INBOX (/shared/comment NIL)",
        ]
    );
}

/// RFC 6154 §5.4, and what LIST says of it.
#[tokio::test]
async fn what_a_mailbox_is_for_can_be_changed() {
    let room = Room::open().await;
    let mut alice = room.login("alice").await;
    alice.ok("CREATE MyDrafts").await;
    assert_eq!(alice.ok("GETMETADATA MyDrafts /private/specialuse").await, ["* METADATA \"MyDrafts\" (/private/specialuse NIL)"]);
    alice.ok("SETMETADATA MyDrafts (/private/specialuse \"\\\\drafts\" /private/comment \"mine\")").await;
    assert_eq!(
        alice.ok("GETMETADATA (DEPTH infinity) MyDrafts /private").await,
        ["* METADATA \"MyDrafts\" (/private/comment \"mine\" /private/specialuse \"\\\\Drafts\" /private NIL)"]
    );
    // One mailbox is for one thing, and the one that was is so no more.
    assert_eq!(
        alice.ok("LIST (SPECIAL-USE) \"\" *Drafts RETURN (METADATA (/private/specialuse))").await,
        ["* LIST (\\HasNoChildren \\Drafts) \"/\" \"MyDrafts\"", "* METADATA \"MyDrafts\" (/private/specialuse \"\\\\Drafts\")",]
    );
    for (mailbox, bad) in [("MyDrafts", "\\\\All"), ("MyDrafts", "\\\\Sent \\\\Junk"), ("MyDrafts", "Sent"), ("INBOX", "\\\\Junk")] {
        let refused = alice.fails(&format!("SETMETADATA {mailbox} (/private/specialuse \"{bad}\")")).await;
        assert!(refused.starts_with("NO [USEATTR]"), "{bad}: {refused}");
    }
    alice.ok("SETMETADATA MyDrafts (/private/specialuse NIL)").await;
    assert!(alice.ok("LIST (SPECIAL-USE) \"\" *Drafts").await.is_empty());
    // Of somebody else's mailbox nobody says what it is for.
    alice.ok("SETACL Sent bob@example.org lrswip").await;
    let mut bob = room.login("bob").await;
    const SENT: &str = "\"Other Users/alice@example.org/Sent\"";
    assert!(bob.fails(&format!("SETMETADATA {SENT} (/private/specialuse NIL)")).await.starts_with("NO [USEATTR]"));
    assert_eq!(bob.ok(&format!("GETMETADATA {SENT} /private/specialuse")).await, [format!("* METADATA {SENT} (/private/specialuse NIL)")]);
}
