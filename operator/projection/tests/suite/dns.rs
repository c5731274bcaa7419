//! The DNS doctor: a spec and a zone in, rows and conditions out.

use std::collections::BTreeMap;

use postern_core::{DomainName, Secret, Timestamp, directory::PoolRecord};
use postern_crds::domain::{RecordState, RecordStatus};
use postern_projection::dns::{
    Answer, Answers, Diagnosis, DkimRecord, Expected, Need, Parts, Question, RecordType, Site, Token, expected, points_here, questions,
};
use proptest::prelude::*;

use crate::support::*;

const SPEC: &str = "domain: example.org, hosts: {mail: mail.example.org, track: click.example.org, returnPath: rp.example.org}, \
     dns: {dmarc: {rua: ['mailto:p@example.org']}, spfIncludes: [news.test]}";

/// Everything that [`SPEC`] asks for.
const GOOD: &str = "mail.example.org A 192.0.2.1
mail.example.org AAAA 2001:db8::1
example.org MX 10 mail.example.org.
example.org TXT v=spf1 ip4:192.0.2.10 include:news.test -all
example.org TXT something else
news.test TXT v=spf1 ip4:198.51.100.0/24 -all
s1._domainkey.example.org TXT v=DKIM1; k=ed25519; p=11qYAYKx
rp.example.org MX 10 mail.example.org.
rp.example.org TXT v=spf1 include:news.test ip4:192.0.2.10 ~all
_dmarc.example.org TXT v=DMARC1; p=quarantine; rua=mailto:p@example.org
_mta-sts.example.org TXT {sts}
mta-sts.example.org CNAME mail.example.org.
_smtp._tls.example.org TXT v=TLSRPTv1; rua=mailto:p@example.org
click.example.org CNAME mail.example.org.
";

fn name(text: &str) -> DomainName {
    text.parse().unwrap()
}

fn site() -> Site {
    Site { host: name("mx.provider.test"), addresses: vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()] }
}

fn pool() -> PoolRecord {
    let text = object("IpPool", "acme", "p", "addresses: [{ip: 192.0.2.10, helo: out.example.org}]");
    projected(&text, &standalone()).pools.remove(0).record
}

fn wanted(spec: &str) -> Vec<Expected> {
    let (objects, problems) = read("m.yaml", &domain("acme", "d", spec));
    assert_eq!(problems, []);
    let dkim = [DkimRecord { selector: "s1".into(), text: "v=DKIM1; k=ed25519; p=11qYAYKx".into() }];
    let (spec, pool, site) = (&objects.domains[0].object.spec, pool(), site());
    expected(&name(&spec.domain), spec, Parts { site: &site, dkim: &dkim, pool: Some(&pool) })
}

/// `name TYPE value` a line; `name TYPE !` is a question that nobody answers.
fn zone(text: &str, expected: &[Expected]) -> String {
    let sts = expected.iter().find(|e| e.name.as_str().starts_with("_mta-sts."));
    let sts = sts.map(|e| format!("{:?}", e.want)).and_then(|want| Some(want.split('"').nth(1)?.to_owned()));
    text.replace("{sts}", &sts.unwrap_or_default())
}

/// Asks as an observer would, round by round.
fn ask(domain: &DomainName, expected: &[Expected], text: &str) -> Answers {
    let mut records = BTreeMap::<(String, String), Vec<String>>::new();
    for line in zone(text, expected).lines().filter(|line| !line.trim().is_empty()) {
        let mut parts = line.splitn(3, ' ');
        let (name, type_, value) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        records.entry((name.into(), type_.into())).or_default().push(value.into());
    }
    let mut answers = Answers::default();
    for _ in 0..40 {
        let open = questions(domain, expected, &answers);
        if open.is_empty() {
            return answers;
        }
        for question in open {
            let found = records.get(&(question.name.to_string(), question.type_.to_string())).cloned();
            let answer = match found.as_deref() {
                Some([one]) if one == "!" => Answer::Unknown("timed out".into()),
                Some(_) => Answer::Records(found.unwrap_or_default()),
                None => Answer::None,
            };
            answers.learn(question, answer);
        }
    }
    panic!("the questions do not end");
}

fn diagnose(spec: &str, zone: &str) -> Diagnosis {
    let (domain, expected) = (name("example.org"), wanted(spec));
    let answers = ask(&domain, &expected, zone);
    Diagnosis::of(&domain, &name("mail.example.org"), &expected, &answers, None, Timestamp::from_secs(0))
}

fn faults(diagnosis: &Diagnosis) -> Vec<String> {
    let optional = |row: &&RecordStatus| row.state == RecordState::Missing && ["SRV", "CNAME"].contains(&row.type_.as_str());
    let bad = diagnosis.status.records.iter().filter(|row| row.state != RecordState::Ok).filter(|row| !optional(row));
    bad.map(|row| format!("{} {} {:?}: {}", row.name, row.type_, row.state, row.fix.as_deref().unwrap_or_default())).collect()
}

