//! Readers move on with the position, in the order of commits.

use postern_store::{
    db::{Db, Tx},
    directory::{AddressTarget, Change, Changes, Directory, change},
    transaction,
};
use postern_tests::{TestDatabase, postgres::Postgres, suite};

use crate::world::{World, account, address, alias, all, domain};

suite!(another_process_forgets_what_changed, a_reader_that_is_too_far_behind_forgets_everything, answers_for_nobody_are_forgotten_too,);

async fn is_alias(directory: &Directory, at: &str) -> bool {
    matches!(directory.address(&address(at)).await.unwrap(), AddressTarget::Alias(_))
}

async fn another_process_forgets_what_changed(at: TestDatabase) {
    let world = World::open(&at).await;
    let mut update = all(&[domain("acme", "example.org")], &[]);
    update.aliases = vec![alias("acme", "info@example.org", &["boss@example.net"])];
    world.serve(&update).await;
    let other = world.second().await;
    assert!(is_alias(&other, "info@example.org").await);
    update.aliases.clear();
    let report = world.serve(&update).await;
    assert_eq!(other.refresh().await.unwrap(), report.position);
    assert!(!is_alias(&other, "info@example.org").await);
}

async fn a_reader_that_is_too_far_behind_forgets_everything(at: TestDatabase) {
    let world = World::open(&at).await;
    let mut update = all(&[domain("acme", "example.org")], &[]);
    update.aliases = vec![alias("acme", "info@example.org", &["boss@example.net"])];
    world.serve(&update).await;
    let other = world.second().await;
    assert!(is_alias(&other, "info@example.org").await);
    update.aliases.clear();
    let report = world.serve(&update).await;
    prune(&world.db, report.position).await.unwrap();
    other.refresh().await.unwrap();
    assert!(!is_alias(&other, "info@example.org").await);
}

async fn prune(db: &Db, position: i64) -> postern_store::Result<()> {
    transaction!(db, |tx| { change::prune(tx, position).await.map(|_| ()) })
}

async fn answers_for_nobody_are_forgotten_too(at: TestDatabase) {
    let world = World::open(&at).await;
    let other = world.second().await;
    let alice = address("alice@example.org");
    assert_eq!(other.address(&alice).await.unwrap(), AddressTarget::None);
    world.serve(&all(&[domain("acme", "example.org")], &[])).await;
    other.refresh().await.unwrap();
    assert_eq!(other.address(&alice).await.unwrap(), AddressTarget::None);
    world.serve(&all(&[domain("acme", "example.org")], &[account("acme", "alice@example.org")])).await;
    other.refresh().await.unwrap();
    assert!(matches!(other.address(&alice).await.unwrap(), AddressTarget::Account(_)));
}

/// Removes an alias and leaves the transaction open just before its position, or just after it.
async fn remove(tx: &mut Tx, name: &str) -> Changes {
    let address = format!("{name}@example.org");
    tx.execute("DELETE FROM address WHERE tenant = 'acme' AND address = $1", postern_store::args![&address]).await.unwrap();
    let mut changes = Changes::default();
    changes.add(Change::Address { tenant: "acme".into(), key: address });
    changes
}

/// Two processes, each with connections of its own, and a reader; `first` begins first and commits last.
async fn two_writers(first_counts_early: bool) {
    let at = TestDatabase::postgres();
    let world = World::open(&at).await;
    let mut update = all(&[domain("acme", "example.org")], &[]);
    update.aliases = vec![alias("acme", "a@example.org", &["x@example.net"]), alias("acme", "b@example.org", &["x@example.net"])];
    world.serve(&update).await;
    let elsewhere = crate::support::open(&at).await;
    let reader = world.second().await;
    assert!(is_alias(&reader, "a@example.org").await && is_alias(&reader, "b@example.org").await);

    let mut held = world.db.begin().await.unwrap();
    let mut held_changes = remove(&mut held, "a").await;
    if first_counts_early {
        held_changes.add(Change::Pools);
        held_changes.finish(&mut held).await.unwrap();
        held_changes = Changes::default();
    }
    let second = tokio::spawn(async move {
        let mut tx = elsewhere.begin().await.unwrap();
        let position = remove(&mut tx, "b").await.finish(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        position
    });
    if first_counts_early {
        // The other waits for our position: whatever the reader sees now, it cannot have gone past us.
        reader.refresh().await.unwrap();
        assert!(is_alias(&reader, "a@example.org").await && is_alias(&reader, "b@example.org").await);
        held.commit().await.unwrap();
        second.await.unwrap();
    } else {
        second.await.unwrap();
        reader.refresh().await.unwrap();
        assert!(!is_alias(&reader, "b@example.org").await);
        assert!(is_alias(&reader, "a@example.org").await, "not committed yet");
        held_changes.finish(&mut held).await.unwrap();
        held.commit().await.unwrap();
    }
    reader.refresh().await.unwrap();
    assert!(!is_alias(&reader, "a@example.org").await && !is_alias(&reader, "b@example.org").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_commits_late_is_not_skipped() {
    two_writers(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_held_open_after_its_position_is_not_overtaken() {
    two_writers(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_database_what_is_known_still_answers() {
    let server = Postgres::private();
    let at = TestDatabase::Postgres(server.fresh_database());
    let world = World::open(&at).await;
    world.serve(&all(&[domain("acme", "example.org")], &[account("acme", "alice@example.org")])).await;
    let known = world.directory.address(&address("alice@example.org")).await.unwrap();
    server.stop();
    assert_eq!(world.directory.address(&address("alice@example.org")).await.unwrap(), known);
    let unknown = world.directory.address(&address("bob@example.org")).await.unwrap_err();
    assert!(unknown.is_temporary(), "{unknown}");
    server.start();
    assert_eq!(world.directory.address(&address("bob@example.org")).await.unwrap(), AddressTarget::None);
}
