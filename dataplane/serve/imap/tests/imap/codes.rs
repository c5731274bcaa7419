//! Response codes, each where it belongs (RFC 5530), and what a message that is gone is answered with (RFC 2180).

use postern_tests::TestDatabase;

use crate::room::{PASSWORD, Room};

postern_tests::suite!(what_is_gone_is_told_as_gone);

#[tokio::test]
async fn each_refusal_has_its_code() {
    let room = Room::open().await;
    room.deliver_all(&["one"]).await;
    let mut client = room.connect().await;
    for (command, code) in [
        ("LOGIN alice@example.org wrong".to_owned(), "AUTHENTICATIONFAILED"),
        (format!("LOGIN carol@example.org \"{PASSWORD}\""), "NOPERM"),
        // Alice's password, bob's name to act under.
        ("AUTHENTICATE PLAIN Ym9iQGV4YW1wbGUub3JnAGFsaWNlQGV4YW1wbGUub3JnAGNvcnJlY3QgaG9yc2U=".to_owned(), "AUTHORIZATIONFAILED"),
    ] {
        assert!(client.fails(&command).await.starts_with(&format!("NO [{code}] ")), "{code}");
    }
    let mut alice = room.inbox("alice").await;
    let many: String = (0..65).map(|n| format!("k{n} ")).collect();
    for (command, code) in [
        ("CREATE Drafts".to_owned(), "ALREADYEXISTS"),
        ("RENAME Junk Drafts".to_owned(), "ALREADYEXISTS"),
        ("CREATE \"a*\"".to_owned(), "CANNOT"),
        ("DELETE INBOX".to_owned(), "CANNOT"),
        ("DELETE None".to_owned(), "NONEXISTENT"),
        ("RENAME None Some".to_owned(), "NONEXISTENT"),
        ("STATUS None (MESSAGES)".to_owned(), "NONEXISTENT"),
        ("GETACL None".to_owned(), "NONEXISTENT"),
        ("COPY 1 None".to_owned(), "TRYCREATE"),
        ("SETMETADATA \"\" (/shared/comment \"x\")".to_owned(), "NOPERM"),
        (format!("STORE 1 +FLAGS ({})", many.trim_end()), "LIMIT"),
        ("SEARCH CHARSET X-NONE ALL".to_owned(), "BADCHARSET (US-ASCII UTF-8 "),
    ] {
        let answer = alice.fails(&command).await;
        let expected = format!("NO [{code}");
        assert!(answer.starts_with(&expected), "{command}: {answer}");
    }
    // A client that goes on without sense is told that it is the one to mend.
    for _ in 0..9 {
        alice.fails("NONSENSE").await;
    }
    let last = alice.begin("NONSENSE").await;
    assert!(alice.line().await.starts_with(&format!("{last} BAD")));
    assert_eq!(alice.line().await, "* BYE [CLIENTBUG] Too many bad commands");
}

async fn what_is_gone_is_told_as_gone(at: TestDatabase) {
    let room = Room::with(at, postern_serve_imap::Config::default()).await;
    room.deliver_all(&["1", "2", "3"]).await;
    let (mut a, mut b) = (room.inbox("alice").await, room.inbox("alice").await);
    a.ok("STORE 1:2 +FLAGS.SILENT (\\Deleted)").await;
    a.ok("EXPUNGE").await;
    // RFC 2180 §4.1.1: what is not told as gone can be read on, whole.
    assert!(b.ok("FETCH 1 (FLAGS RFC822.SIZE ENVELOPE BODY.PEEK[])").await.iter().any(|line| line.contains("About 1.")));
    assert_eq!(b.ok("SEARCH SUBJECT 2").await, ["* SEARCH 2"]);
    // §4.2: flags of what is there are changed; of what is gone nothing is said that is not so.
    assert_eq!(b.ok("STORE 3 +FLAGS (\\Flagged)").await, ["* 3 FETCH (FLAGS (\\Flagged))"]);
    assert_eq!(b.ok("STORE 1 +FLAGS.SILENT (\\Flagged)").await, Vec::<String>::new());
    // §4.4: a copy of nothing but what is gone is refused, and says why.
    assert!(b.fails("COPY 1:2 Archive").await.starts_with("NO [EXPUNGEISSUED]"));
    assert_eq!(a.ok("STATUS Archive (MESSAGES)").await[0], "* STATUS \"Archive\" (MESSAGES 0)");
    assert_eq!(b.ok("FETCH 1 UID").await, ["* 1 FETCH (UID 3)"], "now it is told");
}
