//! The server's machine: no panic, and the same events and output however the input is cut. A message that is handed
//! over has no CR or LF alone unless it is BINARYMIME.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use postern_core::envelope::BodyType;
use postern_proto_smtp::{
    reply::standard,
    server::{Config, Event, Server},
    stuffing::has_bare_newline,
};

fn config() -> Arc<Config> {
    Arc::new(Config {
        max_size: 300,
        max_recipients: 100,
        starttls: true,
        auth: vec!["PLAIN", "SCRAM-SHA-256"],
        record: true,
        ..Config::new("mx.example")
    })
}

/// Feeds `wire` in pieces and answers by turns.
fn run(config: &Arc<Config>, wire: &[u8], cuts: &[u8]) -> (Vec<Event>, Vec<u8>, String) {
    let mut server = Server::new(Arc::clone(config));
    let (mut events, mut rest, mut turn, mut binary) = (Vec::new(), wire, 0u8, false);
    let mut cuts = cuts.iter().cycle();
    while !rest.is_empty() {
        let cut = cuts.next().map_or(rest.len(), |cut| usize::from(*cut).max(1)).min(rest.len());
        let (now, later) = rest.split_at(cut);
        server.input(now);
        rest = later;
        while let Some(event) = server.next() {
            turn = turn.wrapping_add(1);
            match &event {
                Event::Mail { params, .. } => binary = params.body == Some(BodyType::BinaryMime),
                Event::Message(octets) => assert!(binary || !has_bare_newline(octets)),
                _ => {}
            }
            match &event {
                Event::Auth { .. } | Event::AuthResponse(_) if turn % 2 == 0 => server.challenge(&[turn]),
                Event::Rcpt { .. } | Event::Data | Event::Auth { .. } if turn % 5 == 0 => server.refuse(standard::SHUTTING_DOWN),
                Event::Rcpt { .. } | Event::Data | Event::Message(_) if turn % 3 == 0 => server.refuse(standard::TOO_BIG),
                Event::Data => server.accept_data(b"Received: x\r\n".to_vec()),
                _ => server.accept(),
            }
            events.push(event);
        }
    }
    if let Some(Event::StartTls) = events.last() {
        let _ = server.start_tls(Arc::clone(config));
    }
    let dialogue = server.take_dialogue();
    (events, std::mem::take(server.output()), dialogue)
}

fuzz_target!(|input: &[u8]| {
    let Some((cuts, wire)) = input.split_at_checked(4) else { return };
    let config = config();
    assert_eq!(run(&config, wire, &[]), run(&config, wire, cuts));
});
