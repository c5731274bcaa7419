//! Who holds a name.

use postern_store::directory::{self, Reason, claim};
use postern_tests::{TestDatabase, suite};

use crate::world::{DAY, World, all, changed, domain, name, pool};

suite!(
    an_unproven_domain_is_not_served_until_it_is_proven,
    the_earlier_commit_holds_whoever_is_applied_next,
    one_update_gives_the_same_winner_in_either_order,
    a_holder_without_its_token_gives_way_after_thirty_days,
    a_domain_that_is_no_longer_vouched_for_has_thirty_days_to_prove_itself,
    a_deleted_domain_frees_its_name_and_gets_it_back,
    a_host_needs_a_domain_of_its_tenant_above_it,
    an_alias_domain_is_the_domain,
    an_address_of_two_pools_is_the_first_ones,
);

async fn holder(world: &World, at: &str) -> Option<String> {
    world.directory.domain(&name(at)).await.unwrap().map(|entry| entry.record.tenant.clone())
}

async fn an_unproven_domain_is_not_served_until_it_is_proven(at: TestDatabase) {
    let world = World::open(&at).await;
    let waiting = changed(&domain("acme", "example.org"), |d| d.preverified = false);
    let report = world.apply(&all(&[waiting], &[])).await;
    assert_eq!(report.refused.iter().map(|r| r.reason).collect::<Vec<_>>(), [Reason::TokenNotFound]);
    assert_eq!(holder(&world, "example.org").await, None);
    assert_eq!(claim::to_verify(&world.db, None).await.unwrap().len(), 1);
    claim::record_proof(&world.db, "acme", "example.org", true, None, crate::world::NOW).await.unwrap().expect("the position moves");
    world.directory.refresh().await.unwrap();
    assert_eq!(holder(&world, "example.org").await.as_deref(), Some("acme"));
    let again = claim::record_proof(&world.db, "acme", "example.org", true, None, crate::world::NOW).await.unwrap();
    assert_eq!(again, None, "what is known moves nothing");
    assert!(claim::record_proof(&world.db, "other", "example.org", true, None, crate::world::NOW).await.is_err());
    let overtaken = directory::take_lease(&world.db).await.unwrap();
    directory::take_lease(&world.db).await.unwrap();
    let late = claim::record_proof(&world.db, "acme", "example.org", false, Some(overtaken), crate::world::NOW).await;
    assert!(matches!(late, Err(postern_store::StoreError::Refused(_))), "{late:?}");
}

async fn the_earlier_commit_holds_whoever_is_applied_next(at: TestDatabase) {
    let world = World::open(&at).await;
    let (late, early) = (domain("a-late", "example.org"), domain("z-early", "example.org"));
    world.serve(&all(std::slice::from_ref(&early), &[])).await;
    for update in [all(&[late.clone(), early.clone()], &[]), all(&[early, late], &[])] {
        let report = world.apply(&update).await;
        assert_eq!(report.refused.len(), 1);
        assert_eq!((report.refused[0].reason, report.refused[0].source.namespace.as_str()), (Reason::DomainClaimedElsewhere, "a-late"));
        assert_eq!(holder(&world, "example.org").await.as_deref(), Some("z-early"));
    }
}

async fn one_update_gives_the_same_winner_in_either_order(at: TestDatabase) {
    let world = World::open(&at).await;
    let (a, b) = (domain("a", "example.org"), domain("b", "example.org"));
    let (c, d) = (domain("a", "example.net"), domain("b", "example.net"));
    world.apply(&all(&[a, b, d, c], &[])).await;
    assert_eq!(holder(&world, "example.org").await.as_deref(), Some("a"));
    assert_eq!(holder(&world, "example.net").await.as_deref(), Some("a"));
}

async fn a_holder_without_its_token_gives_way_after_thirty_days(at: TestDatabase) {
    let world = World::open(&at).await;
    let unproven = |tenant| changed(&domain(tenant, "example.org"), |d| d.preverified = false);
    world.apply(&all(&[unproven("old")], &[])).await;
    world.apply(&all(&[unproven("old"), unproven("new")], &[])).await;
    let check = async |tenant: &str, found: bool| {
        claim::record_proof(&world.db, tenant, "example.org", found, None, postern_core::Clock::now(&*world.clock)).await.unwrap();
        world.directory.refresh().await.unwrap();
    };
    check("old", true).await;
    check("new", true).await;
    assert_eq!(holder(&world, "example.org").await.as_deref(), Some("old"));
    check("old", false).await;
    world.clock.advance(DAY * 29);
    check("old", false).await;
    check("new", true).await;
    assert_eq!(holder(&world, "example.org").await.as_deref(), Some("old"));
    world.clock.advance(DAY);
    check("new", true).await;
    assert_eq!(holder(&world, "example.org").await.as_deref(), Some("new"));
    check("old", true).await;
    assert_eq!(holder(&world, "example.org").await.as_deref(), Some("new"), "who was displaced stands at the end of the line");
}

