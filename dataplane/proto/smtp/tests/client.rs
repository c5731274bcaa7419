//! The client's machine by transcript, against injections and losses, and against our own server.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

#[path = "play/answerer.rs"]
mod answerer;
mod play;

use answerer::Answerer;
use play::{Line, first_line, transcripts};
use postern_core::{
    Address, Envelope, Recipient,
    envelope::{Notify, Return},
};
use postern_proto_smtp::client::{Cause, Client, Config, Event, RecipientOutcome, ResponseBehindStartTls, Stage, StartTls, Transaction};
use proptest::prelude::*;

fn transaction(sender: &str, recipients: &str, body: impl Into<Vec<u8>>) -> Transaction {
    let envelope = Envelope {
        sender: Address::parse(sender).ok(),
        recipients: recipients.split(',').map(|r| Recipient::plain(Address::parse(r).unwrap())).collect(),
        ..Envelope::default()
    };
    Transaction { envelope, body: body.into().into(), require_tls: false }
}

fn with_dsn(mut transaction: Transaction) -> Transaction {
    transaction.envelope.ret = Some(Return::Headers);
    transaction.envelope.envid = Some("QQ314159".to_owned());
    for recipient in &mut transaction.envelope.recipients {
        recipient.notify = Notify { given: true, success: true, failure: true, delay: false };
        recipient.original = Some("rfc822;Bob@Example.COM".to_owned());
    }
    transaction
}

