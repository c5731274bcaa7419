//! Passwords: from a Secret that comes late, from one that may not be read, made here, and made anew.

use std::time::Duration;

use crate::lab::{CLUSTER, DOMAIN, Lab, mailbox, secret};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_may_come_later_and_is_the_one_in_the_secret() {
    let lab = Lab::running().await;
    lab.api.apply(&format!("{CLUSTER}\n---\n{DOMAIN}"));
    lab.api.apply(&mailbox("alice", "address: alice@example.org, auth: {passwordSecretRef: {name: alice-pw, key: password}}"));
    let (reason, _) = lab.until_condition("mailboxes", "alice", "Ready", "False").await;
    assert_eq!(reason, "SecretMissing");
    let (reason, message) = lab.until_condition("mailboxes", "alice", "CredentialsReady", "False").await;
    assert_eq!(reason, "SecretMissing");
    assert!(message.contains("alice-pw"), "{message}");
    lab.api.apply(&secret("alice-pw", "password", "c2VjcmV0IG9mIGFsaWNl"));
    lab.until_condition("mailboxes", "alice", "Ready", "True").await;
    lab.until_condition("mailboxes", "alice", "CredentialsReady", "True").await;
    let login = lab.directory.login("alice@example.org").await.unwrap().unwrap();
    assert!(login.phc.is_some() && login.scram.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_namespace_that_does_not_let_us_read_is_told_so() {
    let lab = Lab::running().await;
    lab.api.close("acme");
    lab.api.apply(&format!("{CLUSTER}\n---\n{DOMAIN}"));
    lab.api.apply(&mailbox("alice", "address: alice@example.org, auth: {passwordSecretRef: {name: alice-pw, key: password}}"));
    let (reason, message) = lab.until_condition("mailboxes", "alice", "Stalled", "True").await;
    assert_eq!(reason, "NotPermittedInNamespace");
    assert!(message.contains("RoleBinding"), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_made_into_a_secret_and_made_anew_when_asked() {
    let lab = Lab::running().await;
    lab.api.apply(&format!("{CLUSTER}\n---\n{DOMAIN}"));
    let alice = mailbox("alice", "address: alice@example.org, auth: {generate: true}");
    lab.api.apply(&alice);
    lab.until_condition("mailboxes", "alice", "CredentialsReady", "True").await;
    let made = lab.api.get("secrets", "acme", "alice-credentials").unwrap();
    assert_eq!(made["metadata"]["ownerReferences"][0]["uid"], lab.api.get("mailboxes", "acme", "alice").unwrap()["metadata"]["uid"]);
    let first = lab.directory.login("alice@example.org").await.unwrap().unwrap().credential_digest;

    let rotate_at = lab.clock.now() + Duration::from_secs(1);
    lab.api.apply(&alice.replace("name: alice,", &format!("name: alice, annotations: {{postern.dev/rotate-at: \"{rotate_at}\"}},")));
    let anew = || lab.api.get("secrets", "acme", "alice-credentials").filter(|now| now["data"] != made["data"]);
    lab.until("a new password", anew).await;
    for _ in 0..600 {
        lab.directory.refresh().await.unwrap();
        if lab.directory.login("alice@example.org").await.unwrap().unwrap().credential_digest != first {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the directory has the old password");
}
