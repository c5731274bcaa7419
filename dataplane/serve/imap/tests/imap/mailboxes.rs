//! Making, naming, listing, subscribing.

use crate::room::Room;

#[tokio::test]
async fn a_new_box_has_its_folders() {
    let room = Room::open().await;
    let mut alice = room.login("alice").await;
    let listed = alice.ok("LIST \"\" *").await;
    assert_eq!(
        listed,
        [
            "* LIST (\\HasNoChildren \\Archive) \"/\" \"Archive\"",
            "* LIST (\\HasNoChildren \\Drafts) \"/\" \"Drafts\"",
            "* LIST (\\HasNoChildren) \"/\" INBOX",
            "* LIST (\\HasNoChildren \\Junk) \"/\" \"Junk\"",
            "* LIST (\\HasNoChildren \\Sent) \"/\" \"Sent\"",
            "* LIST (\\HasNoChildren \\Trash) \"/\" \"Trash\"",
        ]
    );
    assert_eq!(alice.ok("LIST \"\" \"\"").await, ["* LIST (\\Noselect) \"/\" \"\""]);
    assert_eq!(alice.ok("NAMESPACE").await, ["* NAMESPACE ((\"\" \"/\")) ((\"Other Users/\" \"/\")) NIL"]);
    assert_eq!(alice.ok("LIST (SPECIAL-USE) \"\" % RETURN (STATUS (MESSAGES APPENDLIMIT))").await.len(), 10);
}

#[tokio::test]
async fn folders_are_made_renamed_and_deleted() {
    let room = Room::open().await;
    let mut alice = room.login("alice").await;
    alice.ok("CREATE Work/Bills/2026/").await;
    assert!(alice.fails("CREATE Work/Bills").await.starts_with("NO [ALREADYEXISTS]"));
    assert!(alice.fails("CREATE inbox").await.starts_with("NO [ALREADYEXISTS]"));
    assert!(alice.fails("CREATE \"a*b\"").await.starts_with("NO [CANNOT]"));
    assert!(alice.fails("CREATE Everything (USE (\\All))").await.starts_with("NO [USEATTR]"));
    alice.ok("CREATE Old (USE (\\Archive))").await;
    assert_eq!(alice.ok("LIST (SPECIAL-USE) \"\" %").await[2], "* LIST (\\HasNoChildren \\Archive) \"/\" \"Old\"");
    assert!(alice.fails("DELETE Work").await.starts_with("NO [HASCHILDREN]"));
    assert!(alice.fails("DELETE INBOX").await.starts_with("NO [CANNOT]"));
    assert!(alice.fails("DELETE Nothing").await.starts_with("NO [NONEXISTENT]"));
    assert!(alice.fails("RENAME Work Work/Inside").await.starts_with("NO [CANNOT]"));
    assert!(alice.fails("RENAME Work Old").await.starts_with("NO [ALREADYEXISTS]"));
    alice.ok("RENAME Work Done").await;
    assert_eq!(
        alice.ok("LIST \"\" Done/*").await,
        ["* LIST (\\HasChildren) \"/\" \"Done/Bills\"", "* LIST (\\HasNoChildren) \"/\" \"Done/Bills/2026\"",]
    );
    alice.ok("DELETE Done/Bills/2026").await;
    assert!(alice.fails("SELECT Done/Bills/2026").await.starts_with("NO [NONEXISTENT]"));
}

#[tokio::test]
async fn a_rename_keeps_uidvalidity_and_a_new_folder_never_repeats_one() {
    let room = Room::open().await;
    let mut alice = room.login("alice").await;
    let validity = |answers: Vec<String>| answers[0].clone().split("UIDVALIDITY ").nth(1).unwrap().trim_end_matches(')').to_owned();
    alice.ok("CREATE a").await;
    let first = validity(alice.ok("STATUS a (UIDVALIDITY)").await);
    alice.ok("RENAME a b").await;
    assert_eq!(validity(alice.ok("STATUS b (UIDVALIDITY)").await), first);
    alice.ok("CREATE a").await;
    assert_ne!(validity(alice.ok("STATUS a (UIDVALIDITY)").await), first);
}

#[tokio::test]
async fn renaming_inbox_moves_the_mail() {
    let room = Room::open().await;
    room.deliver_all(&["one", "two"]).await;
    let mut alice = room.login("alice").await;
    alice.ok("RENAME INBOX Before").await;
    assert_eq!(alice.ok("STATUS INBOX (MESSAGES)").await, ["* STATUS INBOX (MESSAGES 0)"]);
    assert_eq!(alice.ok("STATUS Before (MESSAGES)").await, ["* STATUS \"Before\" (MESSAGES 2)"]);
}

