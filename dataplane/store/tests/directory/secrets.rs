//! Keys at rest.

use postern_core::{Secret, directory::DkimAlgorithm};
use postern_store::{
    StoreError, args,
    db::Db,
    directory::{DkimMaterial, DkimState, reseal::reseal},
    transaction,
};
use postern_tests::{TestDatabase, suite};

use crate::world::{NOW, World, all, domain, keys, name};

suite!(a_key_is_made_once_and_sealed, a_key_in_another_row_does_not_open, rotation_seals_everything_anew);

const PRIVATE: &[u8] = b"-- a private key in PKCS #8 --";

async fn signed(at: &TestDatabase) -> World {
    let world = World::open(at).await;
    world.serve(&all(&[domain("acme", "example.org"), domain("acme", "example.net")], &[])).await;
    for at in ["example.org", "example.net"] {
        ensure(&world, at, "s1").await;
    }
    world
}

async fn ensure(world: &World, at: &str, selector: &str) -> String {
    let material = DkimMaterial { selector: selector.into(), private: Secret::new(PRIVATE.to_vec()), public: b"public".to_vec() };
    let (directory, at) = (&world.directory, name(at));
    let key = directory.ensure_dkim("acme", &at, DkimAlgorithm::Ed25519, DkimState::Active, NOW, || Ok(material)).await;
    key.unwrap().selector
}

async fn sealed(db: &Db, at: &str) -> Vec<u8> {
    db.row("SELECT private FROM dkim_key WHERE domain = $1", args![at]).await.unwrap().unwrap().bytes(0).unwrap()
}

async fn a_key_is_made_once_and_sealed(at: TestDatabase) {
    let world = signed(&at).await;
    assert_eq!(ensure(&world, "example.org", "s2").await, "s1");
    let rsa = DkimAlgorithm::Rsa2048;
    let no_key = || Err(StoreError::Refused("no key today".into()));
    let other = world.directory.ensure_dkim("acme", &name("example.org"), rsa, DkimState::Waiting, NOW, no_key).await;
    assert!(matches!(other, Err(StoreError::Refused(_))), "there is none of the other type yet: {other:?}");
    let found = world.directory.dkim_keys(&name("example.org")).await.unwrap();
    assert_eq!(
        found.iter().map(|k| (k.selector.as_str(), k.signs(NOW), k.private.expose().as_slice())).collect::<Vec<_>>(),
        [("s1", true, PRIVATE)]
    );
    let raw = sealed(&world.db, "example.org").await;
    assert!(!raw.windows(7).any(|part| part == b"private"));
    assert!(!format!("{found:?}").contains("private key"));
    world.directory.set_dkim_state("acme", &name("example.org"), "s1", DkimState::Retired).await.unwrap();
    assert!(!world.directory.dkim_keys(&name("example.org")).await.unwrap()[0].signs(NOW));
    assert_eq!(ensure(&world, "example.org", "s3").await, "s3");
}

async fn a_key_in_another_row_does_not_open(at: TestDatabase) {
    let world = signed(&at).await;
    let stolen = sealed(&world.db, "example.org").await;
    put(&world.db, &stolen).await.unwrap();
    let error = world.directory.dkim_keys(&name("example.net")).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
}

async fn put(db: &Db, sealed: &[u8]) -> postern_store::Result<()> {
    transaction!(db, |tx| { tx.execute("UPDATE dkim_key SET private = $1 WHERE domain = 'example.net'", args![sealed]).await.map(|_| ()) })
}

async fn rotation_seals_everything_anew(at: TestDatabase) {
    let world = signed(&at).await;
    let old = sealed(&world.db, "example.org").await;
    let both = keys(&[2, 1]);
    assert_eq!(reseal(&world.db, &both).await.unwrap(), 2);
    assert_eq!(reseal(&world.db, &both).await.unwrap(), 0);
    let new = sealed(&world.db, "example.org").await;
    assert!(both.is_current(&new) && !both.is_current(&old));
    assert!(matches!(reseal(&world.db, &keys(&[3])).await, Err(StoreError::Damaged(_))), "the key is needed");
}