#[test]
fn a_domain_with_everything_is_ready() {
    let good = diagnose(SPEC, GOOD);
    assert_eq!(faults(&good), [] as [String; 0]);
    assert_eq!((good.ready.holds, good.bulk_sender.holds), (Some(true), Some(true)), "{:?}", good.ready);
    assert!(good.ready.message.contains("6 more would spare people from typing"), "{}", good.ready.message);
    let shown: Vec<_> = good.status.records.iter().map(|row| format!("{} {}", row.name, row.type_)).collect();
    assert_eq!(shown[..4], ["mail.example.org. A", "mail.example.org. AAAA", "example.org. MX", "example.org. TXT"]);
    assert_eq!(good.status.records[3].observed, ["v=spf1 ip4:192.0.2.10 include:news.test -all"], "other texts are nobody's business");
}

/// One line of the zone is changed or added; what the doctor says of it.
#[test]
fn each_fault_is_named_with_its_cure() {
    let cases: &[(&str, &str, &str)] = &[
        ("example.org MX 10 mail.example.org.", "", "example.org. MX Missing: add MX 10 mail.example.org"),
        (
            "example.org MX 10 mail.example.org.",
            "example.org MX 10 mx.old.net.",
            "example.org. MX Wrong: replace MX 10 mx.old.net with 10 mail.example.org",
        ),
        ("", "example.org MX 20 mx.old.net.", "example.org. MX Wrong: remove MX 20 mx.old.net; part of the mail goes there"),
        ("mail.example.org A 192.0.2.1", "mail.example.org A 203.0.113.9", "mail.example.org. A Wrong: replace 203.0.113.9 with 192.0.2.1"),
        (
            "include:news.test -all",
            "include:other.test -all",
            "example.org. TXT Wrong: it leads to other.test, which has not exactly one SPF record; remove that include",
        ),
        (
            "ip4:192.0.2.10 include:news.test -all",
            "include:news.test -all",
            "example.org. TXT Wrong: insert ip4:192.0.2.10 before the last term",
        ),
        (
            "",
            "example.org TXT v=spf1 mx -all",
            "example.org. TXT Wrong: more than one SPF record, so receivers use none; merge them into one",
        ),
        (
            "include:news.test -all",
            "include:news.test +all",
            "example.org. TXT Wrong: it lets everybody send in your name; end it with -all",
        ),
        (
            "p=11qYAYKx",
            "p=AAAA",
            "s1._domainkey.example.org. TXT Wrong: replace it with the value under expected, in strings of at most 255 octets",
        ),
        (
            "s1._domainkey.example.org TXT v=DKIM1; k=ed25519; p=11qYAYKx",
            "",
            "s1._domainkey.example.org. TXT Missing: add a TXT record with the value under expected, in strings of at most 255 octets",
        ),
        ("p=quarantine;", "p=drop;", "_dmarc.example.org. TXT Wrong: malformed: p=drop is no policy; write none, quarantine or reject"),
        (
            "p=quarantine;",
            "p=none;",
            "_dmarc.example.org. TXT Wrong: its policy is weaker than spec.dns.dmarc; write \"v=DMARC1; p=quarantine; rua=mailto:p@example.org\"",
        ),
        (
            "v=DMARC1; p=quarantine;",
            "v=DMARC1;",
            "_dmarc.example.org. TXT Wrong: malformed: it has no policy; add p=none, p=quarantine or p=reject",
        ),
        (
            "v=DMARC1; p",
            "v=dmarc1; p",
            "_dmarc.example.org. TXT Wrong: malformed: it must begin with v=DMARC1; write \"v=DMARC1; p=quarantine; rua=mailto:p@example.org\"",
        ),
        (
            "",
            "_dmarc.example.org TXT v=DMARC1; p=none",
            "_dmarc.example.org. TXT Wrong: more than one DMARC record, so receivers use none; keep one",
        ),
        (
            "click.example.org CNAME mail.example.org.",
            "click.example.org CNAME t.old.net.",
            "click.example.org. CNAME Wrong: replace it with CNAME mail.example.org.; it leads elsewhere",
        ),
        (
            "{sts}",
            "v=STSv1; id=20200101",
            "_mta-sts.example.org. TXT Wrong: replace it with the value under expected, in strings of at most 255 octets",
        ),
        (
            "",
            "autoconfig.example.org CNAME auto.old.net.",
            "autoconfig.example.org. CNAME Interferes: replace it with CNAME mail.example.org.; it leads elsewhere",
        ),
        (
            "",
            "_imaps._tcp.example.org SRV 0 1 993 imap.old.net.",
            "_imaps._tcp.example.org. SRV Interferes: replace with 0 1 993 mail.example.org.; mail clients follow it to another server",
        ),
        (
            "",
            "_pop3s._tcp.example.org SRV 0 1 995 pop.old.net.",
            "_pop3s._tcp.example.org. SRV Interferes: delete; mail clients follow it to another server",
        ),
        (
            "",
            "_ldap._tcp.example.org SRV 0 1 389 ldap.old.net.",
            "_ldap._tcp.example.org. SRV Interferes: delete; mail clients follow it to another server",
        ),
        ("", "imap.example.org CNAME imap.old.net.", "imap.example.org. CNAME Interferes: delete; it overrides autoconfiguration"),
        (
            "",
            "example.org TXT mailconf=https://old.net/",
            "example.org. TXT Interferes: delete the TXT record that begins with mailconf=; mail clients take their settings from it",
        ),
    ];
    for (from, to, told) in cases {
        let zone = if from.is_empty() { format!("{GOOD}{to}\n") } else { replaced(from, to) };
        let diagnosis = diagnose(SPEC, &zone);
        assert_eq!(faults(&diagnosis), [told.to_string()], "{from} → {to}");
        assert_eq!(diagnosis.ready.holds, Some(false), "{to}");
        assert!(["RecordMissing", "RecordConflict"].contains(&diagnosis.ready.reason));
    }
}