/// The mailboxes and the lists of RFC 5258 §5.
#[tokio::test]
async fn lists_choose_by_more_than_names() {
    let room = Room::open().await;
    let mut alice = room.login("alice").await;
    for name in ["Fruit", "Fruit/Apple", "Fruit/Banana", "Tofu", "Vegetable", "Vegetable/Broccoli", "Vegetable/Corn"] {
        alice.ok(&format!("CREATE {name}")).await;
    }
    for name in ["Fruit", "Fruit/Apple", "Tofu", "Vegetable/Corn"] {
        alice.ok(&format!("UNSUBSCRIBE {name}")).await;
    }
    alice.ok("SUBSCRIBE Fruit/Peach").await;
    assert_eq!(
        alice.ok("LIST (SUBSCRIBED) \"\" (Fruit* Vegetable* Tofu)").await,
        [
            "* LIST (\\HasNoChildren \\Subscribed) \"/\" \"Fruit/Banana\"",
            "* LIST (\\Noselect \\NonExistent \\HasNoChildren \\Subscribed) \"/\" \"Fruit/Peach\"",
            "* LIST (\\HasChildren \\Subscribed) \"/\" \"Vegetable\"",
            "* LIST (\\HasNoChildren \\Subscribed) \"/\" \"Vegetable/Broccoli\"",
        ]
    );
    assert_eq!(
        alice.ok("LIST () \"\" (Frui% Tof% Vege%) RETURN (CHILDREN)").await,
        ["* LIST (\\HasChildren) \"/\" \"Fruit\"", "* LIST (\\HasNoChildren) \"/\" \"Tofu\"", "* LIST (\\HasChildren) \"/\" \"Vegetable\"",]
    );
    assert_eq!(
        alice.ok("LIST (REMOTE) \"\" (Frui% Vege%) RETURN (SUBSCRIBED)").await,
        ["* LIST (\\HasChildren) \"/\" \"Fruit\"", "* LIST (\\HasChildren \\Subscribed) \"/\" \"Vegetable\""],
        "there are no remote ones"
    );
    assert_eq!(
        alice.ok("LIST (SUBSCRIBED RECURSIVEMATCH) \"\" (Frui% Tof% Vege%)").await,
        [
            "* LIST (\\HasChildren) \"/\" \"Fruit\" (CHILDINFO (\"SUBSCRIBED\"))",
            "* LIST (\\HasChildren \\Subscribed) \"/\" \"Vegetable\" (CHILDINFO (\"SUBSCRIBED\"))",
        ]
    );
    // A parent that is not chosen itself is not listed for children that are.
    assert_eq!(alice.ok("LIST (RECURSIVEMATCH SUBSCRIBED) \"\" Fruit*").await.len(), 2);
    alice.ok("CREATE Old/Mail (USE (\\Archive))").await;
    assert_eq!(
        alice.ok("LIST (SPECIAL-USE SUBSCRIBED RECURSIVEMATCH) \"\" Ol%").await,
        ["* LIST (\\HasChildren \\Subscribed) \"/\" \"Old\" (CHILDINFO (\"SUBSCRIBED\" \"SPECIAL-USE\"))"]
    );
    assert!(alice.ok("LIST \"\" (\"\" Nothing)").await.is_empty(), "an empty pattern beside others asks for nothing");
    for bad in ["LIST (RECURSIVEMATCH REMOTE) \"\" *", "LIST (MARKED) \"\" *", "LIST \"\" * RETURN (COLOUR)"] {
        assert!(alice.fails(bad).await.starts_with("BAD"), "{bad}");
    }
}

/// RFC 8457: the keyword is one like others; a mailbox that shows what has it is not kept.
#[tokio::test]
async fn messages_may_be_important() {
    let room = Room::open().await;
    room.deliver_all(&["one", "two"]).await;
    let mut alice = room.inbox("alice").await;
    assert!(alice.fails("CREATE Important (USE (\\Important))").await.starts_with("NO [USEATTR]"));
    let told = alice.ok("STORE 2 +FLAGS ($Important)").await;
    assert_eq!(told.last().unwrap(), "* 2 FETCH (FLAGS ($Important))");
    assert_eq!(alice.ok("SEARCH KEYWORD $Important").await, ["* SEARCH 2"]);
    assert!(alice.ok("SELECT INBOX").await.iter().any(|line| line.contains("PERMANENTFLAGS") && line.contains("$Important")));
}

