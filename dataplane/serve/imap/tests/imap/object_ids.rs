//! Ids that clients keep (RFC 8474), the date of a copy (RFC 8514), the first words (RFC 8970).

use postern_serve_imap::Config;
use postern_tests::TestDatabase;

use crate::room::{Room, mail};

postern_tests::suite!(mailboxes_keep_their_id, copies_are_one_email, answers_share_a_thread, the_date_of_saving_is_of_the_copy);

/// What stands in parentheses behind a word.
fn id(line: &str, word: &str) -> String {
    let behind = line.split_once(&format!("{word} (")).unwrap_or_else(|| panic!("no {word} in {line}")).1;
    behind.split(')').next().unwrap().to_owned()
}

async fn mailboxes_keep_their_id(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    let mut a = room.login("alice").await;
    let made = a.command("CREATE foo").await.pop().unwrap();
    let first = id(&made, "OK [MAILBOXID");
    assert_eq!(id(&a.ok("STATUS foo (MESSAGES MAILBOXID)").await[0], "MAILBOXID"), first);
    a.ok("RENAME foo bar").await;
    let selected = a.ok("SELECT bar").await;
    assert!(selected.iter().any(|line| line.starts_with(&format!("* OK [MAILBOXID ({first})]"))), "{selected:?}");
    let again = a.command("CREATE foo").await.pop().unwrap();
    assert_ne!(id(&again, "MAILBOXID"), first);
    let listed = a.ok("LIST \"\" bar RETURN (STATUS (MAILBOXID))").await;
    assert_eq!(id(&listed[1], "MAILBOXID"), first);
    let inbox = id(&a.ok("STATUS INBOX (MAILBOXID)").await[0], "MAILBOXID");
    a.ok("RENAME INBOX Old").await;
    assert_eq!(id(&a.ok("STATUS INBOX (MAILBOXID)").await[0], "MAILBOXID"), inbox);
    assert_ne!(id(&a.ok("STATUS Old (MAILBOXID)").await[0], "MAILBOXID"), inbox);
}

async fn copies_are_one_email(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver_all(&["one", "two"]).await;
    let mut a = room.inbox("alice").await;
    let told = a.ok("FETCH 1:2 EMAILID").await;
    let (one, two) = (id(&told[0], "EMAILID"), id(&told[1], "EMAILID"));
    assert_ne!(one, two);
    a.ok("COPY 1 Archive").await;
    a.ok("MOVE 2 Archive").await;
    assert_eq!(a.ok(&format!("SEARCH EMAILID {one}")).await, ["* SEARCH 1"]);
    assert_eq!(a.ok("SEARCH EMAILID nobody").await, ["* SEARCH"]);
    a.ok("SELECT Archive").await;
    let told = a.ok("FETCH 1:2 EMAILID").await;
    assert_eq!([id(&told[0], "EMAILID"), id(&told[1], "EMAILID")], [one, two]);
}

async fn answers_share_a_thread(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver(b"Message-ID: <q@a>\r\nSubject: why\r\n\r\nWhy?\r\n").await;
    room.deliver(b"Message-ID: <r@b>\r\nIn-Reply-To: <q@a>\r\nSubject: Re: why\r\n\r\nSo.\r\n").await;
    room.deliver(b"Subject: nobody\r\n\r\nNothing.\r\n").await;
    let mut a = room.inbox("alice").await;
    let told = a.ok("FETCH 1:3 THREADID").await;
    let thread = id(&told[0], "THREADID");
    assert_eq!(id(&told[1], "THREADID"), thread);
    assert_eq!(told[2], "* 3 FETCH (THREADID NIL)");
    assert_eq!(a.ok(&format!("SEARCH THREADID {thread}")).await, ["* SEARCH 1 2"]);
    assert_eq!(a.ok("FETCH 1 PREVIEW").await, ["* 1 FETCH (PREVIEW \"Why?\")"]);
    assert_eq!(a.ok("FETCH 1 (UID PREVIEW (LAZY) FLAGS)").await, ["* 1 FETCH (UID 1 PREVIEW \"Why?\" FLAGS ())"]);
}

async fn the_date_of_saving_is_of_the_copy(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    let mut a = room.login("alice").await;
    assert!(a.append("INBOX \"17-Jul-1996 02:44:25 +0000\"", mail("old").as_bytes()).await.starts_with("OK"));
    a.ok("SELECT INBOX").await;
    assert_eq!(
        a.ok("FETCH 1 (INTERNALDATE SAVEDATE)").await,
        ["* 1 FETCH (INTERNALDATE \"17-Jul-1996 02:44:25 +0000\" SAVEDATE \"22-Nov-2026 00:00:00 +0000\")"]
    );
    room.clock.advance(std::time::Duration::from_secs(86_400));
    a.ok("COPY 1 INBOX").await;
    a.ok("NOOP").await;
    assert!(a.ok("FETCH 2 SAVEDATE").await[0].contains("\"23-Nov-2026"), "each copy has its own");
    assert_eq!(a.ok("SEARCH SAVEDON 22-Nov-2026").await, ["* SEARCH 1"]);
    assert_eq!(a.ok("SEARCH SAVEDSINCE 23-Nov-2026").await, ["* SEARCH 2"]);
    assert_eq!(a.ok("SEARCH SAVEDBEFORE 22-Nov-2026").await, ["* SEARCH"]);
    assert_eq!(a.ok("SEARCH SAVEDATESUPPORTED").await, ["* SEARCH 1 2"]);
}
