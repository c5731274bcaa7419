//! Folders that one user shares with others (RFC 4314): alice shares, bob uses, dave of another tenant sees nothing.

use crate::room::{Room, mail};

#[tokio::test]
async fn nothing_is_seen_until_it_is_shared() {
    let room = Room::open().await;
    let mut alice = room.login("alice").await;
    let mut bob = room.login("bob").await;
    alice.ok("CREATE Team").await;
    const TEAM: &str = "\"Other Users/alice@example.org/Team\"";
    let refused = bob.fails(&format!("SELECT {TEAM}")).await;
    assert_eq!(refused, bob.fails("SELECT \"Other Users/alice@example.org/Nothing\"").await);
    assert_eq!(refused, bob.fails("SELECT \"Other Users/nobody@example.org/Team\"").await);
    alice.ok("SETACL Team bob@example.org lr").await;
    assert_eq!(bob.ok("LIST \"\" \"Other Users/*\"").await.last().unwrap(), &format!("* LIST (\\HasNoChildren) \"/\" {TEAM}"));
    let reply = bob.command(&format!("SELECT {TEAM}")).await.pop().unwrap();
    assert!(reply.starts_with("OK [READ-ONLY]"), "{reply}");
    alice.ok("DELETEACL Team bob@example.org").await;
    assert!(bob.fails(&format!("STATUS {TEAM} (MESSAGES)")).await.starts_with("NO [NONEXISTENT]"));
}

#[tokio::test]
async fn another_tenant_is_behind_a_wall() {
    let room = Room::open().await;
    let mut alice = room.login("alice").await;
    let mut dave = room.login("dave").await;
    alice.ok("SETACL INBOX anyone lrswi").await;
    assert!(alice.fails("SETACL INBOX dave@example.org lr").await.starts_with("NO [CANNOT]"));
    assert!(dave.fails("SELECT \"Other Users/alice@example.org/INBOX\"").await.starts_with("NO [NONEXISTENT]"));
    assert!(dave.ok("LIST \"\" \"Other Users/*\"").await.is_empty());
    let mut bob = room.login("bob").await;
    bob.ok("SELECT \"Other Users/alice@example.org/inbox\"").await;
}

#[tokio::test]
async fn each_right_opens_what_it_is_for() {
    let room = Room::open().await;
    room.deliver_all(&["one", "two"]).await;
    let mut alice = room.login("alice").await;
    let mut bob = room.login("bob").await;
    const INBOX: &str = "\"Other Users/alice@example.org/INBOX\"";
    alice.ok("SETACL INBOX bob@example.org lrs").await;
    let mut told = bob.command(&format!("SELECT {INBOX}")).await;
    let reply = told.pop().unwrap();
    assert!(reply.starts_with("OK [READ-WRITE]"), "{reply}");
    assert!(told.iter().any(|line| line.contains("[PERMANENTFLAGS (\\Seen)]")), "{told:?}");
    bob.ok("STORE 1 +FLAGS (\\Seen \\Flagged)").await;
    assert_eq!(bob.ok("SEARCH SEEN").await, ["* SEARCH 1"]);
    assert_eq!(alice.ok("STATUS INBOX (UNSEEN)").await, ["* STATUS INBOX (UNSEEN 2)"]);
    alice.ok("SELECT INBOX").await;
    assert_eq!(alice.ok("SEARCH FLAGGED").await, ["* SEARCH"]);
    assert!(bob.fails("STORE 1 +FLAGS (\\Deleted)").await.starts_with("NO [NOPERM]"));
    assert!(bob.fails("STORE 1 FLAGS (\\Seen)").await.starts_with("NO [NOPERM]"));
    assert!(bob.fails("EXPUNGE").await.starts_with("NO [NOPERM]"));
    assert!(bob.fails("MOVE 1 Trash").await.starts_with("NO [NOPERM]"));
    assert!(bob.fails(&format!("SETACL {INBOX} bob@example.org +a")).await.starts_with("NO [NOPERM]"));
    assert!(bob.fails(&format!("DELETE {INBOX}")).await.starts_with("NO [CANNOT]"));
    assert!(bob.fails("CREATE \"Other Users/alice@example.org/New\"").await.starts_with("NO [NOPERM]"));
    assert!(bob.fails(&format!("COPY 1 {INBOX}")).await.starts_with("NO [NOPERM]"));
    alice.ok("SETACL INBOX bob@example.org +te").await;
    // Rights are asked for when the mailbox is opened: bob opens it again.
    bob.ok(&format!("SELECT {INBOX}")).await;
    bob.ok("STORE 1 +FLAGS.SILENT (\\Deleted)").await;
    assert_eq!(bob.ok("EXPUNGE").await, ["* 1 EXPUNGE"]);
}

