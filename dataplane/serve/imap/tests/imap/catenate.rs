//! CATENATE (RFC 4469), and the UTF8 form of APPEND (RFC 6855 §4).

use postern_serve_imap::Config;

use crate::{client::Client, room::Room};

const PARTED: &[u8] = b"Subject: two parts\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nfirst\r\n--b\r\nContent-Type: text/x-note\r\n\r\nthe second\r\n--b--\r\n";

async fn append(client: &mut Client, arguments: &str) -> String {
    let tag = client.begin(&format!("APPEND {arguments}")).await;
    client.until(&tag).await.pop().unwrap()
}

#[tokio::test]
async fn a_message_is_made_of_others() {
    let room = Room::open().await;
    let placed = room.deliver(PARTED).await;
    let mut alice = room.login("alice").await;
    let validity = placed.uid_validity;
    // As RFC 4469 §3 shows it: a draft's header, new text, a part with its own MIME header.
    let answer = append(
        &mut alice,
        &format!(
            "Drafts (\\Seen \\Draft) CATENATE (TEXT {{14+}}\r\nSubject: new\r\n \
             URL \"/INBOX;UIDVALIDITY={validity}/;UID=1/;SECTION=2.MIME\" URL \"/inbox/;uid=1/;section=2/;partial=4.6\" TEXT {{2+}}\r\n\r\n)"
        ),
    )
    .await;
    assert!(answer.starts_with("OK [APPENDUID "), "{answer}");
    alice.ok("SELECT Drafts").await;
    let made = "Subject: new\r\nContent-Type: text/x-note\r\n\r\nsecond\r\n";
    assert_eq!(
        alice.ok("FETCH 1 (FLAGS BODY.PEEK[])").await,
        [format!("* 1 FETCH (FLAGS (\\Seen \\Draft) BODY[] {{{}}}\r\n{made})", made.len())]
    );
    // A whole message, with the lines that are this copy's alone; several messages; a URL that is a literal.
    let answer = append(&mut alice, "Drafts CATENATE (URL {13+}\r\n/INBOX/;UID=1) CATENATE (URL /INBOX/;UID=1/;SECTION=TEXT)").await;
    assert!(answer.starts_with("OK [APPENDUID ") && answer.contains(" 2:3] "), "{answer}");
    alice.ok("SELECT INBOX").await;
    let original = alice.ok("FETCH 1 BODY.PEEK[]").await;
    alice.ok("SELECT Drafts").await;
    assert_eq!(alice.ok("FETCH 2 BODY.PEEK[]").await[0].split_once(' '), original[0].replacen("* 1", "* 2", 1).as_str().split_once(' '));
}

#[tokio::test]
async fn what_a_url_does_not_name_keeps_out_all() {
    let room = Room::open().await;
    room.deliver_all(&["one", "two"]).await;
    let (mut alice, mut other) = (room.login("alice").await, room.inbox("alice").await);
    for bad in [
        "/INBOX/;UID=98",
        "/Nowhere/;UID=1",
        "/INBOX;UIDVALIDITY=1/;UID=1",
        "/INBOX/;UID=1/;SECTION=7",
        "imap://bob@example.org/INBOX/;UID=1",
        "/INBOX",
        "nonsense",
    ] {
        let answer =
            append(&mut alice, &format!("Drafts CATENATE (URL /INBOX/;UID=1 URL \"{bad}\" URL /INBOX/;UID=99 TEXT {{3+}}\r\nabc)")).await;
        assert!(answer.starts_with(&format!("NO [BADURL {bad}] ")), "{answer}");
    }
    // A message that another session has expunged.
    other.ok("STORE 2 +FLAGS (\\Deleted)").await;
    other.ok("EXPUNGE").await;
    let answer = append(&mut alice, "Drafts CATENATE (URL /INBOX/;UID=2)").await;
    assert_eq!(answer.split(']').next(), Some("NO [BADURL /INBOX/;UID=2"));
    // Nobody reads what is not theirs.
    let mut bob = room.login("bob").await;
    let answer = append(&mut bob, "Drafts CATENATE (URL \"/Other%20Users/alice@example.org/INBOX/;UID=1\")").await;
    assert!(answer.starts_with("NO [BADURL "), "{answer}");
    alice.ok("SETACL INBOX bob@example.org lr").await;
    let answer = append(&mut bob, "Drafts CATENATE (URL \"/Other%20Users/alice@example.org/INBOX/;UID=1\")").await;
    assert!(answer.starts_with("OK"), "{answer}");
    assert_eq!(alice.ok("STATUS Drafts (MESSAGES UIDNEXT)").await, ["* STATUS \"Drafts\" (MESSAGES 0 UIDNEXT 1)"]);
}