#[tokio::test]
async fn subscriptions_are_of_names() {
    let room = Room::open().await;
    let mut alice = room.login("alice").await;
    alice.ok("SUBSCRIBE Nowhere/Deep").await;
    alice.ok("UNSUBSCRIBE Junk").await;
    let listed = alice.ok("LIST (SUBSCRIBED) \"\" *").await;
    assert!(
        listed.contains(&"* LIST (\\Noselect \\NonExistent \\HasNoChildren \\Subscribed) \"/\" \"Nowhere/Deep\"".to_owned()),
        "{listed:?}"
    );
    assert!(!listed.iter().any(|line| line.contains("Junk")));
    let lsub = alice.ok("LSUB \"\" %").await;
    assert!(lsub.contains(&"* LSUB (\\Noselect) \"/\" \"Nowhere\"".to_owned()), "{lsub:?}");
    alice.ok("UNSUBSCRIBE Nowhere/Deep").await;
    assert_eq!(alice.ok("LSUB \"\" Nowhere/*").await.len(), 0);
}

#[tokio::test]
async fn status_counts_what_is_there() {
    let room = Room::open().await;
    room.deliver_all(&["one", "two", "three"]).await;
    let mut alice = room.inbox("alice").await;
    alice.ok("STORE 1 +FLAGS (\\Seen \\Deleted)").await;
    let size: usize =
        ["one", "two", "three"].iter().map(|s| crate::room::mail(s).len() + "Delivered-To: alice@example.org\r\n".len()).sum();
    assert_eq!(
        alice.ok("STATUS INBOX (MESSAGES RECENT UIDNEXT UNSEEN DELETED SIZE)").await,
        [format!("* STATUS INBOX (MESSAGES 3 RECENT 0 UIDNEXT 4 UNSEEN 2 DELETED 1 SIZE {size})")]
    );
    assert!(alice.fails("STATUS Nothing (MESSAGES)").await.starts_with("NO [NONEXISTENT]"));
}

#[tokio::test]
async fn names_are_utf7_until_rev2_is_enabled() {
    let room = Room::open().await;
    let mut alice = room.login("alice").await;
    alice.ok("CREATE Entw&APw-rfe").await;
    assert_eq!(alice.ok("LIST \"\" Entw*").await, ["* LIST (\\HasNoChildren) \"/\" \"Entw&APw-rfe\""]);
    alice.ok("ENABLE IMAP4rev2").await;
    assert_eq!(alice.ok("LIST \"\" Entw*").await, ["* LIST (\\HasNoChildren) \"/\" \"Entwürfe\""]);
    let selected = alice.ok("SELECT \"Entwürfe\"").await;
    assert!(selected.contains(&"* LIST () \"/\" \"Entwürfe\"".to_owned()), "{selected:?}");
    assert!(!selected.iter().any(|line| line.contains("RECENT")), "{selected:?}");
}

#[tokio::test]
async fn select_tells_the_mailbox_and_closes_the_one_before() {
    let room = Room::open().await;
    room.deliver_all(&["one", "two"]).await;
    let mut alice = room.inbox("alice").await;
    alice.ok("STORE 1 +FLAGS.SILENT (\\Seen $Label1)").await;
    let mut selected = alice.command("SELECT INBOX").await;
    assert_eq!(selected.pop().unwrap(), "OK [READ-WRITE] SELECT completed");
    let validity = selected.iter().position(|line| line.contains("UIDVALIDITY")).map(|at| selected.remove(at));
    assert!(validity.is_some());
    // RFC 7162 §3.1.2.1
    let highest = selected.iter().position(|line| line.starts_with("* OK [HIGHESTMODSEQ ")).map(|at| selected.remove(at));
    assert!(highest.is_some());
    // RFC 8474 §4.2
    let id = selected.iter().position(|line| line.starts_with("* OK [MAILBOXID (")).map(|at| selected.remove(at));
    assert!(id.is_some());
    assert_eq!(
        selected,
        [
            "* OK [CLOSED] The mailbox before is closed",
            "* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $Label1)",
            "* OK [PERMANENTFLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $Label1 \\*)] What may be changed for good",
            "* 2 EXISTS",
            "* 0 RECENT",
            "* OK [UNSEEN 2] First message not seen",
            "* OK [UIDNEXT 3] The next UID",
            "* OK [URLMECH INTERNAL] URLs can be authorised",
        ]
    );
    let examined = alice.command("EXAMINE INBOX").await;
    assert!(examined.last().unwrap().starts_with("OK [READ-ONLY]"));
    assert!(examined.contains(&"* OK [PERMANENTFLAGS ()] What may be changed for good".to_owned()));
    assert!(alice.fails("STORE 1 +FLAGS (\\Seen)").await.starts_with("NO [CANNOT]"));
    assert!(alice.fails("SELECT Nothing").await.starts_with("NO [NONEXISTENT]"));
    assert!(alice.fails("FETCH 1 FLAGS").await.starts_with("BAD"), "a failed SELECT leaves nothing selected");
}
