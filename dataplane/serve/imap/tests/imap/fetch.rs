//! FETCH: what it says and what it sets.

use crate::room::{Room, mail};

#[tokio::test]
async fn this_copys_own_header_lines_belong_to_the_message() {
    let room = Room::open().await;
    room.deliver_all(&["one"]).await;
    let mut alice = room.inbox("alice").await;
    let whole = format!("Delivered-To: alice@example.org\r\n{}", mail("one"));
    let (header, text) = whole.split_at(whole.find("\r\n\r\n").unwrap() + 4);
    let literal = |s: &str| format!("{{{}}}\r\n{s}", s.len());
    for (item, said, octets) in [
        ("BODY.PEEK[]", "BODY[]", whole.as_str()),
        ("BODY.PEEK[HEADER]", "BODY[HEADER]", header),
        ("BODY.PEEK[TEXT]", "BODY[TEXT]", text),
        ("BODY.PEEK[1]", "BODY[1]", text),
        ("BODY.PEEK[]<3.9>", "BODY[]<3>", &whole[3..12]),
        (
            "BODY.PEEK[HEADER.FIELDS (SUBJECT delivered-to)]",
            "BODY[HEADER.FIELDS (SUBJECT delivered-to)]",
            "Delivered-To: alice@example.org\r\nSubject: one\r\n\r\n",
        ),
        (
            "BODY.PEEK[HEADER.FIELDS.NOT (from to date subject)]",
            "BODY[HEADER.FIELDS.NOT (from to date subject)]",
            "Delivered-To: alice@example.org\r\n\r\n",
        ),
        ("BODY.PEEK[HEADER.FIELDS (X-None)]", "BODY[HEADER.FIELDS (X-None)]", "\r\n"),
        ("RFC822.HEADER", "RFC822.HEADER", header),
        ("BINARY.PEEK[1]", "BINARY[1]", text),
    ] {
        assert_eq!(alice.ok(&format!("FETCH 1 {item}")).await, [format!("* 1 FETCH ({said} {})", literal(octets))], "{item}");
    }
    assert_eq!(
        alice.ok("FETCH 1 (RFC822.SIZE BINARY.SIZE[1] BODY.PEEK[2])").await,
        [format!("* 1 FETCH (RFC822.SIZE {} BINARY.SIZE[1] {} BODY[2] NIL)", whole.len(), text.len())]
    );
}

#[tokio::test]
async fn reading_sets_seen_and_peeking_does_not() {
    let room = Room::open().await;
    room.deliver_all(&["one", "two"]).await;
    let mut alice = room.inbox("alice").await;
    assert_eq!(alice.ok("FETCH 1 BODY.PEEK[TEXT]").await.len(), 1);
    assert_eq!(alice.ok("FETCH 1 FLAGS").await, ["* 1 FETCH (FLAGS ())"]);
    assert_eq!(alice.ok("FETCH 1:2 BODY[TEXT]").await[2..], ["* 1 FETCH (FLAGS (\\Seen))", "* 2 FETCH (FLAGS (\\Seen))"]);
    alice.ok("STORE 1:2 FLAGS.SILENT ()").await;
    alice.ok("EXAMINE INBOX").await;
    assert_eq!(alice.ok("FETCH 1 RFC822").await.len(), 1, "EXAMINE changes nothing");
    assert_eq!(alice.ok("FETCH 1 FLAGS").await, ["* 1 FETCH (FLAGS ())"]);
}

#[tokio::test]
async fn structure_and_envelope_come_from_the_summary() {
    let room = Room::open().await;
    room.deliver(
        b"From: a@example.org\r\nSubject: two parts\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhello\r\n--x\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--x--\r\n",
    )
    .await;
    let mut alice = room.inbox("alice").await;
    assert_eq!(
        alice.ok("FETCH 1 BODY").await,
        [concat!(
            "* 1 FETCH (BODY ((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7BIT\" 5 0)",
            "(\"application\" \"pdf\" (\"name\" \"a.pdf\") NIL NIL \"base64\" 8) \"mixed\"))"
        )]
    );
    assert_eq!(
        alice.ok("FETCH 1 (BINARY.PEEK[2] BODY.PEEK[2.MIME]<0.12>)").await,
        ["* 1 FETCH (BINARY[2] {5}\r\nhello BODY[2.MIME]<0> {12}\r\nContent-Type)"]
    );
    let macros = alice.ok("FETCH 1 FULL").await.pop().unwrap();
    for word in ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"] {
        assert!(macros.contains(word), "{macros}");
    }
}