#[tokio::test]
async fn what_is_made_is_bounded() {
    let room = Room::configured(Config { literal_budget: 400, append_limit: 300, ..Config::default() }).await;
    room.deliver(&[b'x'; 100]).await;
    let mut alice = room.login("alice").await;
    let url = |n: usize| vec!["URL /INBOX/;UID=1/;SECTION=TEXT"; n].join(" ");
    let whole = "URL /INBOX/;UID=1";
    let answer = append(&mut alice, &format!("Drafts CATENATE ({whole} {whole} {whole} TEXT {{3+}}\r\nabc)")).await;
    assert!(answer.starts_with("NO [TOOBIG]"), "{answer}");
    let answer = append(&mut alice, &format!("Drafts CATENATE ({whole} TEXT {{290+}}\r\n{})", "x".repeat(290))).await;
    assert!(answer.starts_with("NO [TOOBIG]"), "{answer}");
    let answer = append(&mut alice, &format!("Drafts CATENATE ({whole} {whole}) CATENATE ({whole} {whole})")).await;
    assert!(answer.starts_with("NO [LIMIT]"), "{answer}");
    let answer = append(&mut alice, &format!("Drafts CATENATE ({})", url(1025))).await;
    assert!(answer.starts_with("NO") || answer.starts_with("BAD"), "{answer}");
    let answer = append(&mut alice, "Drafts CATENATE (TEXT {0+}\r\n)").await;
    assert!(answer.starts_with("NO An empty message"), "{answer}");
    let answer = append(&mut alice, "Drafts CATENATE (TEXT {3+}\r\na\0b)").await;
    assert!(answer.starts_with("NO NUL"), "{answer}");
    assert_eq!(alice.ok("STATUS Drafts (MESSAGES)").await, ["* STATUS \"Drafts\" (MESSAGES 0)"]);
}

#[tokio::test]
async fn utf8_headers_have_a_form_of_their_own() {
    let room = Room::open().await;
    let mut alice = room.login("alice").await;
    let body = "Subject: Zażółć\r\n\r\ngęślą\r\n";
    let n = body.len();
    let form = format!("INBOX (\\Seen) UTF8 (~{{{n}+}}\r\n{body})");
    assert!(append(&mut alice, &form).await.starts_with("BAD"), "not before ENABLE");
    alice.ok("ENABLE UTF8=ACCEPT").await;
    assert!(append(&mut alice, &form).await.starts_with("OK [APPENDUID"));
    assert!(
        append(&mut alice, &format!("INBOX CATENATE (UTF8 (~{{{n}+}}\r\n{body}) TEXT {{2+}}\r\n\r\n)")).await.starts_with("OK [APPENDUID")
    );
    alice.ok("SELECT INBOX").await;
    assert_eq!(
        alice.ok("FETCH 1:2 BODY.PEEK[]").await,
        [format!("* 1 FETCH (BODY[] {{{n}}}\r\n{body})"), format!("* 2 FETCH (BODY[] {{{}}}\r\n{body}\r\n)", n + 2)]
    );
}

#[tokio::test]
async fn what_is_read_for_it_is_bounded_too() {
    let room = Room::configured(Config { literal_budget: 1000, append_limit: 1000, ..Config::default() }).await;
    for _ in 0..2 {
        room.deliver(&[b'x'; 500]).await;
    }
    let mut alice = room.login("alice").await;
    let octet = |uid: usize| format!("URL /INBOX/;UID={uid}/;PARTIAL=0.1");
    // Parts of one message are one reading, however many they are.
    let parts = vec![octet(1); 100].join(" ");
    assert!(append(&mut alice, &format!("Drafts CATENATE ({parts})")).await.starts_with("OK"));
    let parts: Vec<String> = (0..100).map(|n| octet(1 + n % 2)).collect();
    assert!(append(&mut alice, &format!("Drafts CATENATE ({})", parts.join(" "))).await.starts_with("NO [LIMIT]"));
}
