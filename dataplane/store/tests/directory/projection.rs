//! Applying what resources say: nothing twice, nothing late, nothing lost by mistake.

use postern_core::{Clock, directory::DeletionPolicy};
use postern_store::{
    StoreError,
    directory::{AddressTarget, Scope, VerifiersBySource, take_lease},
};
use postern_tests::{TestDatabase, suite};

use crate::world::{DAY, World, account, address, all, changed, domain, source};

suite!(
    an_equal_digest_writes_nothing_and_moves_nothing,
    a_paused_leader_cannot_write_late,
    a_resource_that_comes_back_within_the_grace_finds_its_box,
    when_the_grace_is_over_the_box_may_be_erased,
    a_renamed_resource_and_a_new_cluster_find_the_box_by_its_address,
    many_deletions_at_once_need_a_confirmation,
    an_incomplete_update_and_a_held_resource_delete_nothing,
    a_tenant_lists_its_own,
    quotas_follow_the_box_and_else_the_domain,
    the_database_counts_its_rows_when_it_is_told_to,
);

async fn id(world: &World, at: &str) -> Option<postern_core::AccountId> {
    match world.directory.address(&address(at)).await.unwrap() {
        AddressTarget::Account(account) => Some(account.id),
        _ => None,
    }
}

async fn an_equal_digest_writes_nothing_and_moves_nothing(at: TestDatabase) {
    let world = World::open(&at).await;
    let update = all(&[domain("acme", "example.org")], &[account("acme", "alice@example.org")]);
    let first = world.serve(&update).await;
    assert_eq!((first.written, first.unchanged), (2, 0));
    let second = world.serve(&update).await;
    assert_eq!((second.written, second.unchanged, second.position), (0, 2, first.position));
    let third = world.serve(&all(&update.domains, &[changed(&update.accounts[0], |a| a.suspended = true)])).await;
    assert_eq!((third.written, third.position), (1, first.position + 1));
}

async fn a_paused_leader_cannot_write_late(at: TestDatabase) {
    let world = World::open(&at).await;
    let update = all(&[domain("acme", "example.org")], &[]);
    let next = take_lease(&world.db).await.unwrap();
    let late = world.directory.apply(&update, world.epoch, &VerifiersBySource::new()).await;
    assert!(matches!(late, Err(StoreError::Refused(_))), "{late:?}");
    assert_eq!(world.directory.apply(&update, next, &VerifiersBySource::new()).await.unwrap().written, 1);
}

async fn a_resource_that_comes_back_within_the_grace_finds_its_box(at: TestDatabase) {
    let world = World::open(&at).await;
    let update = all(&[domain("acme", "example.org")], &[account("acme", "alice@example.org")]);
    world.serve(&update).await;
    let before = id(&world, "alice@example.org").await;
    assert!(before.is_some());
    let gone = world.serve(&all(&update.domains, &[])).await;
    assert_eq!(gone.removed, std::slice::from_ref(&update.accounts[0].source));
    assert_eq!(id(&world, "alice@example.org").await, None);
    assert_eq!(world.directory.login("alice@example.org").await.unwrap(), None);
    world.clock.advance(DAY * 29);
    assert_eq!(world.directory.expire(100).await.unwrap(), []);
    let back = world.serve(&update).await;
    assert_eq!(back.restored, std::slice::from_ref(&update.accounts[0].source));
    assert_eq!(id(&world, "alice@example.org").await, before);
}

async fn when_the_grace_is_over_the_box_may_be_erased(at: TestDatabase) {
    let world = World::open(&at).await;
    let bob = changed(&account("acme", "bob@example.org"), |a| a.deletion = DeletionPolicy::Delete);
    let update = all(&[domain("acme", "example.org")], &[account("acme", "alice@example.org"), bob.clone()]);
    world.serve(&update).await;
    let (alice, bobs) = (id(&world, "alice@example.org").await.unwrap(), id(&world, "bob@example.org").await.unwrap());
    world.serve(&all(&update.domains, &[])).await;
    assert_eq!(world.directory.expire(100).await.unwrap(), [bobs]);
    world.directory.forget_account(bobs).await.unwrap();
    world.directory.forget_account(alice).await.unwrap();
    world.clock.advance(DAY * 30);
    assert_eq!(world.directory.expire(100).await.unwrap(), [alice], "a grace that runs is not cut short");
    world.serve(&all(&update.domains, &[bob])).await;
    assert_ne!(id(&world, "bob@example.org").await, Some(bobs), "a new box, for the old one is gone");
}