#[tokio::test]
async fn sets_name_what_they_say() {
    let room = Room::open().await;
    room.deliver_all(&["1", "2", "3", "4", "5"]).await;
    let mut alice = room.inbox("alice").await;
    alice.ok("STORE 2 +FLAGS.SILENT (\\Deleted)").await;
    alice.ok("EXPUNGE").await;
    let uids = |lines: Vec<String>| {
        lines.iter().map(|l| l.split("UID ").nth(1).unwrap().trim_end_matches(')').parse::<u32>().unwrap()).collect::<Vec<_>>()
    };
    for (command, expected) in [
        ("FETCH 1:* UID", vec![1, 3, 4, 5]),
        ("FETCH 4:3,1 UID", vec![1, 4, 5]),
        ("FETCH * UID", vec![5]),
        ("UID FETCH 2:4 UID", vec![3, 4]),
        ("UID FETCH 100:* UID", vec![5]),
        ("UID FETCH 7 UID", vec![]),
    ] {
        assert_eq!(uids(alice.ok(command).await), expected, "{command}");
    }
    assert!(alice.fails("FETCH 5 UID").await.starts_with("BAD"));
    assert_eq!(alice.ok("UID FETCH 3 FLAGS").await, ["* 2 FETCH (UID 3 FLAGS ())"], "a UID command names UIDs");
    let mut bob = room.inbox("bob").await;
    assert!(bob.fails("FETCH * UID").await.starts_with("BAD"));
    assert!(bob.ok("UID FETCH 1:* UID").await.is_empty());
}

#[tokio::test]
async fn a_long_answer_comes_in_pieces_and_in_order() {
    let room = Room::open().await;
    let big = format!("Subject: big\r\n\r\n{}", "0123456789abcdef".repeat(20_000));
    for _ in 0..4 {
        room.deliver(big.as_bytes()).await;
    }
    let mut alice = room.inbox("alice").await;
    let first = alice.begin("FETCH 1:* (UID BODY[])").await;
    let second = alice.begin("FETCH 4 FLAGS").await;
    let answers = alice.until(&first).await;
    assert_eq!(answers.len(), 9, "four bodies, four flags, the end");
    assert!(
        answers[..4].iter().zip(1..).all(|(line, n)| line.starts_with(&format!("* {n} FETCH (UID {n} BODY[]")) && line.len() > big.len())
    );
    assert_eq!(alice.until(&second).await[0], "* 4 FETCH (FLAGS (\\Seen))");
}

/// RFC 3516: what holds NUL comes in as literal8 and goes out so; an encoding that nobody knows is said to be one.
#[tokio::test]
async fn binary_parts_come_and_go_as_they_are() {
    let room = Room::open().await;
    let mut alice = room.inbox("alice").await;
    let message = b"Content-Type: application/x-any\r\nContent-Transfer-Encoding: binary\r\n\r\n\0\x01\xff\0";
    alice.send(format!("t APPEND INBOX ~{{{}+}}\r\n", message.len())).await;
    alice.send(message).await;
    alice.send("\r\n").await;
    assert!(alice.until("t").await.pop().unwrap().starts_with("OK [APPENDUID"));
    alice.send("u FETCH 1 (BINARY.SIZE[1] BINARY.PEEK[1])\r\n").await;
    assert_eq!(alice.response().await.unwrap(), b"* 1 FETCH (BINARY.SIZE[1] 4 BINARY[1] ~{4}\r\n\0\x01\xff\0)");
    alice.until("u").await;

    let unknown = "Content-Type: text/plain\r\nContent-Transfer-Encoding: x-rot13\r\n\r\nuryyb";
    alice.append("INBOX", unknown.as_bytes()).await;
    for item in ["BINARY.PEEK[1]", "BINARY.SIZE[1]"] {
        assert!(alice.fails(&format!("FETCH 2 {item}")).await.starts_with("NO [UNKNOWN-CTE]"), "{item}");
    }
    assert_eq!(alice.ok("FETCH 2 BODY.PEEK[1]").await, ["* 2 FETCH (BODY[1] {5}\r\nuryyb)"]);
}

