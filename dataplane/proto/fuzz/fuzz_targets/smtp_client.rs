//! The client's machine: no panic, the same events and output however the server's octets are cut, and only whole
//! lines that end with CRLF go out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_core::{Address, Envelope, Recipient};
use postern_proto_smtp::{
    client::{Client, Config, Event, StartTls, Transaction},
    stuffing::has_bare_newline,
};

fn transaction() -> Option<Transaction> {
    let to = |text: &str| Address::parse(text).ok().map(Recipient::plain);
    let envelope = Envelope {
        sender: Address::parse("a@x.example").ok(),
        recipients: vec![to("b@y.example")?, to("\"c d\"@y.example")?],
        ..Envelope::default()
    };
    Some(Transaction { envelope, body: b"Subject: x\r\n\r\n.\r\n..\r\nx".to_vec().into(), require_tls: false })
}

fn run(wire: &[u8], cuts: &[u8], chunking: bool) -> (Vec<Event>, Vec<u8>, String) {
    let mut client = Client::new(Config { starttls: StartTls::IfOffered, chunking, record: true, ..Config::new("x.example") });
    let (mut events, mut rest, mut left) = (Vec::new(), wire, 2);
    let mut cuts = cuts.iter().cycle();
    while !rest.is_empty() {
        let cut = cuts.next().map_or(rest.len(), |cut| usize::from(*cut).max(1)).min(rest.len());
        let (now, later) = rest.split_at(cut);
        client.input(now);
        rest = later;
        while let Some(event) = client.next() {
            events.push(event);
            if client.is_ready() && left > 0 {
                left -= 1;
                if let Some(transaction) = transaction() {
                    let _ = client.send(transaction);
                }
            } else if client.is_ready() {
                client.quit();
            }
        }
    }
    events.extend(client.disconnected());
    let dialogue = client.take_dialogue();
    (events, std::mem::take(client.output()), dialogue)
}

fuzz_target!(|input: &[u8]| {
    let Some((cuts, wire)) = input.split_at_checked(4) else { return };
    let chunking = cuts.first().is_some_and(|cut| cut % 2 == 0);
    let whole = run(wire, &[], chunking);
    assert!(!has_bare_newline(&whole.1));
    assert_eq!(whole, run(wire, cuts, chunking));
});
