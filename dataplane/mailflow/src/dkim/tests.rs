//! Signatures as a verifier of another make sees them: with the record of DNS and nothing else.

use std::{borrow::Borrow, collections::HashMap, hash::Hash, time::Duration};

use mail_auth::{
    AuthenticatedMessage, DkimResult, MessageAuthenticator, Parameters, ResolverCache, Txt, common::parse::TxtRecordParser,
    common::verify::DomainKey,
};
use postern_core::{DomainName, Timestamp, directory::DkimAlgorithm};
use postern_store::directory::{DkimKey, DkimState};
use rand::{SeedableRng, rngs::StdRng};

use super::{Signer, generate, record_name, record_text, selector};

const MESSAGE: &str = "Date: Sun, 22 Nov 2026 00:00:00 +0000\r\nFrom: Alice <alice@example.org>\r\nTo: bob@example.net\r\n\
                       Subject: a  subject\r\n that is folded\r\nMessage-ID: <1@example.org>\r\n\r\nHi  Bob.\r\n\r\nAlice \r\n\r\n";

/// DNS as a verifier's cache holds it.
#[derive(Default)]
struct Zone(HashMap<String, Txt>);

impl ResolverCache<Box<str>, Txt> for Zone {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.iter().find(|(known, _)| <Box<str> as Borrow<Q>>::borrow(&known.as_str().into()) == name).map(|(_, txt)| txt.clone())
    }

    fn remove<Q>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _: Box<str>, _: Txt, _: std::time::Instant) {}
}

fn domain() -> DomainName {
    "example.org".parse().unwrap()
}

fn key(algorithm: DkimAlgorithm) -> DkimKey {
    let at = Timestamp::from_secs(1_795_305_600);
    let made = generate(algorithm, selector(algorithm, at), &mut StdRng::seed_from_u64(7)).unwrap();
    DkimKey {
        selector: made.selector,
        algorithm,
        state: DkimState::Active,
        created_at: at,
        activates_at: at,
        public: made.public,
        private: made.private,
    }
}

/// A message signed by keys of both types, and the zone that shows them.
fn signed() -> (String, Zone) {
    let mut zone = Zone::default();
    let mut message = MESSAGE.to_owned();
    for key in [key(DkimAlgorithm::Rsa2048), key(DkimAlgorithm::Ed25519)] {
        let record = DomainKey::parse(record_text(key.algorithm, &key.public).as_bytes()).unwrap();
        zone.0.insert(format!("{}.", record_name(&key.selector, &domain())), Txt::DomainKey(record.into()));
        let field = Signer::new(&key).unwrap().sign(MESSAGE.as_bytes(), &domain(), key.created_at).unwrap();
        message.insert_str(0, std::str::from_utf8(&field).unwrap());
    }
    (message, zone)
}

/// How many signatures hold.
async fn holds(message: &str, zone: &Zone) -> usize {
    let parsed = AuthenticatedMessage::parse(message.as_bytes()).unwrap();
    // Never asked: the zone knows every name.
    let verifier = MessageAuthenticator::new_cloudflare().unwrap();
    let outputs = verifier.verify_dkim(Parameters::new(&parsed).with_txt_cache(zone)).await;
    assert_eq!(outputs.len(), 2);
    outputs.iter().filter(|output| *output.result() == DkimResult::Pass).count()
}

#[tokio::test]
async fn both_signatures_hold_until_something_is_changed() {
    let (message, zone) = signed();
    assert_eq!(holds(&message, &zone).await, 2);
    assert!(!message.contains(" l="), "the whole body is signed");
    let relayed = format!("Received: from a by b; Sun, 22 Nov 2026 00:00:00 +0000\r\nX-Other: 1\r\n{message}");
    assert_eq!(holds(&relayed, &zone).await, 2, "what relays add is free");
    let refolded = message.replace("a  subject\r\n that", "a subject that");
    assert_eq!(holds(&refolded, &zone).await, 2, "relaxed");
    for changed in [
        message.replace("Hi  Bob.", "Hi  Eve."),
        format!("{message}More.\r\n"),
        message.replace("To: bob", "To: eve"),
        format!("From: Eve <eve@example.com>\r\n{message}"),
        format!("Subject: another\r\n{message}"),
        format!("Reply-To: eve@example.com\r\n{message}"),
        message.replace("\r\nMessage-ID: ", "\r\nCc: eve@example.com\r\nMessage-ID: "),
    ] {
        assert_eq!(holds(&changed, &zone).await, 0, "{changed}");
    }
}

#[test]
fn a_key_waits_for_its_time_and_ends_with_its_state() {
    let mut key = key(DkimAlgorithm::Ed25519);
    assert!(key.signs(key.activates_at));
    assert!(!key.signs(key.activates_at - Duration::from_secs(1)));
    key.state = DkimState::Retired;
    assert!(!key.signs(key.activates_at));
}