async fn a_renamed_resource_and_a_new_cluster_find_the_box_by_its_address(at: TestDatabase) {
    let world = World::open(&at).await;
    let mut update = all(&[domain("acme", "example.org")], &[account("acme", "alice@example.org")]);
    world.serve(&update).await;
    let alice = id(&world, "alice@example.org").await.unwrap();
    update.accounts[0].source = source("Mailbox", "acme", "alice-2");
    let report = world.serve(&update).await;
    assert_eq!(report.adopted, [(update.accounts[0].source.clone(), alice)]);
    assert_eq!(report.removed, []);
    assert_eq!(id(&world, "alice@example.org").await, Some(alice));
    let mut elsewhere = update.clone();
    elsewhere.cluster = "two".into();
    elsewhere.domains.clear();
    elsewhere.accounts[0].source.cluster = "two".into();
    let report = world.serve(&elsewhere).await;
    assert_eq!(report.adopted, [(elsewhere.accounts[0].source.clone(), alice)]);
    assert_eq!(id(&world, "alice@example.org").await, Some(alice));
}

async fn many_deletions_at_once_need_a_confirmation(at: TestDatabase) {
    let world = World::open(&at).await;
    let accounts: Vec<_> = (0..40).map(|i| account("acme", &format!("u{i:02}@example.org"))).collect();
    let example = [domain("acme", "example.org")];
    world.serve(&all(&example, &accounts)).await;
    let mut rest = all(&example, &accounts[..20]);
    let report = world.serve(&rest).await;
    assert_eq!((report.withheld.len(), report.removed.len()), (20, 0));
    assert!(id(&world, "u39@example.org").await.is_some());
    rest.confirm_mass_delete = true;
    let report = world.serve(&rest).await;
    assert_eq!((report.withheld.len(), report.removed.len()), (0, 20));
    assert_eq!(id(&world, "u39@example.org").await, None);
}

async fn an_incomplete_update_and_a_held_resource_delete_nothing(at: TestDatabase) {
    let world = World::open(&at).await;
    let (alice, bob) = (account("acme", "alice@example.org"), account("acme", "bob@example.org"));
    let example = [domain("acme", "example.org")];
    world.serve(&all(&example, &[alice.clone(), bob.clone()])).await;
    let mut partial = all(&[], std::slice::from_ref(&bob));
    partial.complete = false;
    assert_eq!(world.serve(&partial).await.removed, []);
    let mut broken = all(&example, &[bob]);
    broken.held = vec![alice.source.clone()];
    assert_eq!(world.serve(&broken).await.removed, []);
    assert!(id(&world, "alice@example.org").await.is_some());
}

async fn a_tenant_lists_its_own(at: TestDatabase) {
    let world = World::open(&at).await;
    let accounts: Vec<_> = (0..5).map(|i| account("acme", &format!("u{i}@example.org"))).collect();
    let mut update = all(&[domain("acme", "example.org"), domain("other", "example.net")], &accounts);
    update.accounts.push(account("other", "eve@example.net"));
    world.serve(&update).await;
    let page = |scope, after: Option<String>| {
        let directory = world.directory.clone();
        async move { directory.list::<postern_core::directory::AccountRecord>(scope, after.as_deref(), 4).await.unwrap() }
    };
    let first = page(Scope::Tenant("acme"), None).await;
    let second = page(Scope::Tenant("acme"), first.last().map(|l| l.owner.clone())).await;
    let names: Vec<_> = first.iter().chain(&second).map(|l| l.record.address.to_string()).collect();
    assert_eq!(names, ["u0@example.org", "u1@example.org", "u2@example.org", "u3@example.org", "u4@example.org"]);
    assert_eq!(page(Scope::Tenant("other"), None).await.len(), 1);
    assert_eq!(page(Scope::Tenant("nobody"), None).await.len(), 0);
    let everything = page(Scope::All, Some(names_last(&first))).await;
    assert_eq!(everything.len(), 2);
}

fn names_last<T>(page: &[postern_store::directory::Listed<T>]) -> String {
    page.last().map(|l| l.owner.clone()).unwrap_or_default()
}

async fn quotas_follow_the_box_and_else_the_domain(at: TestDatabase) {
    use postern_core::ByteSize;
    let world = World::open(&at).await;
    let example = |default: u64| changed(&domain("acme", "example.org"), |d| d.defaults.quota = Some(ByteSize(default)));
    let accounts = [account("acme", "alice@example.org"), changed(&account("acme", "bob@example.org"), |a| a.quota = Some(ByteSize(7)))];
    let quotas = async || {
        let mut all = Vec::new();
        for at in ["alice@example.org", "bob@example.org"] {
            let id = id(&world, at).await.unwrap();
            all.push(postern_store::mail::account::usage(&world.db, id, world.clock.now()).await.unwrap().quota);
        }
        all
    };
    world.serve(&all(&[example(100)], &accounts)).await;
    assert_eq!(quotas().await, [Some(100), Some(7)]);
    world.serve(&all(&[example(200)], &accounts)).await;
    assert_eq!(quotas().await, [Some(200), Some(7)]);
}

async fn the_database_counts_its_rows_when_it_is_told_to(at: TestDatabase) {
    let world = World::open(&at).await;
    world.serve(&all(&[domain("acme", "example.org")], &[account("acme", "alice@example.org")])).await;
    world.directory.grown().await.unwrap();
}
