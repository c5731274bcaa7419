//! The IMAP machine, whole and in pieces: the same events and the same answers.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use postern_proto_imap::{
    server::{Channel, Config, Event, Server},
    types::{CatenatePart, Command, Reply},
};

fuzz_target!(|data: &[u8]| {
    let Some((cuts, wire)) = data.split_at_checked(4) else { return };
    // A session that is logged in reaches more of the machine than one that must guess LOGIN.
    let login: &[u8] = if cuts[0] & 1 == 0 { b"l LOGIN u p\r\n" } else { b"" };
    let wire = [login, wire].concat();
    let whole = play(std::iter::once(wire.as_slice()));
    let mut sizes = cuts.iter().map(|&cut| usize::from(cut) + 1).cycle();
    let mut rest = wire.as_slice();
    let pieces = std::iter::from_fn(|| {
        let (piece, tail) = rest.split_at(sizes.next()?.min(rest.len()));
        rest = tail;
        (!piece.is_empty()).then_some(piece)
    });
    assert_eq!(play(pieces), whole);
    assert_eq!(play(wire.chunks(1)), whole);
});

fn play<'w>(pieces: impl Iterator<Item = &'w [u8]>) -> (Vec<String>, Vec<u8>) {
    let config = Config { mechanisms: vec!["PLAIN".to_owned()], append_limit: 1000, message_limit: None };
    let mut server =
        Server::new(Arc::new(config), Channel { tls: false, starttls: false, binding: false, compressed: false, cleartext_login: true });
    let mut heard = Vec::new();
    for piece in pieces {
        server.input(piece);
        while let Some(event) = server.next() {
            heard.push(format!("{event:?}"));
            agree(&mut server, &event);
        }
    }
    (heard, std::mem::take(server.output()))
}

fn agree(server: &mut Server, event: &Event) {
    match event {
        Event::Command { command: Command::Idle, .. } => server.idle(),
        Event::Command { command: Command::Authenticate { initial: None, .. }, .. } => server.challenge(b"more"),
        Event::Command { .. } | Event::AppendEnd | Event::AuthenticateResponse(_) | Event::IdleDone => server.complete(Reply::ok("done")),
        Event::AppendMessage { message, .. } if message.literal.is_some_and(|literal| literal.size % 13 == 0) => {
            server.complete(Reply::no("unlucky"))
        }
        Event::AppendPart(CatenatePart::Url(url)) if url.len() % 7 == 0 => server.complete(Reply::no("unlucky")),
        Event::AppendMessage { .. } | Event::AppendPart(_) => server.accept(),
        Event::AppendBody(_) | Event::Rejected { .. } | Event::Closed => {}
    }
}
