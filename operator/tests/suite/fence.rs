//! Two operators on one store: whoever was overtaken writes nothing late.

use crate::lab::{CLUSTER, DOMAIN, Lab, mailbox};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_overtaken_leader_writes_nothing_and_leads_again_only_through_the_fence() {
    let lab = Lab::running().await;
    lab.api.apply(&format!("{CLUSTER}\n---\n{DOMAIN}"));
    lab.until_condition("domains", "example-org", "Ready", "True").await;
    // Another has taken the fence, as after a pause in which the lease ran out unseen.
    let taken = postern_store::directory::take_lease(&lab.db).await.unwrap();
    lab.api.apply(&mailbox("alice", "address: alice@example.org"));
    // The leader is turned away, steps down, and leads anew with a fence of its own: only then the box is there.
    lab.until_condition("mailboxes", "alice", "Ready", "True").await;
    assert!(postern_store::directory::fence::is_over(&lab.db, taken).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_replicas_leads_and_the_other_follows_when_it_goes() {
    let lab = Lab::new().await;
    let first = lab.start("operator-0", true);
    let holder =
        || lab.api.get("leases", "mail-system", "postern-operator").and_then(|l| l["spec"]["holderIdentity"].as_str().map(str::to_owned));
    lab.until("operator-0 to lead", || holder().filter(|h| h == "operator-0")).await;
    lab.start("operator-1", true);
    lab.api.apply(&format!("{CLUSTER}\n---\n{DOMAIN}"));
    lab.until_condition("domains", "example-org", "Ready", "True").await;
    assert_eq!(holder().as_deref(), Some("operator-0"));
    first.cancel();
    lab.until("operator-1 to lead", || holder().filter(|h| h == "operator-1")).await;
    lab.api.apply(&mailbox("alice", "address: alice@example.org"));
    lab.until_condition("mailboxes", "alice", "Ready", "True").await;
}
