//! Messages that nobody should have sent, to the octet.

use crate::room::Room;

#[tokio::test]
async fn malformed_messages_are_fetched_as_they_were_stored() {
    let nested = (0..300).fold(b"Content-Type: text/plain\r\n\r\ndeep".to_vec(), |inside, n| {
        [
            format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n").as_bytes(),
            &inside,
            format!("\r\n--b{n}--\r\n").as_bytes(),
        ]
        .concat()
    });
    let messages: Vec<Vec<u8>> = vec![
        b"no header, no newline".to_vec(),
        b"\r\n".to_vec(),
        b"Subject: bare\nlf: only\n\nbody\nlines".to_vec(),
        b"Subject: 8bit \xff\xfe\x80\r\n\r\n\xc3\x28 body\r\n".to_vec(),
        b"Content-Type: multipart/mixed; boundary=never\r\n\r\nno boundary at all\r\n".to_vec(),
        b"Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\nhm\r\n".to_vec(),
        b"Subject: nul\0inside\r\n\r\n\0\0\0\r\n".to_vec(),
        b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nbody\r\n".to_vec(),
        b"To: \"unclosed <a@b\r\nContent-Type: text/plain; charset=\"\r\n\r\nx".to_vec(),
        nested,
    ];
    let room = Room::open().await;
    for message in &messages {
        room.deliver(message).await;
    }
    let mut alice = room.inbox("alice").await;
    for (number, message) in (1..).zip(&messages) {
        let stored = [b"Delivered-To: alice@example.org\r\n", message.as_slice()].concat();
        // No string of IMAP's holds NUL (RFC 9051 §4.3); BINARY does.
        let whole: Vec<u8> = stored.iter().map(|&b| if b == 0 { 0x80 } else { b }).collect();
        alice.send(format!("x FETCH {number} (RFC822.SIZE BODY.PEEK[])\r\n")).await;
        let head = format!("* {number} FETCH (RFC822.SIZE {} BODY[] {{{}}}\r\n", whole.len(), whole.len());
        let expected = [head.as_bytes(), &whole, b")"].concat();
        assert_eq!(alice.response().await.unwrap(), expected, "message {number}");
        assert!(alice.line().await.starts_with("x OK"));
        let mark = if stored == whole { "" } else { "~" };
        alice.send(format!("z FETCH {number} BINARY.PEEK[]\r\n")).await;
        let head = format!("* {number} FETCH (BINARY[] {mark}{{{}}}\r\n", stored.len());
        assert_eq!(alice.response().await.unwrap(), [head.as_bytes(), &stored, b")"].concat(), "message {number}");
        assert!(alice.line().await.starts_with("z OK"));
        // Header and text are the whole, cut once.
        let mut cut = Vec::new();
        for section in ["HEADER", "TEXT"] {
            alice.send(format!("y FETCH {number} BODY.PEEK[{section}]\r\n")).await;
            let answer = alice.response().await.unwrap();
            let start = answer.windows(3).position(|w| w == b"}\r\n").unwrap() + 3;
            cut.extend_from_slice(&answer[start..answer.len() - 1]);
            assert!(alice.line().await.starts_with("y OK"));
        }
        assert_eq!(cut, whole, "message {number}");
        // Whatever the structure says, its parts can be had.
        assert_eq!(
            alice.ok(&format!("FETCH {number} (ENVELOPE BODYSTRUCTURE BODY.PEEK[1] BODY.PEEK[1.MIME] BODY.PEEK[9.9])")).await.len(),
            1
        );
    }
    assert_eq!(alice.ok("SEARCH TEXT body").await, ["* SEARCH 3 4 8"]);
}
