//! Certificates by host, and answers to an issuer's challenges.

use postern_core::Secret;
use postern_store::{
    StoreError, args,
    directory::{Certificate, Challenge, process, reseal::reseal, take_lease},
};
use postern_tests::{TestDatabase, suite};

use crate::world::{DAY, NOW, World, keys, name};

suite!(
    a_host_has_its_own_then_the_wildcards,
    a_renewal_reaches_another_process_at_its_position,
    a_key_is_sealed_for_its_host,
    who_lost_the_lease_changes_nothing,
    a_challenge_is_answered_until_it_is_over,
);

fn certificate(host: &str, chain: &str) -> Certificate {
    let private = Secret::new(format!("key of {chain}").into_bytes());
    Certificate { host: host.into(), origin: "one".into(), chain: chain.into(), private, not_after: NOW + DAY * 90 }
}

async fn chain(world: &postern_store::directory::Directory, host: &str) -> Option<String> {
    let found = world.certificate(&name(host)).await.unwrap();
    found.map(|found| String::from_utf8(found.chain.clone()).unwrap())
}

async fn a_host_has_its_own_then_the_wildcards(at: TestDatabase) {
    let world = World::open(&at).await;
    let directory = &world.directory;
    assert_eq!(chain(directory, "mail.example.org").await, None);
    assert!(directory.set_certificate(&certificate("*.example.org", "wild"), world.epoch).await.unwrap());
    assert_eq!(chain(directory, "mail.example.org").await.as_deref(), Some("wild"), "what was not there before is looked for again");
    assert!(directory.set_certificate(&certificate("mail.example.org", "own"), world.epoch).await.unwrap());
    assert_eq!(chain(directory, "mail.example.org").await.as_deref(), Some("own"));
    assert_eq!(chain(directory, "imap.example.org").await.as_deref(), Some("wild"));
    assert_eq!(chain(directory, "a.b.example.org").await, None, "a wildcard stands for one label");
    assert_eq!(chain(directory, "example.org").await, None);
    let hosts = ["mail.example.org".to_owned(), "never.example.org".to_owned()];
    assert_eq!(directory.remove_certificates(&hosts, world.epoch).await.unwrap(), 1);
    assert_eq!(chain(directory, "mail.example.org").await.as_deref(), Some("wild"));
}

async fn a_renewal_reaches_another_process_at_its_position(at: TestDatabase) {
    let world = World::open(&at).await;
    let other = world.second().await;
    world.directory.set_certificate(&certificate("mail.example.org", "first"), world.epoch).await.unwrap();
    other.refresh().await.unwrap();
    assert_eq!(chain(&other, "mail.example.org").await.as_deref(), Some("first"));
    let before = world.directory.position();
    assert!(!world.directory.set_certificate(&certificate("mail.example.org", "first"), world.epoch).await.unwrap());
    assert_eq!(world.directory.position(), before, "the same one again changes nothing");
    world.directory.set_certificate(&certificate("mail.example.org", "renewed"), world.epoch).await.unwrap();
    let facts = world.directory.certificates().await.unwrap();
    assert_eq!((facts.len(), facts[0].position, facts[0].not_after), (1, before + 1, NOW + DAY * 90));
    // It counts as loaded once every process that lives has passed its position.
    let process = process::register(&world.db, &[], "one", NOW).await.unwrap();
    process::heartbeat(&world.db, process, before, NOW).await.unwrap();
    assert!(!process::programmed(&world.db, facts[0].position, NOW).await.unwrap());
    let applied = other.refresh().await.unwrap();
    assert_eq!(chain(&other, "mail.example.org").await.as_deref(), Some("renewed"));
    process::heartbeat(&world.db, process, applied, NOW).await.unwrap();
    assert!(process::programmed(&world.db, facts[0].position, NOW).await.unwrap());
}

async fn a_key_is_sealed_for_its_host(at: TestDatabase) {
    let world = World::open(&at).await;
    for host in ["a.example.org", "b.example.org"] {
        world.directory.set_certificate(&certificate(host, host), world.epoch).await.unwrap();
    }
    let sealed = async |host: &str| {
        let row = world.db.row("SELECT private FROM certificate WHERE host = $1", args![host]).await.unwrap();
        row.unwrap().bytes(0).unwrap()
    };
    let raw = sealed("a.example.org").await;
    assert!(!raw.windows(6).any(|part| part == b"key of"));
    assert!(!format!("{:?}", world.directory.certificate(&name("a.example.org")).await.unwrap()).contains("key of"));
    let both = keys(&[2, 1]);
    assert_eq!((reseal(&world.db, &both).await.unwrap(), reseal(&world.db, &both).await.unwrap()), (2, 0));
    assert!(both.is_current(&sealed("b.example.org").await));
    let mut tx = world.db.begin().await.unwrap();
    tx.execute("UPDATE certificate SET private = $1 WHERE host = 'b.example.org'", args![&raw]).await.unwrap();
    tx.commit().await.unwrap();
    let moved = world.directory.certificate(&name("b.example.org")).await;
    assert!(matches!(moved, Err(StoreError::Damaged(_))), "{moved:?}");
}

async fn who_lost_the_lease_changes_nothing(at: TestDatabase) {
    let world = World::open(&at).await;
    take_lease(&world.db).await.unwrap();
    let late = world.directory.set_certificate(&certificate("mail.example.org", "late"), world.epoch).await;
    assert!(matches!(late, Err(StoreError::Refused(_))), "{late:?}");
    assert!(matches!(world.directory.set_challenges(&[], world.epoch).await, Err(StoreError::Refused(_))));
    assert!(matches!(world.directory.remove_certificates(&[], world.epoch).await, Err(StoreError::Refused(_))));
    assert_eq!(chain(&world.directory, "mail.example.org").await, None);
}

async fn a_challenge_is_answered_until_it_is_over(at: TestDatabase) {
    let world = World::open(&at).await;
    let challenge = |token: &str| Challenge { token: token.into(), answer: format!("{token}.thumbprint"), until: NOW + DAY };
    world.directory.set_challenges(&[challenge("one_-1"), challenge("two")], world.epoch).await.unwrap();
    let other = world.second().await;
    assert_eq!(other.challenge("one_-1").await.unwrap().as_deref(), Some("one_-1.thumbprint"));
    for none in ["One_-1", "three", "", "../one", &"x".repeat(5_000)] {
        assert_eq!(other.challenge(none).await.unwrap(), None, "{none}");
    }
    world.directory.set_challenges(&[challenge("two")], world.epoch).await.unwrap();
    assert_eq!(other.challenge("one_-1").await.unwrap(), None, "it is no longer asked");
    world.clock.advance(DAY);
    assert_eq!(other.challenge("two").await.unwrap(), None, "it is over");
}
