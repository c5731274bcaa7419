//! CONDSTORE (RFC 7162 §3.1): every change has a number, and a STORE may depend on it.

use postern_serve_imap::Config;
use postern_tests::TestDatabase;

use crate::{client::Client, room::Room};

postern_tests::suite!(
    modseqs_grow_and_are_told_once_asked_for,
    a_store_may_be_conditional,
    searches_find_by_modseq,
    changes_are_fetched_by_modseq,
    each_command_that_asks_enables,
);

/// The number behind a word: `MODSEQ (7)`, `HIGHESTMODSEQ 7`.
pub fn number(line: &str, word: &str) -> u64 {
    let behind = line.split_once(word).unwrap_or_else(|| panic!("no {word} in {line}")).1;
    let digits: String = behind.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

/// HIGHESTMODSEQ as STATUS tells it.
pub async fn highest(client: &mut Client, mailbox: &str) -> u64 {
    number(&client.ok(&format!("STATUS {mailbox} (HIGHESTMODSEQ)")).await[0], "HIGHESTMODSEQ")
}

async fn modseqs_grow_and_are_told_once_asked_for(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver_all(&["1", "2"]).await;
    let (mut a, mut b) = (room.inbox("alice").await, room.inbox("alice").await);
    assert_eq!(b.ok("FETCH 1 FLAGS").await, ["* 1 FETCH (FLAGS ())"], "nobody has asked yet");
    let mut last = highest(&mut a, "INBOX").await;
    for command in ["STORE 1 +FLAGS (\\Seen)", "STORE 2 +FLAGS.SILENT (\\Flagged)", "STORE 1:2 FLAGS (\\Draft)"] {
        let told = a.ok(command).await;
        assert!(!told.is_empty() && told.iter().all(|line| number(line, "MODSEQ") > last), "{command}: {told:?} after {last}");
        last = highest(&mut a, "INBOX").await;
        assert_eq!(last, number(told.last().unwrap(), "MODSEQ"));
    }
    assert!(a.ok("STORE 1 +FLAGS.SILENT (\\Draft)").await.is_empty(), "nothing has changed");
    assert_eq!(highest(&mut a, "INBOX").await, last);
    b.ok("NOOP").await;
    let selected = b.ok("SELECT INBOX (CONDSTORE)").await;
    assert!(selected.iter().any(|line| line.starts_with(&format!("* OK [HIGHESTMODSEQ {last}]"))), "{selected:?}");
    room.deliver_all(&["3"]).await;
    b.ok("NOOP").await;
    assert_eq!(b.ok("FETCH 3 UID").await[0], format!("* 3 FETCH (UID 3 MODSEQ ({}))", last + 1), "told in every FETCH");
    a.ok("NOOP").await;
    a.ok("STORE 3 +FLAGS (\\Deleted)").await;
    assert_eq!(b.ok("NOOP").await[0], format!("* 3 FETCH (UID 3 FLAGS (\\Deleted) MODSEQ ({}))", last + 2), "unasked too");
    let expunged = a.command("EXPUNGE").await;
    assert_eq!(expunged[0], "* 3 EXPUNGE", "without QRESYNC");
    assert!(expunged[1].starts_with(&format!("OK [HIGHESTMODSEQ {}]", last + 3)), "{expunged:?}");
    a.ok("RENAME INBOX Old").await;
    a.ok("RENAME Old Older").await;
    assert!(highest(&mut a, "Older").await > last && highest(&mut a, "INBOX").await > last);
}

async fn a_store_may_be_conditional(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver_all(&["1", "2", "3"]).await;
    let (mut a, mut b) = (room.inbox("alice").await, room.inbox("alice").await);
    let since = highest(&mut a, "INBOX").await;
    b.ok("STORE 2 +FLAGS (\\Seen)").await;
    let told = a.command(&format!("STORE 1:3 (UNCHANGEDSINCE {since}) +FLAGS.SILENT (\\Deleted)")).await;
    assert!(told.last().unwrap().starts_with("OK [MODIFIED 2]"), "{told:?}");
    assert!(told[0].starts_with("* 2 FETCH (UID 2 FLAGS (\\Seen) MODSEQ ("), "the other's change is told: {told:?}");
    assert_eq!(told.iter().filter(|line| line.contains("FETCH (UID 1 MODSEQ (") || line.contains("FETCH (UID 3 MODSEQ (")).count(), 2);
    let told = a.command(&format!("UID STORE 2 (UNCHANGEDSINCE {since}) +FLAGS (\\Deleted)")).await;
    assert!(told.last().unwrap().starts_with("OK [MODIFIED 2]"), "{told:?}");
    let since = highest(&mut a, "INBOX").await;
    assert!(a.command(&format!("STORE 2 (UNCHANGEDSINCE {since}) +FLAGS ($Work)")).await.last().unwrap().starts_with("OK STORE"));
    assert!(a.command("STORE 1:3 (UNCHANGEDSINCE 0) FLAGS ()").await.last().unwrap().starts_with("OK [MODIFIED 1:3]"), "never");
}

async fn searches_find_by_modseq(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver_all(&["1", "2", "3"]).await;
    let mut a = room.inbox("alice").await;
    let first = highest(&mut a, "INBOX").await;
    a.ok("STORE 1 +FLAGS.SILENT (\\Seen)").await;
    a.ok("STORE 3 +FLAGS.SILENT (\\Seen)").await;
    let last = highest(&mut a, "INBOX").await;
    assert_eq!(last, first + 2);
    assert_eq!(a.ok(&format!("SEARCH MODSEQ {}", first + 1)).await, [format!("* SEARCH 1 3 (MODSEQ {last})")]);
    assert_eq!(a.ok(&format!("SEARCH MODSEQ \"/flags/\\\\Seen\" all {}", last + 1)).await, ["* SEARCH"]);
    let min = a.ok(&format!("UID SEARCH RETURN (MIN) MODSEQ {}", first + 1)).await;
    assert!(min[0].ends_with(&format!("UID MIN 1 MODSEQ {}", first + 1)), "{min:?}");
    let both = a.ok(&format!("UID SEARCH RETURN (MIN MAX COUNT) MODSEQ {}", first + 1)).await;
    assert!(both[0].ends_with(&format!("UID MIN 1 MAX 3 COUNT 2 MODSEQ {last}")), "{both:?}");
    assert_eq!(a.ok(&format!("SEARCH NOT MODSEQ {last}")).await, [format!("* SEARCH 1 2 (MODSEQ {})", first + 1)]);
}

async fn changes_are_fetched_by_modseq(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver_all(&["1", "2", "3", "4"]).await;
    let mut a = room.inbox("alice").await;
    let since = highest(&mut a, "INBOX").await;
    assert!(a.ok(&format!("FETCH 1:* (FLAGS) (CHANGEDSINCE {since})")).await.is_empty());
    a.ok("STORE 2,4 +FLAGS.SILENT (\\Seen)").await;
    let changed = a.ok(&format!("FETCH 1:3 (FLAGS) (CHANGEDSINCE {since})")).await;
    assert_eq!(changed, [format!("* 2 FETCH (FLAGS (\\Seen) MODSEQ ({}))", since + 1)]);
    assert_eq!(a.ok(&format!("UID FETCH 1:* (UID) (CHANGEDSINCE {since})")).await.len(), 2);
    assert!(a.fails("FETCH 1:* FLAGS (CHANGEDSINCE 0)").await.starts_with("BAD"));
    assert!(a.fails("UID FETCH 1:* FLAGS (CHANGEDSINCE 1 VANISHED)").await.starts_with("BAD"), "not without ENABLE QRESYNC");
}

async fn each_command_that_asks_enables(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver_all(&["1"]).await;
    for command in [
        "ENABLE CONDSTORE",
        "SELECT INBOX (CONDSTORE)",
        "STATUS INBOX (HIGHESTMODSEQ)",
        "LIST \"\" INBOX RETURN (STATUS (HIGHESTMODSEQ))",
        "FETCH 1 (MODSEQ)",
        "FETCH 1 (FLAGS) (CHANGEDSINCE 1)",
        "STORE 1 (UNCHANGEDSINCE 1) +FLAGS.SILENT (\\Seen)",
        "SEARCH MODSEQ 1",
    ] {
        let mut a = room.inbox("alice").await;
        assert!(!a.ok("FETCH 1 FLAGS").await[0].contains("MODSEQ"));
        a.command(command).await;
        assert!(a.ok("FETCH 1 FLAGS").await[0].contains(" MODSEQ ("), "{command}");
    }
}
