//! What users read in `status`: life after each turn of events, and the table made of it.

use crate::support::*;
use postern_core::{ByteSize, Timestamp};
use postern_crds::{
    Condition, Domain, Mailbox, condition,
    domain::{DkimAlgorithm, DkimKeyState, DkimKeyStatus},
};
use postern_projection::{
    Object, Report,
    status::{self, DomainFacts, MailboxFacts, Owned},
    table,
};

fn life(conditions: &[Condition]) -> String {
    let show = |type_: &str| condition::find(conditions, type_).map_or("-".to_owned(), |c| format!("{}({})", c.status, c.reason));
    ["Ready", "Reconciling", "Stalled"].map(show).join(" ")
}

fn box_and_report(text: &str) -> (Mailbox, Report) {
    let (objects, _) = read("m.yaml", text);
    let projection = postern_projection::project(&objects, &standalone());
    let report = projection.reports.iter().find(|(s, _)| s.kind == "Mailbox").unwrap().1.clone();
    ((*objects.mailboxes[0].object).clone(), report)
}

#[test]
fn a_box_becomes_ready_when_every_process_serves_it() {
    let (mut alice, report) =
        box_and_report(&(domain("acme", "d", "domain: x.example") + &mailbox("acme", "alice", "address: a@x.example")));
    let mut facts = MailboxFacts::default();
    let status = status::mailbox(&alice, None, &facts, Timestamp::from_secs(0));
    assert_eq!(life(&status.conditions), "Unknown(Pending) Unknown(Pending) Unknown(Pending)");
    alice.status = Some(status);
    let status = status::mailbox(&alice, Some(&report), &facts, Timestamp::from_secs(1));
    assert_eq!(life(&status.conditions), "False(Programming) True(Programming) False(NotNeeded)");
    alice.status = Some(status);
    facts.programmed = true;
    for at in [2, 3] {
        alice.status = Some(status::mailbox(&alice, Some(&report), &facts, Timestamp::from_secs(at)));
    }
    let conditions = alice.status.unwrap().conditions;
    assert_eq!(life(&conditions), "True(Serving) False(NotNeeded) False(NotNeeded)");
    assert_eq!(condition::find(&conditions, "Ready").unwrap().last_transition_time.0.as_second(), 2);
}

#[test]
fn a_missing_reference_is_waited_for_ten_minutes() {
    let (mut alice, report) = box_and_report(&mailbox("acme", "alice", "address: a@x.example"));
    for (at, expected) in [
        (0, "False(DomainNotFound) True(DomainNotFound) False(NotNeeded)"),
        (599, "False(DomainNotFound) True(DomainNotFound) False(NotNeeded)"),
        (600, "False(DomainNotFound) False(DomainNotFound) True(TimedOut)"),
    ] {
        let status = status::mailbox(&alice, Some(&report), &MailboxFacts::default(), Timestamp::from_secs(at));
        assert_eq!(life(&status.conditions), expected, "after {at} s");
        alice.status = Some(status);
    }
}

#[test]
fn a_hopeless_error_is_stalled_at_once_and_says_what_to_do() {
    let text = domain("acme", "d", "domain: x.example")
        + &mailbox("acme", "alice", "address: a@x.example, auth: {generate: true, oidc: {subject: a}}");
    let (alice, report) = box_and_report(&text);
    let status = status::mailbox(&alice, Some(&report), &MailboxFacts::default(), Timestamp::from_secs(0));
    assert_eq!(life(&status.conditions), "False(InvalidSpec) False(InvalidSpec) True(InvalidSpec)");
    assert!(condition::find(&status.conditions, "Stalled").unwrap().message.contains("set exactly one of"));
}

#[test]
fn figures_do_not_change_with_every_mail() {
    let (alice, report) = box_and_report(&mailbox("acme", "alice", "address: a@x.example"));
    let used = |used: u64, quota: Option<u64>| {
        let facts = MailboxFacts { used: ByteSize(used), quota: quota.map(ByteSize), ..MailboxFacts::default() };
        status::mailbox(&alice, Some(&report), &facts, Timestamp::from_secs(0)).used.unwrap().0
    };
    assert_eq!(used(5_000, None), "5000");
    assert_eq!(used(3 << 30, Some(10 << 30)), used((3 << 30) + (50 << 20), Some(10 << 30)));
    assert_eq!(used(25 << 30, None), "25Gi");
}

#[test]
fn a_domain_waits_for_proof_and_key_and_its_row_shows_it() {
    let (objects, _) = read("m.yaml", &domain("acme", "example-org", "domain: example.org"));
    let projection = postern_projection::project(&objects, &standalone());
    let mut object: Domain = (*objects.domains[0].object).clone();
    let report = projection.reports.into_values().next().unwrap();
    let key =
        DkimKeyStatus { selector: "s".to_owned(), algorithm: DkimAlgorithm::Ed25519, state: DkimKeyState::Active, activates_at: None };
    let mut facts = DomainFacts { programmed: true, mailboxes: 2, ..DomainFacts::default() };
    let mut turn = |facts: &DomainFacts| {
        object.status = Some(status::domain(&object, Some(&report), facts, Timestamp::from_secs(0)));
        table::row(&Object::Domain(Box::new(object.clone())), false, Timestamp::from_secs(0)).join(" ")
    };
    assert_eq!(turn(&facts), "example-org example.org False Unknown Unknown 2 False TokenNotFound <unknown>");
    facts.owned = Owned::Preverified;
    assert_eq!(turn(&facts), "example-org example.org True Unknown Unknown 2 False KeyPending <unknown>");
    facts.dkim.push(key);
    assert_eq!(turn(&facts), "example-org example.org True Unknown Unknown 2 True Serving <unknown>");
}
