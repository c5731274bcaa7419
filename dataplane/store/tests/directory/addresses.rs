//! Whose an address is.

use postern_store::directory::{AddressTarget, Reason};
use postern_tests::{TestDatabase, suite};

use crate::world::{DAY, World, account, address, alias, all, changed, domain, name};

suite!(
    the_same_address_twice_is_the_first_ones,
    a_new_pair_is_decided_by_name_and_not_by_order,
    an_address_can_change_hands_in_one_update,
    an_address_of_another_tenant_takes_nothing,
    a_rename_keeps_the_old_address_for_a_while,
    mail_to_an_alias_domain_finds_the_box,
    an_alias_that_expired_is_nobody,
);

async fn target(world: &World, at: &str) -> AddressTarget {
    world.directory.address(&address(at)).await.unwrap()
}

/// The resource name of the box that gets the mail.
async fn owner(world: &World, at: &str) -> Option<String> {
    match target(world, at).await {
        AddressTarget::Account(account) => account.owner.rsplit('/').next().map(str::to_owned),
        AddressTarget::Alias(alias) => Some(format!("alias {}", alias.address)),
        AddressTarget::None => None,
    }
}

async fn the_same_address_twice_is_the_first_ones(at: TestDatabase) {
    let world = World::open(&at).await;
    let example = [domain("acme", "example.org")];
    world.serve(&all(&example, &[account("acme", "zoe@example.org")])).await;
    let thief = changed(&account("acme", "adam@example.org"), |a| a.aliases = vec![address("Zoe@example.org")]);
    let report = world.apply(&all(&example, &[thief.clone(), account("acme", "zoe@example.org")])).await;
    assert_eq!(report.refused.iter().map(|r| (&r.source, r.reason)).collect::<Vec<_>>(), [(&thief.source, Reason::AddressTaken)]);
    assert_eq!(owner(&world, "zoe@example.org").await.as_deref(), Some("zoe"));
    assert_eq!(owner(&world, "adam@example.org").await, None, "nothing of a refused object is written");
}

async fn a_new_pair_is_decided_by_name_and_not_by_order(at: TestDatabase) {
    let world = World::open(&at).await;
    let both =
        |box_name: &str| changed(&account("acme", &format!("{box_name}@example.org")), |a| a.aliases = vec![address("info@example.org")]);
    let report = world.apply(&all(&[domain("acme", "example.org")], &[both("b"), both("a")])).await;
    assert_eq!(report.refused.iter().map(|r| r.source.name.as_str()).collect::<Vec<_>>(), ["b"]);
    assert_eq!(owner(&world, "info@example.org").await.as_deref(), Some("a"));
}

async fn an_address_can_change_hands_in_one_update(at: TestDatabase) {
    let world = World::open(&at).await;
    let example = [domain("acme", "example.org")];
    let (a, b) = (account("acme", "a@example.org"), account("acme", "b@example.org"));
    let with_info = |who: &_| changed(who, |a: &mut postern_core::directory::AccountRecord| a.aliases = vec![address("info@example.org")]);
    world.serve(&all(&example, &[with_info(&b), a.clone()])).await;
    assert_eq!(owner(&world, "info@example.org").await.as_deref(), Some("b"));
    world.serve(&all(&example, &[with_info(&a), b.clone()])).await;
    assert_eq!(owner(&world, "info@example.org").await.as_deref(), Some("a"));
    // The box goes, an alias takes its address: somebody has left the company.
    let mut update = all(&example, &[a]);
    update.aliases = vec![alias("acme", "b@example.org", &["a@example.org"])];
    world.serve(&update).await;
    assert_eq!(owner(&world, "b@example.org").await.as_deref(), Some("alias b@example.org"));
    update.accounts.push(b);
    update.aliases.clear();
    world.serve(&update).await;
    assert_eq!(owner(&world, "b@example.org").await.as_deref(), Some("b"));
}

async fn an_address_of_another_tenant_takes_nothing(at: TestDatabase) {
    let world = World::open(&at).await;
    let squatter = account("other", "alice@example.org");
    world.apply(&all(&[domain("other", "example.net")], std::slice::from_ref(&squatter))).await;
    let update = all(&[domain("other", "example.net"), domain("acme", "example.org")], &[squatter, account("acme", "alice@example.org")]);
    world.serve(&update).await;
    let AddressTarget::Account(found) = target(&world, "alice@example.org").await else { panic!("alice has a box") };
    assert_eq!(found.record.tenant, "acme");
}

async fn a_rename_keeps_the_old_address_for_a_while(at: TestDatabase) {
    let world = World::open(&at).await;
    let example = [domain("acme", "example.org")];
    let alice = account("acme", "alice@example.org");
    world.serve(&all(&example, std::slice::from_ref(&alice))).await;
    let AddressTarget::Account(before) = target(&world, "alice@example.org").await else { panic!("alice has a box") };
    let renamed = changed(&alice, |a| a.address = address("alice.smith@example.org"));
    world.serve(&all(&example, std::slice::from_ref(&renamed))).await;
    for at in ["alice@example.org", "alice.smith@example.org"] {
        let AddressTarget::Account(found) = target(&world, at).await else { panic!("{at} has a box") };
        assert_eq!((found.id, found.record.address.to_string()), (before.id, "alice.smith@example.org".to_owned()));
    }
    // Another change of the record does not end it; the time does.
    world.clock.advance(DAY * 29);
    world.serve(&all(&example, &[changed(&renamed, |a| a.suspended = true)])).await;
    assert_eq!(owner(&world, "alice@example.org").await.as_deref(), Some("alice"));
    world.clock.advance(DAY);
    assert_eq!(owner(&world, "alice@example.org").await, None);
    let mut update = all(&example, &[changed(&renamed, |a| a.suspended = true)]);
    update.aliases = vec![alias("acme", "alice@example.org", &["alice.smith@example.org"])];
    world.serve(&update).await;
    assert_eq!(owner(&world, "alice@example.org").await.as_deref(), Some("alias alice@example.org"));
}

async fn mail_to_an_alias_domain_finds_the_box(at: TestDatabase) {
    let world = World::open(&at).await;
    let example = changed(&domain("acme", "example.org"), |d| d.aliases = vec![name("example.com")]);
    world.serve(&all(&[example], &[account("acme", "alice@example.org")])).await;
    assert_eq!(owner(&world, "Alice@EXAMPLE.com").await.as_deref(), Some("alice"));
    assert_eq!(owner(&world, "bob@example.com").await, None);
    assert_eq!(owner(&world, "alice@example.net").await, None);
}

async fn an_alias_that_expired_is_nobody(at: TestDatabase) {
    let world = World::open(&at).await;
    let mut update = all(&[domain("acme", "example.org")], &[]);
    let info = alias("acme", "info@example.org", &["boss@example.net"]);
    update.aliases = vec![changed(&info, |a| a.expires_at = Some(crate::world::NOW + DAY))];
    world.serve(&update).await;
    assert_eq!(owner(&world, "info@example.org").await.as_deref(), Some("alias info@example.org"));
    world.clock.advance(DAY);
    assert_eq!(owner(&world, "info@example.org").await, None);
}
