//! Only CRLF.CRLF ends a message (RFC 5321 §4.1.1.4). Whatever else looks like an end, to somebody, is refused with the
//! message that it stands in, and the second message that hides behind it is never born.

use postern_tests::{imap::Imap, manifests::PASSWORD, smtp::Smtp};

#[test]
fn no_end_but_the_end_ends_a_message() {
    let server = super::server();
    for end in ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r.\r\n", "\n\r.\n\r", "\r\n\0.\r\n", "\r\r\n.\r\r\n"] {
        let mut smtp = Smtp::greet(server.address("mx")).unwrap();
        assert_eq!(smtp.envelope("a@elsewhere.test", &["one@here.test"]).unwrap().code, 354);
        let hidden = "MAIL FROM:<boss@here.test>\r\nRCPT TO:<one@here.test>\r\nDATA\r\nSubject: smuggled\r\n\r\nx";
        smtp.send(format!("Subject: carrier\r\n\r\nx{end}{hidden}\r\n.\r\nQUIT\r\n").as_bytes()).unwrap();
        let reply = smtp.reply().unwrap();
        assert!((500..600).contains(&reply.code), "{end:?}: {reply:?}");
        // One message, one reply: what follows answers QUIT, and nothing that was hidden.
        assert_eq!(smtp.reply().unwrap().code, 221, "{end:?}");
    }
    let mut imap = Imap::login(server.address("imap"), "one@here.test", PASSWORD).unwrap();
    assert!(imap.header_fields("INBOX", "Subject").is_empty());
}

/// RFC 3207 §4.2: what was sent in clear behind STARTTLS is obeyed neither under TLS nor before it.
#[test]
fn commands_behind_starttls_are_dropped() {
    let server = super::server();
    let mut smtp = Smtp::greet(server.address("mx")).unwrap();
    smtp.send(b"STARTTLS\r\nMAIL FROM:<a@elsewhere.test>\r\nRCPT TO:<one@here.test>\r\n").unwrap();
    // The handshake comes next, or the end; whatever is said before, nothing is accepted.
    let said: Vec<u16> = (0..4).map_while(|_| smtp.reply().ok()).map(|reply| reply.code).collect();
    assert!(!said.contains(&250), "{said:?}");

    let mut imap = Imap::connect(server.address("imap")).unwrap();
    imap.send(b"a STARTTLS\r\nb NOOP\r\n").unwrap();
    let said: Vec<String> = (0..4).map_while(|_| imap.response().ok()).collect();
    assert!(!said.iter().any(|line| line.starts_with("b ")), "{said:?}");
}
