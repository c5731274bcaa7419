//! Passwords and what is applied only once.

use std::time::Duration;

use postern_core::{
    Secret, Timestamp,
    directory::{AccountRecord, CredentialSource},
};
use postern_store::{
    StoreError,
    directory::{AddressTarget, LastLogins, Reason, Scope, ScramSecret, Verifiers},
};
use postern_tests::{TestDatabase, suite};

use crate::world::{NOW, World, account, address, all, changed, domain, verifiers, with_password};

suite!(
    a_password_is_hashed_when_it_changes_and_only_then,
    the_users_own_password_stays_until_the_resources_changes,
    a_password_is_made_once,
    a_given_hash_needs_no_hashing_and_gains_scram_later,
    initial_values_are_applied_once,
    a_last_login_is_written_once_an_hour_and_goes_with_the_box,
    a_login_knows_all_that_decides_it,
    a_login_is_loaded_as_it_is_and_not_from_what_was_known_of_the_account,
);

async fn a_password_is_hashed_when_it_changes_and_only_then(at: TestDatabase) {
    let world = World::open(&at).await;
    let alice = with_password(&account("acme", "alice@example.org"), "one");
    let mut update = all(&[domain("acme", "example.org")], std::slice::from_ref(&alice));
    assert_eq!(world.directory.plan(&update).await.unwrap().to_hash, std::slice::from_ref(&alice.source));
    let report = world.apply(&update).await;
    assert_eq!(report.refused.iter().map(|r| r.reason).collect::<Vec<_>>(), [Reason::CredentialMissing]);
    assert_eq!(world.directory.login("alice@example.org").await.unwrap(), None);

    assert_eq!(world.apply_with(&update, &verifiers(&alice, "one")).await.refused, []);
    assert_eq!(world.directory.plan(&update).await.unwrap().to_hash, []);
    let mut suspended = changed(&alice, |a| a.suspended = true);
    suspended.record.credential = alice.record.credential.clone();
    update.accounts = vec![suspended];
    assert_eq!(world.directory.plan(&update).await.unwrap().to_hash, [], "another field is no new password");
    world.serve(&update).await;
    update.accounts = vec![with_password(&account("acme", "alice@example.org"), "two")];
    assert_eq!(world.directory.plan(&update).await.unwrap().to_hash, std::slice::from_ref(&alice.source));
    world.apply_with(&update, &verifiers(&alice, "two")).await;
    let login = world.directory.login("alice@example.org").await.unwrap().unwrap();
    assert_eq!(login.phc.as_deref(), Some("$argon2id$two"));
}

/// Otherwise a login that loads while the change comes in could keep what was true before it for ever.
async fn a_login_is_loaded_as_it_is_and_not_from_what_was_known_of_the_account(at: TestDatabase) {
    let world = World::open(&at).await;
    let alice = account("acme", "alice@example.org");
    let mut update = all(&[domain("acme", "example.org")], std::slice::from_ref(&alice));
    world.serve(&update).await;
    let other = world.second().await;
    let AddressTarget::Account(known) = other.address(&address("alice@example.org")).await.unwrap() else { panic!("a box") };
    assert!(!known.record.suspended);
    update.accounts = vec![changed(&alice, |a| a.suspended = true)];
    world.serve(&update).await;
    assert!(other.login("alice@example.org").await.unwrap().unwrap().suspended);
}

async fn the_users_own_password_stays_until_the_resources_changes(at: TestDatabase) {
    let world = World::open(&at).await;
    let alice = with_password(&account("acme", "alice@example.org"), "one");
    let update = all(&[domain("acme", "example.org")], std::slice::from_ref(&alice));
    world.apply_with(&update, &verifiers(&alice, "one")).await;
    let before = world.directory.login("alice@example.org").await.unwrap().unwrap();
    let own = Verifiers { phc: "$argon2id$own".into(), scram: None };
    let other = world.directory.set_password("other", before.account, &own).await;
    assert!(matches!(other, Err(StoreError::NotFound(_))), "{other:?}");
    world.directory.set_password("acme", before.account, &own).await.unwrap();
    let after = world.directory.login("alice@example.org").await.unwrap().unwrap();
    assert_eq!(after.phc.as_deref(), Some("$argon2id$own"));
    assert_ne!(after.credential_digest, before.credential_digest);

    let mut role = changed(&alice, |a| a.suspended = true);
    role.record.credential = alice.record.credential.clone();
    world.serve(&all(&update.domains, &[role])).await;
    let kept = world.directory.login("alice@example.org").await.unwrap().unwrap();
    assert_eq!(kept.phc.as_deref(), Some("$argon2id$own"));
    let new = with_password(&alice, "two");
    world.apply_with(&all(&update.domains, std::slice::from_ref(&new)), &verifiers(&new, "two")).await;
    let set = world.directory.login("alice@example.org").await.unwrap().unwrap();
    assert_eq!(set.phc.as_deref(), Some("$argon2id$two"));
}

async fn a_password_is_made_once(at: TestDatabase) {
    let world = World::open(&at).await;
    let alice = changed(&account("acme", "alice@example.org"), |a| a.credential = CredentialSource::Generate);
    let mut update = all(&[domain("acme", "example.org")], std::slice::from_ref(&alice));
    assert_eq!(world.directory.plan(&update).await.unwrap().to_generate, std::slice::from_ref(&alice.source));
    assert_eq!(world.apply_with(&update, &verifiers(&alice, "made")).await.refused, []);
    update.accounts = vec![changed(&alice, |a| a.suspended = true)];
    assert_eq!(world.directory.plan(&update).await.unwrap().to_generate, []);
    world.serve(&update).await;
    assert_eq!(world.directory.login("alice@example.org").await.unwrap().unwrap().phc.as_deref(), Some("$argon2id$made"));
}