async fn a_domain_that_is_no_longer_vouched_for_has_thirty_days_to_prove_itself(at: TestDatabase) {
    let world = World::open(&at).await;
    let vouched = domain("acme", "example.org");
    let alone = changed(&vouched, |d| d.preverified = false);
    world.serve(&all(std::slice::from_ref(&vouched), &[])).await;
    let rival = domain("rival", "example.org");
    world.apply(&all(&[alone.clone(), rival.clone()], &[])).await;
    assert_eq!(holder(&world, "example.org").await.as_deref(), Some("acme"));
    world.clock.advance(DAY * 30);
    world.apply(&all(&[alone, changed(&rival, |d| d.hosts.mail = Some(name("mail.example.org")))], &[])).await;
    assert_eq!(holder(&world, "example.org").await.as_deref(), Some("rival"));
    let host = world.directory.domain(&name("example.org")).await.unwrap().unwrap().record.hosts.mail.clone();
    assert_eq!(host, Some(name("mail.example.org")), "and with it the host below");
}

async fn a_deleted_domain_frees_its_name_and_gets_it_back(at: TestDatabase) {
    let world = World::open(&at).await;
    let (first, second) = (domain("first", "example.org"), domain("second", "example.org"));
    world.serve(&all(std::slice::from_ref(&first), &[])).await;
    world.apply(&all(&[first.clone(), second.clone()], &[])).await;
    world.serve(&all(std::slice::from_ref(&second), &[])).await;
    assert_eq!(holder(&world, "example.org").await.as_deref(), Some("second"));
    let report = world.apply(&all(&[first.clone(), second], &[])).await;
    assert_eq!(report.restored, std::slice::from_ref(&first.source));
    assert_eq!(report.refused[0].source, first.source, "it came back behind the one that holds the name");
    world.serve(&all(&[first], &[])).await;
    assert_eq!(holder(&world, "example.org").await.as_deref(), Some("first"));
}

async fn a_host_needs_a_domain_of_its_tenant_above_it(at: TestDatabase) {
    let world = World::open(&at).await;
    let with_host = |tenant: &str, at: &str| changed(&domain(tenant, at), |d| d.hosts.mail = Some(name("mail.example.org")));
    let (stranger, own) = (with_host("stranger", "example.net"), with_host("acme", "example.org"));
    let shared = with_host("acme", "example.com");
    let report = world.apply(&all(std::slice::from_ref(&stranger), &[])).await;
    assert_eq!(
        report.refused.iter().map(|r| (r.name.as_str(), r.reason)).collect::<Vec<_>>(),
        [("mail.example.org", Reason::TokenNotFound)]
    );
    let report = world.apply(&all(&[stranger, own, shared], &[])).await;
    assert_eq!(report.refused.iter().map(|r| r.reason).collect::<Vec<_>>(), [Reason::DomainClaimedElsewhere]);
    let host = async |at: &str| world.directory.domain(&name(at)).await.unwrap().unwrap().record.hosts.mail.clone();
    assert_eq!(host("example.net").await, None);
    assert_eq!(host("example.org").await, Some(name("mail.example.org")));
    assert_eq!(host("example.com").await, Some(name("mail.example.org")), "one tenant's domains share a host");
}

async fn an_alias_domain_is_the_domain(at: TestDatabase) {
    let world = World::open(&at).await;
    let with_alias = changed(&domain("acme", "example.org"), |d| d.aliases = vec![name("example.com")]);
    world.serve(&all(std::slice::from_ref(&with_alias), &[])).await;
    let entry = world.directory.domain(&name("example.com")).await.unwrap().unwrap();
    assert_eq!(entry.record.name, name("example.org"));
    world.serve(&all(&[changed(&with_alias, |d| d.aliases.clear())], &[])).await;
    assert_eq!(world.directory.domain(&name("example.com")).await.unwrap(), None);
}

async fn an_address_of_two_pools_is_the_first_ones(at: TestDatabase) {
    let world = World::open(&at).await;
    let mut update = all(&[], &[]);
    update.pools = vec![pool("z", "first", &["192.0.2.1"])];
    world.serve(&update).await;
    update.pools.push(pool("a", "second", &["192.0.2.1", "192.0.2.2"]));
    let report = world.apply(&update).await;
    assert_eq!(report.refused.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["192.0.2.1"]);
    let pools = world.directory.pools().await.unwrap();
    let held: Vec<(&str, usize)> = pools.iter().map(|pool| (pool.name.as_str(), pool.addresses.len())).collect();
    assert_eq!(held, [("second", 1), ("first", 1)]);
}
