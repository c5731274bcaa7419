//! Splitting the input anywhere changes neither events nor answers.

mod support;

use postern_proto_imap::{
    server::{Event, Server},
    types::{CatenatePart, Command, Reply},
};
use proptest::prelude::*;

/// Pieces of sessions, right and wrong, in any order. STARTTLS is not among them: it discards what came with it, by design.
fn pieces() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(
        prop::sample::select(vec![
            "a LOGIN u p\r\n",
            "a LOGIN {1}\r\nu {1+}\r\np\r\n",
            "a AUTHENTICATE PLAIN\r\n",
            "a AUTHENTICATE PLAIN AHUAcA==\r\n",
            "AHUAcA==\r\n",
            "*\r\n",
            "a SELECT INBOX\r\n",
            "a CLOSE\r\n",
            "a FETCH 1:* (FLAGS BODY[HEADER.FIELDS (From)])\r\n",
            "a SEARCH CHARSET UTF-8 TEXT {3+}\r\nabc\r\n",
            "a APPEND x (\\Seen) {3}\r\nabc\r\n",
            "a APPEND x {3+}\r\nabc {2+}\r\nab\r\n",
            "a APPEND x {13+}\r\nabcdefghijklm\r\n",
            "a APPEND x {2000+}\r\n",
            "a APPEND {1+}\r\nx {4+}\r\nabc",
            "a APPEND x CATENATE (URL /INBOX/;UID=1 TEXT {3+}\r\nabc)\r\n",
            "a APPEND x CATENATE (TEXT {2+}\r\nab URL {5+}\r\n/;UID=1 URL /INBOX/;UID=1 TEXT {1+}\r\n",
            "a UID REPLACE 3 x CATENATE (URL {3}\r\n",
            " URL \"/a\") {3+}\r\nabc\r\n",
            "a IDLE\r\n",
            "DONE\r\n",
            "a ENABLE IMAP4rev2\r\n",
            "a CAPABILITY\r\n",
            "a CREATE &AOQ-\r\n",
            "a FOO {9}\r\n",
            "a {99999+}\r\n",
            "\r\n",
            "\n",
            "{5+}\r\n",
            "x",
            " ",
            "\"",
            "a LOGOUT\r\n",
            "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
        ]),
        0..30,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn splits_change_nothing(pieces in pieces(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6), logged_in: bool, blow_up in 0usize..3) {
        let mut input = if logged_in { "l LOGIN u p\r\n".to_owned() } else { String::new() };
        for piece in pieces {
            // Some of it grows beyond the limits.
            input.push_str(&if piece.len() > 90 { piece.repeat(1 + blow_up * 90) } else { piece.to_owned() });
        }
        let input = input.into_bytes();
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
        at.sort_unstable();
        let (mut chunks, mut from) = (Vec::new(), 0);
        for cut in at {
            chunks.push(&input[from..cut]);
            from = cut;
        }
        chunks.push(&input[from..]);
        let whole = hear(&[&input]);
        prop_assert_eq!(&hear(&chunks), &whole);
        let small: Vec<&[u8]> = input.chunks(1).collect();
        prop_assert_eq!(&hear(&small), &whole);
    }
}

/// What a caller does that agrees to everything; the event as text.
fn agree(server: &mut Server, event: Event) -> String {
    let heard = format!("{event:?}");
    match event {
        Event::Command { command: Command::Idle, .. } => server.idle(),
        Event::Command { command: Command::Authenticate { initial: None, .. }, .. } => server.challenge(b""),
        Event::Command { command: Command::StartTls, .. } => {
            server.complete(Reply::ok("go"));
            server.tls_started(true);
        }
        Event::Command { .. } | Event::AppendEnd | Event::AuthenticateResponse(_) | Event::IdleDone => server.complete(Reply::ok("done")),
        Event::AppendMessage { message, .. } if message.literal.is_some_and(|literal| literal.size == 13) => {
            server.complete(Reply::no("unlucky"));
        }
        Event::AppendPart(CatenatePart::Url(url)) if url.len() == 13 => server.complete(Reply::no("unlucky")),
        Event::AppendMessage { .. } | Event::AppendPart(_) => server.accept(),
        Event::AppendBody(_) | Event::Rejected { .. } | Event::Closed => {}
    }
    heard
}

/// Everything heard when the input comes in these chunks, and all output.
fn hear(chunks: &[&[u8]]) -> (Vec<String>, Vec<u8>) {
    let (mut server, mut heard) = (support::server(), Vec::new());
    for chunk in chunks {
        server.input(chunk);
        while let Some(event) = server.next() {
            heard.push(agree(&mut server, event));
        }
    }
    (heard, std::mem::take(server.output()))
}
