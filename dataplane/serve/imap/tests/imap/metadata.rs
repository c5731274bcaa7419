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
