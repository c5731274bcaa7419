//! SORT and THREAD over a real folder; the grammar's examples stand with the grammar.

use std::time::Duration;

use crate::{client::Client, room::Room};

async fn answer(client: &mut Client, command: &str) -> String {
    let answers = client.ok(command).await;
    assert_eq!(answers.len(), 1, "{command}: {answers:?}");
    answers[0].clone()
}

async fn room_with_mail() -> Room {
    let room = Room::open().await;
    let mail = |from: &str, to: &str, cc: &str, subject: &str, date: &str, id: u32, more: &str, fill: usize| {
        let fill = "x".repeat(fill);
        format!("From: {from}\r\nTo: {to}\r\nCc: {cc}\r\nSubject: {subject}\r\n{date}Message-ID: <{id}@x>\r\n{more}\r\n{fill}\r\n")
    };
    let date = |day: u32, zone: &str| format!("Date: {day} Nov 2026 12:00:00 {zone}\r\n");
    for text in [
        mail("Zoe <bob@x>", "Team: a@x, b@x;", "z@x", "Tea", &date(3, "+0000"), 1, "", 10),
        mail("alice@x", "\"Ärger\" <c@x>", "", "Re: [list] tea (fwd)", &date(2, "+0000"), 2, "References: <1@x>\r\n", 500),
        mail("=?utf-8?q?=C3=84nne?= <carol@x>", "dan@x", "Y <y@x>", "cake", &date(3, "+0200"), 3, "", 100),
        mail("ALICE@x", "", "", "RE: Cake", "", 4, "In-Reply-To: <3@x>\r\n", 1),
    ] {
        room.clock.advance(Duration::from_secs(3_600));
        room.deliver(text.as_bytes()).await;
    }
    room
}

#[tokio::test]
async fn messages_are_put_in_order() {
    let room = room_with_mail().await;
    let mut alice = room.inbox("alice").await;
    for (criteria, expected) in [
        ("ARRIVAL", "1 2 3 4"),
        ("REVERSE ARRIVAL", "4 3 2 1"),
        // Message 4 has no Date: when it came counts; message 3 was sent two hours before message 1.
        ("DATE", "2 3 1 4"),
        ("SUBJECT", "3 4 1 2"),
        ("REVERSE SUBJECT", "1 2 3 4"),
        ("SUBJECT REVERSE DATE", "4 3 1 2"),
        ("FROM", "2 4 1 3"),
        ("TO", "4 2 3 1"),
        ("CC", "2 4 3 1"),
        ("DISPLAYFROM", "2 4 3 1"),
        ("DISPLAYTO", "4 2 3 1"),
        ("SIZE", "4 1 3 2"),
        ("RELEVANCY", "1 2 3 4"),
    ] {
        assert_eq!(answer(&mut alice, &format!("SORT ({criteria}) UTF-8 ALL")).await, format!("* SORT {expected}"), "{criteria}");
    }
    assert_eq!(answer(&mut alice, "UID SORT (SIZE) US-ASCII FROM alice").await, "* SORT 4 2");
    assert_eq!(answer(&mut alice, "SORT (SIZE) US-ASCII FROM nobody").await, "* SORT");
    assert!(alice.fails("SORT (SIZE) X-UNHEARD-OF ALL").await.starts_with("NO [BADCHARSET"));
    for bad in ["SORT () UTF-8 ALL", "SORT (WEIGHT) UTF-8 ALL", "SORT (SIZE) UTF-8", "SORT SIZE UTF-8 ALL", "THREAD SUBJECT UTF-8 ALL"] {
        assert!(alice.fails(bad).await.starts_with("BAD"), "{bad}");
    }
}

