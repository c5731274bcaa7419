//! SASL: no panic on any message, at any step, of any mechanism; nobody is proven by chance.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_core::Secret;
use postern_proto_sasl::{ChannelBinding, Exchange, Mechanism, ScramVerifier, Step, TokenRefused, encoding};

fuzz_target!(|input: &[u8]| {
    let Some((&choice, messages)) = input.split_first() else { return };
    let Some(&mechanism) = Mechanism::ALL.get(usize::from(choice % 6)) else { return };
    let binding = if choice & 16 == 0 { ChannelBinding::Unavailable } else { ChannelBinding::TlsExporter(Secret::new(vec![7; 32])) };
    let mut messages = messages.split(|b| *b == b'\n');
    let first = messages.next().filter(|_| choice & 8 == 0);
    let (mut exchange, mut step) = Exchange::start(mechanism, first, "server-nonce", binding);
    for message in messages {
        let _ = encoding::decode(message);
        step = match step {
            Step::ScramLookup { username } => {
                assert!(!username.is_empty());
                exchange.verifier(ScramVerifier::decoy(&Secret::new(b"secret".to_vec()), &username, 4))
            }
            Step::Token(bearer) => {
                assert!(bearer.token.expose().is_ascii());
                exchange.refuse_token(&TokenRefused::default())
            }
            Step::Challenge(_) => exchange.respond(message),
            Step::Done { .. } => unreachable!("a decoy was proven"),
            Step::Verify(_) | Step::Failed(_) => return,
        };
    }
});