#[tokio::test]
async fn a_uid_fetch_can_ask_for_a_page() {
    let room = Room::open().await;
    room.deliver_all(&["1", "2", "3", "4", "5", "6"]).await;
    let mut alice = room.inbox("alice").await;
    alice.ok("STORE 3 +FLAGS.SILENT (\\Deleted)").await;
    alice.ok("EXPUNGE").await;
    let uids = |answers: Vec<String>| -> Vec<String> {
        answers.iter().map(|line| line.split("UID ").nth(1).unwrap().split([' ', ')']).next().unwrap().to_owned()).collect()
    };
    // RFC 9394 §3.3: the last three, told in the order of the mailbox.
    assert_eq!(uids(alice.ok("UID FETCH 1:* (UID FLAGS) (PARTIAL -1:-3)").await), ["4", "5", "6"]);
    assert_eq!(uids(alice.ok("UID FETCH 1:2,5:6 (FLAGS) (PARTIAL 3:2)").await), ["2", "5"]);
    assert_eq!(alice.ok("UID FETCH 1:* (FLAGS) (PARTIAL 6:9)").await, Vec::<String>::new());
    // A page of what has changed.
    let since = alice.ok("UID FETCH 6 (MODSEQ)").await[0].split("MODSEQ (").nth(1).unwrap().split(')').next().unwrap().to_owned();
    alice.ok("STORE 1:3 +FLAGS.SILENT ($Work)").await;
    assert_eq!(uids(alice.ok(&format!("UID FETCH 1:* (FLAGS) (PARTIAL -1:-2 CHANGEDSINCE {since})")).await), ["2", "4"]);
    assert!(alice.fails("FETCH 1:* (FLAGS) (PARTIAL 1:2)").await.starts_with("BAD"));
}

#[tokio::test]
async fn every_message_of_many_pages_is_answered_in_its_place() {
    let room = Room::open().await;
    let subjects: Vec<String> = (0..33).map(|n| format!("number {n:02}")).collect();
    room.deliver_all(&subjects.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut alice = room.inbox("alice").await;
    for _ in 0..6 {
        alice.ok("COPY 1:* INBOX").await;
    }
    let right = |answers: &[String], numbers: &mut dyn Iterator<Item = usize>| {
        let expected: Vec<_> = numbers.map(|n| (format!("* {n} FETCH (ENVELOPE ("), format!("\"number {:02}\"", (n - 1) % 33))).collect();
        assert_eq!(answers.len(), expected.len());
        for (answer, (number, subject)) in answers.iter().zip(expected) {
            assert!(answer.starts_with(&number) && answer.contains(&subject), "{answer}, not {number} {subject}");
        }
    };
    right(&alice.ok("FETCH 1:* ENVELOPE").await, &mut (1..=2_112));
    right(&alice.ok("FETCH 2100:2112,7,1:6,9:2000 ENVELOPE").await, &mut (1..=7).chain(9..=2_000).chain(2_100..=2_112));
    // As if a version had written it whose summaries nobody reads any more: made again from the body, also on a page that is ahead.
    let older = postern_store::args![b"".as_slice()];
    let changed: postern_store::Result<u64> = async {
        postern_store::transaction!(room.store.db, |tx| {
            tx.execute("UPDATE message SET summary = $1 WHERE id = (SELECT max(id) FROM message)", older).await
        })
    }
    .await;
    assert_eq!(changed.unwrap(), 1);
    right(&alice.ok("FETCH 40:1050,1060:* ENVELOPE").await, &mut (40..=1_050).chain(1_060..=2_112));
}