fn replaced(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replacen(from, to, 1).lines().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_helps_or_does_no_harm_is_no_fault() {
    let added = [
        "pop.example.org CNAME mail.example.org.",
        "_pop3s._tcp.example.org SRV 0 0 0 .",
        "autodiscover.example.org A 192.0.2.1",
        "_imaps._tcp.example.org SRV 5 5 993 mail.example.org.",
    ];
    assert_eq!(faults(&diagnose(SPEC, &format!("{GOOD}{}", added.join("\n")))), [] as [String; 0]);
    let stricter = replaced("p=quarantine", "p=reject");
    assert_eq!(faults(&diagnose(SPEC, &stricter)), [] as [String; 0]);
    let (spaced, defaults) =
        (replaced("v=DKIM1; k=ed25519; p=11qYAYKx", "p = 11q YAYKx ;k=ed25519; t=s"), replaced("-all", "redirect=news.test"));
    assert_eq!(faults(&diagnose(SPEC, &spaced)), [] as [String; 0], "RFC 6376 §3.2");
    assert_eq!(faults(&diagnose(SPEC, &defaults)), [] as [String; 0], "RFC 7208 §6.1");
}

/// RFC 7208 §4.6.4: ten are allowed, and includes of includes count.
#[test]
fn look_ups_are_counted_to_the_bottom() {
    let chain = |depth: u32| {
        let links = (1..depth).map(|i| format!("n{i}.test TXT v=spf1 include:n{}.test -all\n", i + 1)).collect::<String>();
        let zone = replaced("news.test TXT v=spf1 ip4", "news.test TXT v=spf1 include:n1.test ip4");
        format!("{zone}\n{links}n{depth}.test TXT v=spf1 mx -all\n")
    };
    assert_eq!(faults(&diagnose(SPEC, &chain(8))), [] as [String; 0], "news.test, n1 … n8 and mx are ten");
    let over = faults(&diagnose(SPEC, &chain(9)));
    assert!(over.iter().any(|f| f.contains("it takes 11 look-ups or more and receivers stop at 10")), "{over:?}");
    assert!(faults(&diagnose(SPEC, &chain(200)))[0].contains("look-ups or more"));
    let circle = replaced("news.test TXT v=spf1 ip4", "news.test TXT v=spf1 include:news.test ip4");
    assert_eq!(faults(&diagnose(SPEC, &circle)), [] as [String; 0], "a circle ends");
}

#[test]
fn nobody_could_say_is_unknown_and_keeps_what_was_known() {
    let silent = diagnose(SPEC, &replaced("example.org MX 10 mail.example.org.", "example.org MX !"));
    assert_eq!(faults(&silent), ["example.org. MX Unknown: "]);
    assert_eq!((silent.ready.holds, silent.ready.reason), (None, "LookupFailed"));
    assert_eq!(silent.bulk_sender.holds, Some(true), "what it needs is known");
    let include = diagnose(SPEC, &replaced("news.test TXT v=spf1 ip4:198.51.100.0/24 -all", "news.test TXT !"));
    assert_eq!(faults(&include), [] as [String; 0], "all that we need is in the record itself");

    let question = Question::new(name("example.org"), RecordType::Mx);
    let mut answers = Answers::default();
    answers.learn(question.clone(), Answer::Records(vec!["20 b.".into(), "10 a.".into()]));
    answers.learn(question.clone(), Answer::Unknown("SERVFAIL".into()));
    assert_eq!(answers.records(&question.name, question.type_).unwrap(), ["10 a.", "20 b."]);
    let mut silent = Answers::default();
    silent.learn(question.clone(), Answer::Unknown("timed out".into()));
    let mut answers = answers.renewed(silent);
    assert_eq!(answers.records(&question.name, question.type_).unwrap().len(), 2);
    answers.learn(question.clone(), Answer::None);
    assert_eq!(answers.records(&question.name, question.type_).unwrap(), [] as [String; 0]);
}

#[test]
fn a_mode_asks_for_what_it_uses() {
    let types = |mode: &str| {
        let all = wanted(&format!("domain: example.org, mode: {mode}"));
        all.iter().filter(|e| e.need == Need::Required).map(|e| format!("{} {}", e.name, e.type_)).collect::<Vec<_>>()
    };
    assert_eq!(types("SendOnly"), ["example.org TXT", "s1._domainkey.example.org TXT", "_dmarc.example.org TXT"]);
    assert_eq!(types("ReceiveOnly"), ["example.org MX", "_dmarc.example.org TXT", "_mta-sts.example.org TXT", "mta-sts.example.org CNAME"]);
    let unchecked = Diagnosis::unchecked(&wanted(SPEC), None);
    assert!(unchecked.status.records.iter().all(|row| row.state == RecordState::Unknown && !row.expected.is_empty()));
    assert_eq!(unchecked.ready.reason, "NotChecked");
}

#[test]
fn a_host_points_here_by_alias_or_by_addresses_alone() {
    let mut answers = Answers::default();
    let mut learn = |host: &str, type_, records: &[&str]| {
        let answer = if records.is_empty() { Answer::None } else { Answer::Records(records.iter().map(ToString::to_string).collect()) };
        answers.learn(Question::new(name(host), type_), answer);
    };
    for (host, cname, four, six) in [
        ("alias.test", &["mx.provider.test."][..], &[][..], &[][..]),
        ("here.test", &[], &["192.0.2.1"], &["2001:db8::1"]),
        ("half.test", &[], &["192.0.2.1", "203.0.113.1"], &[]),
        ("nowhere.test", &[], &[], &[]),
    ] {
        learn(host, RecordType::Cname, cname);
        learn(host, RecordType::A, four);
        learn(host, RecordType::Aaaa, six);
    }
    let says = |host: &str| points_here(&name(host), &site(), &answers);
    assert_eq!(
        [says("alias.test"), says("here.test"), says("half.test"), says("nowhere.test")],
        [Some(true), Some(true), Some(false), Some(false)]
    );
    assert_eq!((says("never-asked.test"), says("mx.provider.test")), (None, Some(true)));
}

#[test]
fn a_token_is_one_namespaces_for_one_name() {
    let key = |text: &str| Secret::new(text.as_bytes().to_vec());
    let token = |installation: &str, namespace: &str, of: &str| Token::new(&key(installation), namespace, &name(of));
    let ours = token("one", "acme", "example.org");
    let shown = ours.verification();
    assert_eq!((shown.name.as_str(), shown.type_.as_str()), ("_postern-challenge.example.org", "TXT"));
    assert!(ours.is_in(&["v=spf1 -all".into(), format!(" {} ", shown.value)]));
    for other in [token("two", "acme", "example.org"), token("one", "beta", "example.org"), token("one", "acme", "example.net")] {
        assert!(!ours.is_in(&[other.verification().value]));
    }
    assert_eq!(ours, token("one", "acme", "example.org"));
}

proptest! {
    /// Whatever stands in a zone, the questions end and every row has a state and a line that fits.
    #[test]
    fn strange_zones_are_survived(lines in prop::collection::vec(("(example.org|news.test|_dmarc.example.org|s1._domainkey.example.org)", "[ -~]{0,80}"), 0..8)) {
        let zone: String = lines.iter().map(|(name, text)| format!("{name} TXT {}\n", if text.trim().is_empty() { "x" } else { text })).collect();
        let diagnosis = diagnose(SPEC, &zone);
        prop_assert!(diagnosis.status.records.iter().all(|row| row.fix.as_ref().is_none_or(|fix| fix.chars().count() <= 256)));
        prop_assert!(diagnosis.ready.holds != Some(true));
    }

    /// SPF as programs write it: every term of ours in any order passes.
    #[test]
    fn terms_of_spf_pass_in_any_order(mut terms in Just(vec!["ip4:192.0.2.0/28", "include:news.test", "a:x.test", "-ip4:203.0.113.1"]).prop_shuffle(), end in "(-all|~all|\\?all)") {
        terms.push(&end);
        let zone = replaced("v=spf1 ip4:192.0.2.10 include:news.test -all", &format!("v=spf1 {}", terms.join(" ")));
        prop_assert_eq!(faults(&diagnose(SPEC, &zone)), [] as [String; 0]);
    }
}
