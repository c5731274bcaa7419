//! The server's machine by transcript, cut anywhere, and against injections.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

#[path = "play/answerer.rs"]
mod answerer;
mod play;

use std::sync::Arc;

use answerer::{Answerer, config};
use play::{Line, first_line, transcripts};
use postern_proto_smtp::{
    Reply,
    server::{Closing, Event, PlaintextBehindStartTls, Server},
};
use proptest::prelude::*;

/// Plays one transcript, feeding at most `piece` octets at once.
fn play(lines: &[Line], piece: usize) {
    let settings: Vec<&str> = lines.iter().filter(|l| l.mark == "!").map(|l| l.text.as_str()).collect();
    let mut session = Answerer::new(&settings);
    let mut last = "";
    for line in lines {
        last = &line.at;
        match line.mark.as_str() {
            "C:" | "C+" | "C*" => line.octets().chunks(piece).for_each(|octets| session.input(octets)),
            "C!" => session.server.start_tls(Arc::new(config(&[]))).unwrap(),
            "S:" => line.expect(first_line(session.server.output()).as_deref()),
            "E:" => {
                let at = session.events.iter().position(|e| unescaped(e) == unescaped(&line.text));
                session.events.drain(..=at.unwrap_or_else(|| panic!("{}: not among {:?}", line.at, session.events)));
            }
            _ => {}
        }
    }
    assert_eq!(first_line(session.server.output()), None, "said after {last}");
}

/// `"\0"` and `"\u{0}"` are the same in an escaped text.
fn unescaped(text: &str) -> String {
    text.replace("\\u{0}", "\\0")
}

#[test]
fn transcripts_hold_in_pieces_of_any_size() {
    let all = transcripts("server");
    assert!(all.len() >= 10);
    for (_, lines) in &all {
        for piece in [usize::MAX, 1, 3] {
            play(lines, piece);
        }
    }
}

/// RFC 3207 §4.2 and CVE-2011-0411: what comes in the clear behind STARTTLS is never read as if it came under TLS.
#[test]
fn nothing_buffered_survives_starttls() {
    for piece in [usize::MAX, 1] {
        let mut session = Answerer::new(&["starttls"]);
        let wire = b"EHLO x.example\r\nSTARTTLS\r\nMAIL FROM:<evil@x.example>\r\n";
        wire.chunks(piece.min(wire.len())).for_each(|octets| session.input(octets));
        assert_eq!(session.events.last().unwrap(), "StartTls");
        assert_eq!(session.server.start_tls(Arc::new(config(&[]))), Err(PlaintextBehindStartTls));
        assert!(session.server.is_closed());
        assert_eq!(session.server.next(), None);
    }
}

#[test]
fn the_prefix_stands_before_the_message_and_is_not_counted() {
    for command in ["DATA\r\n", "BDAT 1000 LAST\r\n"] {
        let mut server = Server::new(Arc::new(config(&[])));
        server.input(format!("EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\n{command}").as_bytes());
        while let Some(event) = server.next() {
            if event == Event::Data { server.accept_data(b"Received: here\r\n".to_vec()) } else { server.accept() }
        }
        server.input(&[b"x".repeat(998), b"\r\n".to_vec(), b".\r\n".to_vec()].concat());
        let Some(Event::Message(octets)) = server.next() else { panic!("a message of just the limit") };
        assert_eq!(octets.len(), 16 + 1000);
        assert!(octets.starts_with(b"Received: here\r\nxxx"));
        server.refuse(Reply::fixed(451, 3, 0, "not now"));
        assert!(!server.in_transaction());
    }
}

#[test]
fn too_many_errors_close() {
    let mut session = Answerer::new(&[]);
    session.input(&b"FOO\r\n".repeat(30));
    assert_eq!(session.events, [format!("{:?}", Event::Closed(Closing::TooManyErrors))]);
    let said = String::from_utf8(std::mem::take(session.server.output())).unwrap();
    assert!(said.ends_with("421 4.7.0 Too many errors, closing\r\n"));
    assert_eq!(said.matches("500 ").count(), 21);
}

#[test]
fn lines_and_recipients_have_their_limits() {
    let mut session = Answerer::new(&[]);
    session.input(b"EHLO x\r\nMAIL FROM:<>\r\n");
    session.server.output().clear();
    session.input(&b"RCPT TO:<a@b.example>\r\n".repeat(101));
    let said = String::from_utf8(std::mem::take(session.server.output())).unwrap();
    assert_eq!(said.matches("250 2.1.5").count(), 100);
    assert!(said.ends_with("452 4.5.3 Too many recipients, send the rest in another transaction\r\n"));
    session.input(&[&b"x".repeat(5000)[..], b"\r\nNOOP\r\n"].concat());
    assert_eq!(session.server.output(), b"500 5.5.2 Line too long\r\n250 2.0.0 OK\r\n");
}

#[test]
fn an_idle_session_is_small() {
    assert!(size_of::<Server>() <= 512, "{}", size_of::<Server>());
    let mut session = Answerer::new(&[]);
    session.input(b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\nhello\r\n.\r\n");
    assert_eq!(session.events.last().unwrap(), "Message \"hello\\r\\n\"");
    session.server.output().clear();
    session.server.shrink();
    assert_eq!(session.server.output().capacity(), 0);
}

#[test]
fn the_dialogue_hides_credentials() {
    let mut server = Server::new(Arc::new(postern_proto_smtp::server::Config { record: true, ..config(&["auth"]) }));
    server.greet();
    server.input(b"EHLO x\r\nAUTH PLAIN\r\n");
    while let Some(event) = server.next() {
        if matches!(event, Event::Auth { .. }) { server.challenge(b"") } else { server.accept() }
    }
    server.input(b"AHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\n");
    assert!(matches!(server.next(), Some(Event::AuthResponse(_))));
    server.accept();
    let dialogue = server.take_dialogue();
    assert!(dialogue.contains("C: AUTH PLAIN ***\nS: 334 ***\nC: ***\nS: 235 2.7.0"), "{dialogue}");
    assert!(!dialogue.contains("AHRp"));
}

fn pieces() -> impl Strategy<Value = Vec<String>> {
    let words = [
        "EHLO x\r\n",
        "HELO x\r\n",
        "MAIL FROM:<a@b.example>\r\n",
        "MAIL FROM:<> BODY=BINARYMIME\r\n",
        "RCPT TO:<c@d.example>\r\n",
        "RCPT TO:<Green@d.example>\r\n",
        "DATA\r\n",
        "BDAT 5\r\n",
        "BDAT 7 LAST\r\n",
        "hello",
        "\r\n",
        ".\r\n",
        ".",
        "..x\r\n",
        "\n",
        "\r",
        "\n.\n",
        "RSET\r\n",
        "AUTH PLAIN\r\n",
        "*\r\n",
        "AHRpbQB3cm9uZw==\r\n",
        "NOOP\r\n",
        "\0",
        "STARTTLS\r\n",
        "QUIT\r\n",
    ];
    proptest::collection::vec(proptest::sample::select(words.map(str::to_owned).to_vec()), 0..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    /// Wherever the input is cut, events and output are the same.
    #[test]
    fn cutting_the_input_changes_nothing(words in pieces(), cuts in proptest::collection::vec(1usize..40, 1..20)) {
        let wire = words.concat().into_bytes();
        let run = |cuts: &[usize]| {
            let mut session = Answerer::new(&["auth", "starttls"]);
            let mut rest = &wire[..];
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                session.input(now);
                rest = later;
            }
            (session.events, std::mem::take(session.server.output()))
        };
        prop_assert_eq!(run(&cuts), run(&[usize::MAX]));
    }
}