async fn a_given_hash_needs_no_hashing_and_gains_scram_later(at: TestDatabase) {
    let world = World::open(&at).await;
    let alice = changed(&account("acme", "alice@example.org"), |a| a.credential = CredentialSource::Phc("$argon2id$given".into()));
    let update = all(&[domain("acme", "example.org")], &[alice]);
    assert_eq!(world.directory.plan(&update).await.unwrap().to_hash, []);
    world.serve(&update).await;
    let login = world.directory.login("alice@example.org").await.unwrap().unwrap();
    assert_eq!((login.phc.as_deref(), &login.scram), (Some("$argon2id$given"), &None));
    let scram =
        ScramSecret { salt: vec![1; 16], iterations: 4096, stored_key: Secret::new(vec![2; 32]), server_key: Secret::new(vec![3; 32]) };
    assert!(!world.directory.add_scram(login.account, "$argon2id$older", &scram).await.unwrap(), "the password changed meanwhile");
    assert!(world.directory.add_scram(login.account, "$argon2id$given", &scram).await.unwrap());
    let with = world.directory.login("alice@example.org").await.unwrap().unwrap();
    assert_eq!((&with.scram, with.credential_digest), (&Some(scram), login.credential_digest));
}

async fn initial_values_are_applied_once(at: TestDatabase) {
    let world = World::open(&at).await;
    let example = [domain("acme", "example.org")];
    let named = |text: &str| changed(&account("acme", "alice@example.org"), |a| a.initial.display_name = Some(text.to_owned()));
    world.serve(&all(&example, &[named("Alice")])).await;
    world.serve(&all(&example, &[changed(&named("Changed"), |a| a.suspended = true)])).await;
    let AddressTarget::Account(found) = world.directory.address(&address("alice@example.org")).await.unwrap() else { panic!("a box") };
    assert_eq!(found.record.initial.display_name.as_deref(), Some("Alice"));
    assert!(found.record.suspended, "enforced fields follow");
}

async fn a_login_knows_all_that_decides_it(at: TestDatabase) {
    let world = World::open(&at).await;
    let alice = changed(&account("acme", "Alice@example.org"), |a| {
        a.aliases = vec![address("a.smith@example.org")];
        a.protocols.imap = false;
        a.suspended = true;
    });
    world.serve(&all(&[domain("acme", "example.org")], &[alice])).await;
    for name in ["alice@example.org", "A.Smith@Example.org"] {
        let login = world.directory.login(name).await.unwrap().unwrap();
        assert_eq!(login.address, address("Alice@example.org"));
        assert_eq!(login.addresses, [address("a.smith@example.org"), address("alice@example.org")]);
        assert!(login.suspended && !login.protocols.imap && login.protocols.smtp);
        assert_eq!((login.tenant.as_str(), &login.phc), ("acme", &None));
    }
    for nobody in ["bob@example.org", "alice", "", "alice@example.net"] {
        assert_eq!(world.directory.login(nobody).await.unwrap(), None);
    }
    let listed = world.directory.list::<AccountRecord>(Scope::All, None, 10).await.unwrap();
    assert_eq!(listed[0].record.credential, CredentialSource::None);
}

async fn a_last_login_is_written_once_an_hour_and_goes_with_the_box(at: TestDatabase) {
    const HOUR: Duration = Duration::from_secs(3_600);
    let world = World::open(&at).await;
    let alice = account("acme", "alice@example.org");
    let mut update = all(&[domain("acme", "example.org")], std::slice::from_ref(&alice));
    world.serve(&update).await;
    let AddressTarget::Account(known) = world.directory.address(&address("alice@example.org")).await.unwrap() else { panic!("a box") };
    let (here, there) = (LastLogins::default(), LastLogins::default());
    let last = async || world.directory.last_login(known.id).await.unwrap();
    // The beginning of an hour.
    let first = Timestamp(NOW.0 - NOW.0 % 3_600_000_000);
    assert_eq!(last().await, None);
    here.note(known.id, first);
    assert_eq!(here.write(&world.db, first).await.unwrap(), 1);
    here.note(known.id, first + HOUR / 2);
    assert_eq!(here.write(&world.db, first + HOUR / 2).await.unwrap(), 0, "nothing is written for it");
    there.note(known.id, first + HOUR / 2);
    there.write(&world.db, first + HOUR / 2).await.unwrap();
    assert_eq!(last().await, Some(first), "nor by another process");
    here.note(known.id, first + HOUR);
    here.write(&world.db, first + HOUR).await.unwrap();
    assert_eq!(last().await, Some(first + HOUR));
    let owner = alice.source.to_string();
    assert_eq!(world.directory.logged_in_since(&alice.source.cluster, first + HOUR).await.unwrap(), std::slice::from_ref(&owner));
    assert!(world.directory.logged_in_since(&alice.source.cluster, first + HOUR * 2).await.unwrap().is_empty());
    assert_eq!(world.directory.box_facts(std::slice::from_ref(&owner)).await.unwrap()[&owner].last_login, Some(first + HOUR));

    update.accounts.clear();
    world.serve(&update).await;
    world.clock.advance(HOUR * 24 * 365);
    world.directory.expire(1).await.unwrap();
    world.directory.forget_account(known.id).await.unwrap();
    assert_eq!(last().await, None);
}