fn outcomes(outcomes: &[RecipientOutcome]) -> String {
    let one = |o: &RecipientOutcome| {
        let enhanced = o.reply.enhanced.map(|e| format!(" {}.{}.{}", o.reply.code / 100, e.0, e.1)).unwrap_or_default();
        format!("{:?} {}{enhanced}", o.stage, o.reply.code)
    };
    outcomes.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Plays one transcript, feeding at most `piece` octets at once.
fn play(lines: &[Line], piece: usize) {
    let mut config = Config::new("dbc.mtview.ca.us");
    config.chunking = lines.iter().any(|l| l.mark == "!" && l.text == "chunking");
    let mut client = Client::new(config);
    let mut sent = Vec::new();
    let mut dsn = false;
    for (n, line) in lines.iter().enumerate() {
        match line.mark.as_str() {
            "S:" => line.octets().chunks(piece).for_each(|octets| client.input(octets)),
            "C:" => line.expect(first_line(client.output()).as_deref()),
            "R:" => assert_eq!(sent.pop().as_deref(), Some(line.text.as_str()), "{}", line.at),
            ">" => match line.text.split(' ').collect::<Vec<_>>()[..] {
                ["quit"] => client.quit(),
                ["tls"] => client.tls_started().unwrap(),
                ["dsn"] => dsn = true,
                ["send", from, to] => {
                    let body: String = lines[n + 1..].iter().take_while(|l| l.mark == "|").map(|l| format!("{}\r\n", l.text)).collect();
                    let plain = transaction(from, to, body);
                    client.send(if dsn { with_dsn(plain) } else { plain }).unwrap();
                }
                _ => panic!("{}: what is {}", line.at, line.text),
            },
            _ => {}
        }
        while let Some(event) = client.next() {
            match event {
                Event::Sent(list) => sent.push(outcomes(&list)),
                Event::Failed(failure) => panic!("{}: {failure:?}", line.at),
                _ => {}
            }
        }
    }
    assert_eq!(first_line(client.output()), None);
}

#[test]
fn transcripts_hold_in_pieces_of_any_size() {
    let all = transcripts("client");
    assert!(all.len() >= 4);
    for (_, lines) in &all {
        for piece in [usize::MAX, 1, 3] {
            play(lines, piece);
        }
    }
}

/// A client that has said EHLO to a server that offers these.
fn ready(offers: &str) -> Client {
    let mut client = Client::new(Config { starttls: StartTls::Never, ..Config::new("x.example") });
    client.input(format!("220 y.example\r\n250-y.example\r\n{}250 HELP\r\n", offers.replace(' ', "\r\n")).as_bytes());
    assert_eq!(client.next(), Some(Event::Ready));
    client.output().clear();
    client
}

#[test]
fn what_the_server_says_behind_its_220_to_starttls_is_an_injection() {
    let mut client = Client::new(Config::new("x.example"));
    client.input(b"220 y.example\r\n250-y.example\r\n250 STARTTLS\r\n220 go\r\n250-y.example\r\n250 AUTH PLAIN\r\n");
    assert_eq!(client.next(), Some(Event::StartTls));
    assert_eq!(client.tls_started(), Err(ResponseBehindStartTls));
    assert!(client.is_closed());
}

#[test]
fn tls_that_is_required_is_not_done_without() {
    let mut client = Client::new(Config { starttls: StartTls::Required, ..Config::new("x.example") });
    client.input(b"220 y.example\r\n250 y.example\r\n");
    assert!(matches!(client.next(), Some(Event::Failed(f)) if f.stage == Stage::StartTls && f.cause == Cause::NoTls));
    let mut client = Client::new(Config { starttls: StartTls::Required, ..Config::new("x.example") });
    client.input(b"220 y.example\r\n250-y.example\r\n250 STARTTLS\r\n454 4.7.0 no\r\n");
    assert!(matches!(client.next(), Some(Event::Failed(f)) if f.outcome().is_temporary()));
}

#[test]
fn what_the_server_cannot_take_is_not_begun() {
    for (offers, body, expected) in [
        ("", &b"a\nb\r\n"[..], "Check 554 5.6.0"),
        ("", b"a\rb\r\n", "Check 554 5.6.0"),
        ("", b"a\r\n\n.\n\r\n", "Check 554 5.6.0"),
        ("", "ü\r\n".as_bytes(), "Check 554 5.6.3"),
        ("250-SIZE=2 ", b"abc\r\n", "Check 552 5.3.4"),
    ] {
        let mut client = ready(offers);
        client.send(transaction("a@x.example", "b@y.example", body)).unwrap();
        let Some(Event::Sent(list)) = client.next() else { panic!("an outcome at once") };
        assert_eq!(outcomes(&list), expected);
        assert!(client.is_ready() && client.output().is_empty());
    }
    let mut client = ready("250-8BITMIME ");
    client.send(transaction("a@x.example", "ünï@y.example", "x\r\n")).unwrap();
    assert!(matches!(client.next(), Some(Event::Sent(list)) if outcomes(&list) == "Check 550 5.6.7"));
}

#[test]
fn a_lost_connection_decides_for_those_that_were_open() {
    let mut client = ready("250-PIPELINING ");
    client.send(transaction("a@x.example", "b@y.example,c@y.example", "x\r\n")).unwrap();
    client.input(b"250 ok\r\n550 5.1.1 no\r\n250 ok\r\n354 go\r\n");
    assert_eq!(client.next(), None);
    assert!(client.output().ends_with(b"DATA\r\nx\r\n.\r\n"));
    let Some(Event::Sent(list)) = client.disconnected() else { panic!("outcomes") };
    assert_eq!(outcomes(&list), "Rcpt 550 5.1.1, EndOfData 451 4.4.2");
    assert!(list.iter().all(|o| !o.is_delivered()));
    assert_eq!(client.next(), Some(Event::Closed));
    assert_eq!(client.disconnected(), None);
}

#[test]
fn large_messages_leave_in_blocks() {
    let mut client = ready("");
    let body = b"..............................................................\r\n".repeat(4000);
    client.send(transaction("a@x.example", "b@y.example", body.clone())).unwrap();
    client.input(b"250 ok\r\n250 ok\r\n354 go\r\n");
    let mut wire = Vec::new();
    let mut most = 0;
    while let Some(event) = client.next() {
        assert_eq!(event, Event::Flush);
        most = most.max(client.output().len());
        wire.append(client.output());
    }
    wire.append(client.output());
    assert!(most < 80_000);
    let from = wire.windows(6).position(|w| w == b"DATA\r\n").unwrap() + 6;
    assert_eq!(wire.len() - from, body.len() + 4000 + 3);
    client.input(b"250 2.0.0 ok\r\n");
    assert!(matches!(client.next(), Some(Event::Sent(list)) if list[0].result().is_ok()));
}

#[test]
fn endless_replies_end() {
    let mut client = ready("");
    client.input(&b"250-more\r\n".repeat(200));
    assert!(matches!(client.next(), Some(Event::Failed(f)) if f.cause == Cause::Malformed));
    let mut client = Client::new(Config::new("x.example"));
    client.input(&b"2".repeat(10_000));
    assert!(matches!(client.next(), Some(Event::Failed(f)) if f.stage == Stage::Greeting));
}

proptest! {
    /// Whatever the lines, our server reads what our client sends.
    #[test]
    fn both_halves_agree(lines in proptest::collection::vec("[.a ]{0,4}", 0..12), bdat in any::<bool>()) {
        let body: String = lines.iter().map(|l| format!("{l}\r\n")).collect();
        let mut server = Answerer::new(&[]);
        let mut client = Client::new(Config { chunking: bdat, ..Config::new("x.example") });
        let mut delivered = None;
        for _ in 0..50 {
            client.input(&std::mem::take(server.server.output()));
            while let Some(event) = client.next() {
                match event {
                    Event::Ready => client.send(transaction("a@x.example", "b@y.example,Green@y.example", body.clone())).unwrap(),
                    Event::Sent(list) => delivered = Some(outcomes(&list)),
                    _ => {}
                }
            }
            server.input(&std::mem::take(client.output()));
        }
        prop_assert_eq!(delivered.as_deref(), Some("EndOfData 250 2.6.0, Rcpt 550 5.1.1"));
        let received = format!("Message {body:?}");
        prop_assert!(server.events.contains(&received));
    }

    /// Wherever the server's words are cut, events and output are the same.
    #[test]
    fn cutting_the_input_changes_nothing(words in proptest::collection::vec(proptest::sample::select(vec![
        "220 x\r\n", "250-x\r\n", "250 PIPELINING\r\n", "250 ok\r\n", "250-STARTTLS\r\n", "354 go\r\n", "550 5.1.1 no\r\n", "421 bye\r\n", "2", "\r\n", "\n",
    ]), 0..20), cuts in proptest::collection::vec(1usize..12, 1..10)) {
        let wire = words.concat().into_bytes();
        let run = |cuts: &[usize]| {
            let mut client = Client::new(Config { starttls: StartTls::Never, ..Config::new("x.example") });
            let (mut events, mut rest) = (Vec::new(), &wire[..]);
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                client.input(now);
                while let Some(event) = client.next() {
                    if event == Event::Ready {
                        client.send(transaction("a@x.example", "b@y.example,c@y.example", "x\r\n")).unwrap();
                    }
                    events.push(event);
                }
                rest = later;
            }
            (events, std::mem::take(client.output()))
        };
        prop_assert_eq!(run(&cuts), run(&[usize::MAX]));
    }
}