#[tokio::test]
async fn dates_that_a_sort_remembers_stay_those_of_their_messages() {
    let room = room_with_mail().await;
    let mut alice = room.inbox("alice").await;
    assert_eq!(answer(&mut alice, "SORT (DATE) UTF-8 3:*").await, "* SORT 3 4");
    // Two are known, two are not.
    assert_eq!(answer(&mut alice, "SORT (DATE) UTF-8 ALL").await, "* SORT 2 3 1 4");
    room.deliver(b"Date: 1 Nov 2026 12:00:00 +0000\r\n\r\nlate\r\n").await;
    alice.ok("NOOP").await;
    assert_eq!(answer(&mut alice, "SORT (REVERSE DATE SIZE) UTF-8 ALL").await, "* SORT 4 1 3 2 5");
    // Message 4 has no Date: its copy came when it came.
    alice.ok("COPY 1,4 INBOX").await;
    alice.ok("STORE 2 +FLAGS.SILENT (\\Deleted)").await;
    alice.ok("EXPUNGE").await;
    assert_eq!(answer(&mut alice, "UID SORT (DATE) UTF-8 ALL").await, "* SORT 5 3 1 6 4 7");
    let mut another = room.inbox("alice").await;
    assert_eq!(answer(&mut another, "UID SORT (DATE) UTF-8 ALL").await, "* SORT 5 3 1 6 4 7");
}

#[tokio::test]
async fn a_sort_answers_with_what_return_asks_for() {
    let room = room_with_mail().await;
    let mut alice = room.inbox("alice").await;
    for (options, expected) in [
        ("", " ALL 4,1,3,2"),
        ("MIN MAX COUNT", " MIN 4 MAX 2 COUNT 4"),
        ("PARTIAL 1:2", " PARTIAL (1:2 4,1)"),
        ("PARTIAL -1:-3", " PARTIAL (-1:-3 1,3,2)"),
        ("PARTIAL 5:9", " PARTIAL (5:9 NIL)"),
    ] {
        let tag = alice.begin(&format!("UID SORT RETURN ({options}) (SIZE) UTF-8 ALL")).await;
        assert_eq!(alice.until(&tag).await[0], format!("* ESEARCH (TAG \"{tag}\") UID{expected}"), "{options}");
    }
    assert!(alice.ok("SORT RETURN (SAVE) (SIZE) UTF-8 LARGER 350").await.is_empty());
    assert_eq!(answer(&mut alice, "SEARCH $").await, "* SEARCH 2");
    let tag = alice.begin("SEARCH RETURN (PARTIAL -1:-2 SAVE) ALL").await;
    assert_eq!(alice.until(&tag).await[0], format!("* ESEARCH (TAG \"{tag}\") PARTIAL (-1:-2 3:4)"));
    assert_eq!(answer(&mut alice, "SEARCH $").await, "* SEARCH 3 4");
    assert!(alice.fails("SEARCH RETURN (ALL PARTIAL 1:2) ALL").await.starts_with("BAD"));
}

#[tokio::test]
async fn messages_are_put_in_threads() {
    let room = room_with_mail().await;
    let mut alice = room.inbox("alice").await;
    assert_eq!(answer(&mut alice, "THREAD REFERENCES UTF-8 ALL").await, "* THREAD (3 4)(1 2)");
    assert_eq!(answer(&mut alice, "THREAD ORDEREDSUBJECT UTF-8 ALL").await, "* THREAD (2 1)(3 4)");
    assert_eq!(answer(&mut alice, "UID THREAD REFERENCES US-ASCII NOT SUBJECT tea").await, "* THREAD (3 4)");
    assert_eq!(answer(&mut alice, "THREAD REFERENCES US-ASCII SEEN").await, "* THREAD");
}

#[tokio::test]
async fn a_fuzzy_search_finds_words_in_any_order() {
    let room = room_with_mail().await;
    let mut alice = room.inbox("alice").await;
    assert_eq!(answer(&mut alice, "SEARCH SUBJECT \"fwd tea\"").await, "* SEARCH");
    assert_eq!(answer(&mut alice, "SEARCH FUZZY SUBJECT \"fwd tea\"").await, "* SEARCH 2");
    let tag = alice.begin("SEARCH RETURN (ALL RELEVANCY) FUZZY FROM alice").await;
    assert_eq!(alice.until(&tag).await[0], format!("* ESEARCH (TAG \"{tag}\") ALL 2,4 RELEVANCY (100 100)"));
}
