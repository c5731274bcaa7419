//! What becomes of a box whose object is deleted, applied again, or lost.

use postern_store::directory::AddressTarget;

use crate::lab::{CLUSTER, DOMAIN, Lab, mailbox};

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
