//! SCRAM-SHA-256 by RFC 7677's own example, and by what an attacker would try.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

use postern_core::Secret;
use postern_proto_sasl::{ChannelBinding, Exchange, Failure, Mechanism, ScramVerifier, Step, encoding};

const FIRST: &[u8] = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
const SERVER_NONCE: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const FINAL: &[u8] = b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

fn verifier() -> ScramVerifier {
    ScramVerifier::derive(&Secret::new("pencil".to_owned()), &encoding::decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap(), 4096)
}

fn challenge(step: Step) -> String {
    match step {
        Step::Challenge(bytes) => String::from_utf8(bytes).unwrap(),
        other => panic!("expected a challenge, got {other:?}"),
    }
}

fn failure(step: Step) -> Failure {
    match step {
        Step::Failed(failure) => failure,
        other => panic!("expected a failure, got {other:?}"),
    }
}

/// Runs to the proof with the given pieces.
fn run(mechanism: Mechanism, first: &[u8], binding: ChannelBinding, verifier: ScramVerifier, last: &[u8]) -> Step {
    let (mut exchange, step) = Exchange::start(mechanism, Some(first), SERVER_NONCE, binding);
    if let Step::Failed(_) = step {
        return step;
    }
    assert!(matches!(step, Step::ScramLookup { username } if username == "user"));
    challenge(exchange.verifier(verifier));
    exchange.respond(last)
}

/// RFC 7677 §3.
#[test]
fn rfc_7677_example() {
    let (mut exchange, step) = Exchange::start(Mechanism::ScramSha256, Some(FIRST), SERVER_NONCE, ChannelBinding::Unavailable);
    assert!(matches!(step, Step::ScramLookup { username } if username == "user"));
    assert_eq!(
        challenge(exchange.verifier(verifier())),
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    );
    assert_eq!(challenge(exchange.respond(FINAL)), "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    assert!(matches!(exchange.respond(b""), Step::Done { authcid, authzid: None } if authcid == "user"));
}

#[test]
fn wrong_passwords_and_unknown_users_fail_alike() {
    let wrong = ScramVerifier::derive(&Secret::new("pen".to_owned()), b"salt", 4096);
    let decoy = ScramVerifier::decoy(&Secret::new(b"server".to_vec()), "user", 4096);
    for verifier in [wrong, decoy] {
        let step = run(Mechanism::ScramSha256, FIRST, ChannelBinding::Unavailable, verifier, FINAL);
        assert_eq!(failure(step), Failure::Proof);
    }
}

#[test]
fn a_replayed_nonce_is_refused() {
    let last = String::from_utf8(FINAL.to_vec()).unwrap().replace("k0,p", "k1,p");
    let step = run(Mechanism::ScramSha256, FIRST, ChannelBinding::Unavailable, verifier(), last.as_bytes());
    assert_eq!(failure(step), Failure::Protocol);
}

#[test]
fn downgrades_and_wrong_channels_are_refused() {
    let exporter = || ChannelBinding::TlsExporter(Secret::new(vec![7; 32]));
    // We offered -PLUS, the client says that we did not.
    assert_eq!(failure(run(Mechanism::ScramSha256, b"y,,n=user,r=abc", exporter(), verifier(), b"")), Failure::ChannelBinding);
    for first in [&b"n,,n=user,r=abc"[..], b"p=tls-unique,,n=user,r=abc"] {
        assert_eq!(failure(run(Mechanism::ScramSha256Plus, first, exporter(), verifier(), b"")), Failure::ChannelBinding);
    }
    // Bound to another channel.
    let other = encoding::encode([b"p=tls-exporter,,".as_slice(), &[8; 32]].concat());
    let last = format!("c={other},r=abc{SERVER_NONCE},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    let step = run(Mechanism::ScramSha256Plus, b"p=tls-exporter,,n=user,r=abc", exporter(), verifier(), last.as_bytes());
    assert_eq!(failure(step), Failure::ChannelBinding);
    // The right channel gets as far as the proof.
    let ours = encoding::encode([b"p=tls-exporter,,".as_slice(), &[7; 32]].concat());
    let last = format!("c={ours},r=abc{SERVER_NONCE},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    let step = run(Mechanism::ScramSha256Plus, b"p=tls-exporter,,n=user,r=abc", exporter(), verifier(), last.as_bytes());
    assert_eq!(failure(step), Failure::Proof);
}
