//! What becomes of a box whose object is deleted, applied again, or lost.

use std::time::Duration;

use postern_core::directory::{AccountRecord, BoxRole, CredentialSource, DeletionPolicy, Digest, Initial, Projected, Protocols, SourceKey};
use postern_store::directory::{AddressTarget, DirectoryUpdate, VerifiersBySource, take_lease};

use crate::lab::{CLUSTER, DOMAIN, Lab, mailbox};

const ALIAS: &str = "apiVersion: postern.dev/v1alpha1\nkind: Alias\nmetadata: {name: sales, namespace: acme}\n\
                     spec: {address: sales@example.org, targets: [alice@example.org]}";

async fn target(lab: &Lab, address: &str) -> AddressTarget {
    lab.directory.refresh().await.unwrap();
    lab.directory.address(&address.parse().unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_box_goes_at_once_and_comes_back_with_its_mail_when_applied_again() {
    let lab = Lab::running().await;
    let alice = mailbox("alice", "address: alice@example.org");
    lab.api.apply(&format!("{CLUSTER}\n---\n{DOMAIN}\n---\n{alice}"));
    lab.until_condition("mailboxes", "alice", "Ready", "True").await;
    let AddressTarget::Account(before) = target(&lab, "alice@example.org").await else { panic!("no box") };

    lab.api.delete("mailboxes", "acme", "alice");
    lab.until("the object to be gone", || lab.api.get("mailboxes", "acme", "alice").is_none().then_some(())).await;
    assert_eq!(target(&lab, "alice@example.org").await, AddressTarget::None);

    lab.api.apply(&alice);
    lab.until_condition("mailboxes", "alice", "Ready", "True").await;
    let AddressTarget::Account(after) = target(&lab, "alice@example.org").await else { panic!("no box") };
    assert_eq!(before.id, after.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_objects_in_a_new_cluster_find_their_boxes_and_an_empty_one_takes_nothing_away() {
    let mut lab = Lab::new().await;
    let first = lab.start("operator-0", true);
    let all = format!("{CLUSTER}\n---\n{DOMAIN}\n---\n{}", mailbox("alice", "address: alice@example.org"));
    lab.api.apply(&all);
    lab.until_condition("mailboxes", "alice", "Ready", "True").await;
    let AddressTarget::Account(before) = target(&lab, "alice@example.org").await else { panic!("no box") };
    first.cancel();

    lab.api = crate::api_server::ApiServer::start().await;
    lab.start("operator-1", true);
    let led = || lab.api.get("leases", "mail-system", "postern-operator");
    lab.until("a leader in the new cluster", led).await;
    assert!(matches!(target(&lab, "alice@example.org").await, AddressTarget::Account(_)));
    lab.api.apply(&all);
    lab.until_condition("mailboxes", "alice", "Ready", "True").await;
    let AddressTarget::Account(after) = target(&lab, "alice@example.org").await else { panic!("no box") };
    assert_eq!(before.id, after.id);
}

/// A box that no object stands for: somebody made it in the panel.
async fn made_in_the_panel(lab: &Lab, address: &str) {
    let record = AccountRecord {
        tenant: "acme".into(),
        address: address.parse().unwrap(),
        aliases: Vec::new(),
        quota: None,
        protocols: Protocols::default(),
        role: BoxRole::User,
        credential: CredentialSource::None,
        subject: None,
        initial: Initial::default(),
        sieve_before: None,
        suspended: false,
        rename_alias_for: Duration::from_secs(86_400),
        deletion: DeletionPolicy::default(),
    };
    let source = SourceKey { cluster: "panel".into(), kind: "Mailbox".into(), namespace: "acme".into(), name: "by-hand".into() };
    let accounts = vec![Projected { source, digest: Digest([1; 32]), generation: 1, record }];
    let update = DirectoryUpdate { cluster: "panel".into(), accounts, ..DirectoryUpdate::default() };
    let epoch = take_lease(&lab.db).await.unwrap();
    let report = lab.directory.apply(&update, epoch, &VerifiersBySource::new()).await.unwrap();
    assert_eq!(report.refused, []);
}

/// As `kubectl delete namespace` does: everything at once, in any order. No object waits for what is not an object.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_namespace_goes_to_its_end_in_spite_of_boxes_of_the_panel_which_come_back_with_their_domain() {
    let lab = Lab::new().await;
    let first = lab.start("operator-0", true);
    let all = format!("{CLUSTER}\n---\n{DOMAIN}\n---\n{}\n---\n{ALIAS}", mailbox("alice", "address: alice@example.org"));
    lab.api.apply(&all);
    lab.until_condition("mailboxes", "alice", "Ready", "True").await;
    lab.until_condition("aliases", "sales", "Ready", "True").await;
    first.cancel();
    made_in_the_panel(&lab, "by-hand@example.org").await;
    let AddressTarget::Account(alice) = target(&lab, "alice@example.org").await else { panic!("no box") };
    let AddressTarget::Account(by_hand) = target(&lab, "by-hand@example.org").await else { panic!("no box") };

    lab.start("operator-1", true);
    let objects = [("domains", "example-org"), ("aliases", "sales"), ("mailboxes", "alice")];
    objects.iter().for_each(|(plural, name)| lab.api.delete(plural, "acme", name));
    for (plural, name) in objects {
        lab.until("the object to be gone", || lab.api.get(plural, "acme", name).is_none().then_some(())).await;
    }
    for address in ["alice@example.org", "by-hand@example.org", "sales@example.org"] {
        assert_eq!(target(&lab, address).await, AddressTarget::None, "nobody serves the domain");
    }
    assert_eq!(lab.directory.expire(10).await.unwrap(), [], "all of it has its grace");

    lab.api.apply(&all);
    lab.until_condition("mailboxes", "alice", "Ready", "True").await;
    let AddressTarget::Account(again) = target(&lab, "alice@example.org").await else { panic!("no box") };
    assert_eq!(again.id, alice.id);
    let AddressTarget::Account(again) = target(&lab, "by-hand@example.org").await else { panic!("the panel's box is lost") };
    assert_eq!(again.id, by_hand.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_its_object_says_becomes_of_a_box_gone_at_once_or_after_its_grace() {
    let lab = Lab::running().await;
    let boxes = [("alice", "deletionPolicy: Delete"), ("bob", "deletionPolicy: Retain, deletionGracePeriod: 1s"), ("carol", "quota: 1Gi")];
    let one = |(name, spec): &(&str, &str)| mailbox(name, &format!("address: {name}@example.org, {spec}"));
    let all: Vec<String> = boxes.iter().map(one).collect();
    lab.api.apply(&format!("{CLUSTER}\n---\n{DOMAIN}\n---\n{}", all.join("\n---\n")));
    let mut ids = Vec::new();
    for (name, _) in boxes {
        lab.until_condition("mailboxes", name, "Ready", "True").await;
        let AddressTarget::Account(account) = target(&lab, &format!("{name}@example.org")).await else { panic!("no box") };
        ids.push(account.id);
    }
    for (name, _) in boxes {
        lab.api.delete("mailboxes", "acme", name);
    }
    for (name, _) in boxes {
        lab.until("the object to be gone", || lab.api.get("mailboxes", "acme", name).is_none().then_some(())).await;
    }
    assert_eq!(lab.directory.expire(1).await.unwrap(), [ids[0]], "what is to be deleted is first, at once");
    let over = lab.clock.now() + Duration::from_secs(2);
    lab.until("a second to pass", || (lab.clock.now() >= over).then_some(())).await;
    let due: Vec<_> = lab.directory.expire(10).await.unwrap();
    assert_eq!(due, ids[..2], "the grace of the third is thirty days");

    lab.directory.forget_account(ids[0]).await.unwrap();
    lab.api.apply(&all.join("\n---\n"));
    for ((name, _), before) in boxes.iter().zip(&ids) {
        lab.until_condition("mailboxes", name, "Ready", "True").await;
        let AddressTarget::Account(account) = target(&lab, &format!("{name}@example.org")).await else { panic!("no box") };
        assert_eq!(account.id == *before, *name != "alice", "{name}: only what was erased is made anew");
    }
    assert_eq!(lab.directory.expire(10).await.unwrap(), []);
}
