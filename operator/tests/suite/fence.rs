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

/// Whoever leads next knows what statuses say, and a look that finds nothing new is no news.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_begins_and_looks_at_everything_anew_writes_no_status_again() {
    let lab = Lab::new().await;
    let first = lab.start("operator-0", true);
    lab.api.apply(&format!("{CLUSTER}\n---\n{DOMAIN}"));
    lab.until_condition("domains", "example-org", "Ready", "True").await;
    // Its keys are there by now, and so are their records among those that are looked at.
    lab.api.apply(&DOMAIN.replace("namespace: acme", "namespace: acme, annotations: {postern.dev/check-dns: again}"));
    let domain = || lab.api.get("domains", "acme", "example-org").unwrap();
    let key = |record: &serde_json::Value| record["name"].as_str().is_some_and(|name| name.contains("._domainkey."));
    lab.until("the key's record", || domain()["status"]["dns"]["records"].as_array()?.iter().any(key).then_some(())).await;
    first.cancel();
    let asked = lab.names.asked();
    let before = domain();

    lab.start("operator-1", true);
    let records = before["status"]["dns"]["records"].as_array().unwrap().len();
    lab.until("another look", || (lab.names.asked() >= asked + records).then_some(())).await;
    let alias = "apiVersion: postern.dev/v1alpha1\nkind: Alias\nmetadata: {name: sales, namespace: acme}\n\
                 spec: {address: sales@example.org, targets: [bob@far.example]}";
    lab.api.apply(alias);
    lab.until_condition("aliases", "sales", "Ready", "True").await;
    assert_eq!(domain(), before);
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
