//! Searches in the client's charset, over messages in theirs (RFC 3501 §6.4.4).

use crate::{client::Client, room::Room};

/// A search whose text is octets, sent as a literal.
async fn found(client: &mut Client, before: &str, text: &[u8]) -> String {
    client.send(format!("x {before} {{{}+}}\r\n", text.len())).await;
    client.send(text).await;
    client.send("\r\n").await;
    let mut answers = client.until("x").await;
    let last = answers.pop().unwrap();
    assert!(last.starts_with("OK"), "{before}: {last}");
    answers.pop().unwrap()
}

#[tokio::test]
async fn texts_are_found_whatever_they_are_written_in() {
    let room = Room::open().await;
    let plain = |subject: &str, charset: &str, body: &[u8]| {
        let mut mail =
            format!("From: a@example.org\r\nSubject: {subject}\r\nContent-Type: text/plain; charset={charset}\r\n\r\n").into_bytes();
        mail.extend_from_slice(body);
        mail
    };
    for mail in [
        plain("=?koi8-r?B?8NLJ18XU?=", "koi8-r", b"\xd7\xc5\xd3\xce\xc1"),
        plain("caf\u{e9}", "windows-1251", b"\xe2\xe5\xf1\xed\xe0"),
        plain("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "iso-2022-jp", b"\x1b$BF|K\\8l\x1b(B"),
        plain("=?iso-8859-1?Q?K=F6nig?=", "utf-8", "\u{412}\u{435}\u{441}\u{43d}\u{430}, K\u{f6}nig".as_bytes()),
    ] {
        room.deliver(&mail).await;
    }
    let mut alice = room.inbox("alice").await;
    // Spring, in four charsets of the client's; it stands in three of the mails'.
    for (charset, octets) in [
        ("KOI8-R", &b"\xf7\xc5\xd3\xce\xc1"[..]),
        ("windows-1251", b"\xc2\xe5\xf1\xed\xe0"),
        ("ISO-8859-5", b"\xb2\xd5\xe1\xdd\xd0"),
        ("UTF-8", "\u{432}\u{435}\u{441}\u{43d}\u{430}".as_bytes()),
    ] {
        assert_eq!(found(&mut alice, &format!("SEARCH CHARSET {charset} BODY"), octets).await, "* SEARCH 1 2 4", "{charset}");
    }
    assert_eq!(found(&mut alice, "SEARCH CHARSET ISO-2022-JP SUBJECT", b"\x1b$BF|K\\\x1b(B").await, "* SEARCH 3");
    assert_eq!(found(&mut alice, "SEARCH CHARSET Shift_JIS TEXT", b"\x93\xfa\x96\x7b\x8c\xea").await, "* SEARCH 3");
    assert_eq!(found(&mut alice, "SEARCH CHARSET \"latin1\" SUBJECT", b"k\xd6nig").await, "* SEARCH 4");
    assert_eq!(found(&mut alice, "UID SORT (REVERSE SUBJECT) ISO-8859-15 HEADER Subject", b"\xe9").await, "* SORT 2");
    assert_eq!(found(&mut alice, "THREAD REFERENCES KOI8-R SUBJECT", b"\xf0\xd2\xc9\xd7").await, "* THREAD (1)");
    let refused = alice.fails("SEARCH CHARSET X-KLINGON ALL").await;
    assert!(refused.starts_with("NO [BADCHARSET (US-ASCII UTF-8 ") && refused.contains(" KOI8-R "), "{refused}");
    assert!(alice.fails("SEARCH CHARSET EUC-JP TEXT {2+}\r\n\u{80}").await.starts_with("BAD"), "no text of that charset");
}