#[tokio::test]
async fn mail_is_copied_between_boxes() {
    let room = Room::open().await;
    room.deliver_all(&["one", "two"]).await;
    let mut alice = room.login("alice").await;
    let mut bob = room.login("bob").await;
    alice.ok("SETACL INBOX bob@example.org lr").await;
    bob.ok("SELECT \"Other Users/alice@example.org/INBOX\"").await;
    let reply = bob.command("COPY 1:2 Archive").await.pop().unwrap();
    assert!(reply.starts_with("OK [COPYUID ") && reply.contains(" 1:2 1:2]"), "{reply}");
    bob.ok("SELECT Archive").await;
    let told = bob.ok("FETCH 2 (BODY.PEEK[HEADER.FIELDS (SUBJECT DELIVERED-TO)])").await.join("\n");
    assert!(told.contains("Subject: two") && told.contains("Delivered-To: alice@example.org"), "{told}");
    assert!(bob.fails("MOVE 1 \"Other Users/alice@example.org/INBOX\"").await.starts_with("NO [NOPERM]"));
    alice.ok("SETACL INBOX bob@example.org +i").await;
    assert!(bob.fails("MOVE 1 \"Other Users/alice@example.org/INBOX\"").await.starts_with("NO [CANNOT]"));
    bob.ok("COPY 1 \"Other Users/alice@example.org/INBOX\"").await;
    assert_eq!(alice.ok("STATUS INBOX (MESSAGES)").await, ["* STATUS INBOX (MESSAGES 3)"]);
    bob.append("\"Other Users/alice@example.org/INBOX\" (\\Flagged \\Seen)", mail("three").as_bytes()).await;
    alice.ok("SELECT INBOX").await;
    assert_eq!(alice.ok("SEARCH FLAGGED").await, ["* SEARCH"]);
    assert_eq!(alice.ok("STATUS INBOX (MESSAGES)").await, ["* STATUS INBOX (MESSAGES 4)"]);
}

#[tokio::test]
async fn a_shared_tree_grows_and_is_listed() {
    let room = Room::open().await;
    let mut alice = room.login("alice").await;
    let mut bob = room.login("bob").await;
    alice.ok("CREATE Team").await;
    alice.ok("SETACL Team bob@example.org lrswiktex").await;
    bob.ok("CREATE \"Other Users/alice@example.org/Team/2026/May\"").await;
    // The new ones have the rights of the one above.
    let rights = bob.ok("MYRIGHTS \"Other Users/alice@example.org/Team/2026/May\"").await;
    assert_eq!(rights, ["* MYRIGHTS \"Other Users/alice@example.org/Team/2026/May\" lrswikxtecd"]);
    bob.ok("SUBSCRIBE \"Other Users/alice@example.org/Team\"").await;
    let listed = bob.ok("LIST (SUBSCRIBED) \"Other Users/\" * RETURN (MYRIGHTS STATUS (MESSAGES))").await;
    assert_eq!(
        listed,
        [
            "* LIST (\\HasChildren \\Subscribed) \"/\" \"Other Users/alice@example.org/Team\"",
            "* STATUS \"Other Users/alice@example.org/Team\" (MESSAGES 0)",
            "* MYRIGHTS \"Other Users/alice@example.org/Team\" lrswikxtecd",
        ]
    );
    bob.ok("RENAME \"Other Users/alice@example.org/Team/2026\" \"Other Users/alice@example.org/Team/2027\"").await;
    assert!(bob.fails("RENAME \"Other Users/alice@example.org/Team/2027\" Mine").await.starts_with("NO [CANNOT]"));
    bob.ok("DELETE \"Other Users/alice@example.org/Team/2027/May\"").await;
    assert_eq!(alice.ok("LIST \"\" Team/*").await, ["* LIST (\\HasNoChildren) \"/\" \"Team/2027\""]);
}

#[tokio::test]
async fn the_list_of_rights_is_the_owners_to_read() {
    let room = Room::open().await;
    let mut alice = room.login("alice").await;
    alice.ok("SETACL INBOX bob@example.org lrd").await;
    alice.ok("SETACL INBOX anyone l").await;
    alice.ok("SETACL INBOX bob@example.org -e").await;
    assert_eq!(alice.ok("GETACL INBOX").await, ["* ACL INBOX \"alice@example.org\" lrswipkxteacd \"anyone\" l \"bob@example.org\" lrtd"]);
    assert_eq!(alice.ok("MYRIGHTS INBOX").await, ["* MYRIGHTS INBOX lrswipkxteacd"]);
    assert_eq!(
        alice.ok("LISTRIGHTS INBOX bob@example.org").await,
        ["* LISTRIGHTS INBOX \"bob@example.org\" \"\" l r s w i p k x t e a c d"]
    );
    assert!(alice.fails("SETACL INBOX alice@example.org lr").await.starts_with("NO [CANNOT]"));
    assert!(alice.fails("SETACL INBOX bob@example.org lrz").await.starts_with("BAD"));
    let negative = alice.fails("SETACL INBOX -bob@example.org r").await;
    assert!(negative.starts_with("NO [CANNOT] There are no negative rights"), "{negative}");
    // The letters of RFC 2086 stand for their parts, both ways (RFC 4314 §2.1.1).
    alice.ok("SETACL Drafts bob@example.org lrcd").await;
    assert!(alice.ok("GETACL Drafts").await[0].ends_with("\"bob@example.org\" lrkxtecd"));
    alice.ok("SETACL Drafts bob@example.org -c").await;
    assert!(alice.ok("GETACL Drafts").await[0].ends_with("\"bob@example.org\" lrted"));
    let mut bob = room.login("bob").await;
    assert!(bob.fails("GETACL \"Other Users/alice@example.org/INBOX\"").await.starts_with("NO [NOPERM]"));
}
