//! From a manifest to Ready, and what stands in the way.

use std::time::Duration;

use postern_core::Timestamp;
use postern_store::directory::{AddressTarget, LastLogins, claim};

use crate::lab::{CLUSTER, DOMAIN, Lab, mailbox};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_and_its_box_come_to_serve_in_any_order_and_applying_them_again_changes_nothing() {
    let lab = Lab::running().await;
    let alice = mailbox("alice", "address: alice@example.org, quota: 1Gi");
    lab.api.apply(&alice);
    let (reason, message) = lab.until_condition("mailboxes", "alice", "Ready", "False").await;
    assert_eq!(reason, "DomainNotFound");
    assert!(message.contains("apply a Domain with spec.domain: example.org"), "{message}");
    assert_eq!(lab.api.condition("mailboxes", "alice", "Reconciling").unwrap().0, "True");

    lab.api.apply(&format!("{CLUSTER}\n---\n{DOMAIN}"));
    lab.until_condition("domains", "example-org", "Ready", "True").await;
    lab.until_condition("mailboxes", "alice", "Ready", "True").await;
    let AddressTarget::Account(account) = lab.directory.address(&"alice@example.org".parse().unwrap()).await.unwrap() else {
        panic!("no box")
    };
    let shown = lab.api.get("mailboxes", "acme", "alice").unwrap();
    assert_eq!(shown["status"]["mailboxId"], account.id.to_string());
    assert_eq!(shown["metadata"]["finalizers"][0], "postern.dev/cleanup");
    let boxes = || lab.api.get("domains", "acme", "example-org").filter(|d| d["status"]["mailboxes"] == 1);
    lab.until("the domain's count of boxes", boxes).await;

    // An object that is applied behind it is the proof that everything before was looked at.
    let before = lab.api.writes().len();
    lab.api.apply(&format!("{CLUSTER}\n---\n{DOMAIN}\n---\n{alice}"));
    lab.api.apply(&mailbox("bob", "address: bob@example.org"));
    lab.until_condition("mailboxes", "bob", "Ready", "True").await;
    let of_alice = lab.api.writes()[before..].iter().filter(|(_, _, name)| name == "alice").count();
    assert_eq!(of_alice, 0, "{:?}", &lab.api.writes()[before..]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_says_that_it_has_boxes_no_later_than_its_first_box_is_ready() {
    let lab = Lab::running().await;
    lab.api.apply(&format!("{CLUSTER}\n---\n{DOMAIN}"));
    lab.until_condition("domains", "example-org", "Ready", "True").await;
    lab.api.apply(&mailbox("alice", "address: alice@example.org"));
    lab.until_condition("mailboxes", "alice", "Ready", "True").await;
    // Statuses are written in turn: what was asked for before alice's stands when another's does.
    lab.api.apply(&mailbox("bob", "address: bob@example.org"));
    lab.until_condition("mailboxes", "bob", "Ready", "True").await;
    let counted = lab.api.get("domains", "acme", "example-org").unwrap()["status"]["mailboxes"].as_u64();
    assert!(counted >= Some(1), "{counted:?}: nothing keeps this Domain from being deleted by a slip");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_that_nobody_vouches_for_waits_for_its_token_and_the_boxes_of_others_do_not() {
    let lab = Lab::running().await;
    let other = DOMAIN.replace("example-org", "example-net").replace("example.org", "example.net");
    lab.api.apply(&format!("{CLUSTER}\n---\n{DOMAIN}\n---\n{other}"));
    let (reason, _) = lab.until_condition("domains", "example-net", "Ready", "False").await;
    assert!(["TokenNotFound", "Programming"].contains(&reason.as_str()), "{reason}");
    lab.until_condition("domains", "example-org", "Ready", "True").await;
    lab.until_condition("domains", "example-net", "OwnershipVerified", "False").await;
    assert_eq!(lab.api.condition("domains", "example-net", "Stalled").unwrap().0, "False");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_box_that_nobody_can_make_stalls_alone() {
    let lab = Lab::running().await;
    lab.api.apply(&format!("{CLUSTER}\n---\n{DOMAIN}"));
    lab.api.apply(&mailbox("alice", "address: alice@example.org"));
    lab.until_condition("mailboxes", "alice", "Ready", "True").await;
    lab.api.apply(&mailbox("imposter", "address: alice@example.org"));
    let (reason, message) = lab.until_condition("mailboxes", "imposter", "Stalled", "True").await;
    assert_eq!(reason, "AddressTaken");
    assert!(message.contains("Mailbox acme/alice"), "{message}");
    // One that does not even fit its type.
    lab.api.apply(&mailbox("odd", "address: [not, a, text]"));
    lab.until_condition("mailboxes", "odd", "Stalled", "True").await;
    lab.api.apply(&mailbox("bob", "address: bob@example.org"));
    lab.until_condition("mailboxes", "bob", "Ready", "True").await;
    assert_eq!(lab.api.condition("mailboxes", "alice", "Ready").unwrap().0, "True");
}

/// The day of a box's last login, as `kubectl get mailboxes` shows it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_box_tells_the_day_of_its_last_login_and_when_its_first_settings_were_applied() {
    let lab = Lab::running().await;
    lab.api.apply(&format!("{CLUSTER}\n---\n{DOMAIN}\n---\n{}", mailbox("alice", "address: alice@example.org")));
    lab.until_condition("mailboxes", "alice", "Ready", "True").await;
    let AddressTarget::Account(account) = lab.directory.address(&"alice@example.org".parse().unwrap()).await.unwrap() else {
        panic!("no box")
    };
    let status = || lab.api.get("mailboxes", "acme", "alice").unwrap()["status"].clone();
    assert!(status()["lastLogin"].is_null() && status()["twoFactor"].is_null() && status()["initialAppliedAt"].is_null());
    let logins = LastLogins::default();
    logins.note(account.id, Timestamp::from_secs(1_800_000_000));
    logins.write(&lab.db, Timestamp::from_secs(1_800_000_000)).await.unwrap();
    lab.api.apply(&mailbox("alice", "address: alice@example.org, initial: {displayName: Alice}"));
    lab.until("the day", || (status()["lastLogin"] == "2027-01-15").then_some(())).await;
    lab.until("the moment", || status()["initialAppliedAt"].as_str().map(str::to_owned)).await;
}

/// Product: who proves a name displaces a holder whose token has been missing for 30 days, and both are told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_that_changes_hands_is_told_to_both() {
    let lab = Lab::running().await;
    let ours = DOMAIN.replace("example-org", "example-net").replace("example.org", "example.net");
    lab.api.apply(&format!("{CLUSTER}\n---\n{ours}"));
    // The claim comes with the row, a moment after the object.
    let proof = async |tenant: &str, found, at| {
        for _ in 0..200 {
            if claim::record_proof(&lab.db, tenant, "example.net", found, None, at).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{tenant} does not claim it");
    };
    let now = lab.clock.now();
    lab.until_condition("domains", "example-net", "OwnershipVerified", "False").await;
    proof("acme", true, now).await;
    lab.until_condition("domains", "example-net", "OwnershipVerified", "True").await;

    proof("acme", false, now - Duration::from_secs(31 * 24 * 3600)).await;
    lab.api.apply(&ours.replace("namespace: acme", "namespace: umbrella"));
    proof("umbrella", true, now).await;
    let (reason, _) = lab.until_condition("domains", "example-net", "OwnershipVerified", "False").await;
    assert_eq!(reason, "TokenNotFound");
    assert_eq!(lab.api.condition("domains", "example-net", "Ready").unwrap().0, "False");
}
