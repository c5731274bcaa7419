//! Who holds what, which references count, and what a digest follows.

use crate::support::*;
use postern_core::directory::CredentialSource;
use postern_projection::{Object, Objects, PoolNamespaces, Preverified, project};
use proptest::{prelude::*, sample::Index};

#[test]
fn an_address_belongs_to_the_lesser_name() {
    let text = domain("acme", "d", "domain: x.example")
        + &mailbox("acme", "b", "address: Alice@x.example")
        + &mailbox("acme", "a", "address: al@x.example, aliases: [alice@x.example]")
        + &object("Alias", "acme", "c", "address: al@x.example, targets: [z@y.example]");
    let projection = projected(&text, &standalone());
    assert_eq!(refused(&projection), ["acme/c: AddressTaken", "acme/b: AddressTaken"]);
    assert_eq!(projection.accounts.len(), 1);
    assert_eq!(projection.held.len(), 2);
    assert_eq!(
        projection.problems[0].to_string(),
        "m.yaml:10: spec.address: Alice@x.example is held by Mailbox acme/a; choose another address, or remove it there first"
    );
}

#[test]
fn an_earlier_creation_wins_over_a_lesser_name() {
    let dated = |name: &str, time: &str| {
        mailbox("acme", name, "address: alice@x.example")
            .replace("namespace: acme", &format!("namespace: acme, creationTimestamp: \"{time}\""))
    };
    let text = domain("acme", "d", "domain: x.example") + &dated("a", "2026-02-01T00:00:00Z") + &dated("b", "2026-01-01T00:00:00Z");
    assert_eq!(refused(&projected(&text, &standalone())), ["acme/a: AddressTaken"]);
}

#[test]
fn a_domain_claimed_twice() {
    let text = domain("zeta", "d", "domain: x.example") + &domain("acme", "d", "domain: y.example, aliases: [x.example]");
    let projection = projected(&text, &standalone());
    assert_eq!(refused(&projection), ["zeta/d: DomainClaimedElsewhere"]);
    assert!(
        projection
            .reports
            .values()
            .any(|r| r.message() == "spec.domain: x.example is held by Domain acme/d; remove it here, or delete the other first")
    );
}

#[test]
fn an_unproven_claim_shuts_nobody_out() {
    let text = domain("a-squatter", "d", "domain: x.example") + &domain("owner", "d", "domain: x.example");
    let undecided = projected(&text, &cluster());
    assert_eq!(refused(&undecided), Vec::<String>::new(), "the claims table decides by proof");
    let mut options = cluster();
    options.preverified = Preverified::Pairs([("owner".to_owned(), "x.example".parse().unwrap())].into());
    assert_eq!(refused(&projected(&text, &options)), ["a-squatter/d: DomainClaimedElsewhere"]);
}

#[test]
fn a_box_lives_in_its_tenants_domain() {
    let text = domain("acme", "d", "domain: x.example")
        + &mailbox("other", "a", "address: a@x.example")
        + &mailbox("acme", "b", "address: b@y.example")
        + &mailbox("acme", "c", "address: c@x.example");
    let projection = projected(&text, &standalone());
    assert_eq!(refused(&projection), ["acme/b: DomainNotFound", "other/a: NotPermittedInNamespace"]);
    // What the directory serves from before is a home too, while its manifest is broken.
    let (mut objects, _) = read("m.yaml", &text);
    objects.standing_domains.insert("y.example".parse().unwrap(), "acme".to_owned());
    assert_eq!(refused(&project(&objects, &standalone())), ["other/a: NotPermittedInNamespace"]);
}

#[test]
fn limits_are_counted_in_order_of_rank() {
    let text = domain("acme", "d", "domain: x.example, limits: {mailboxes: 1}")
        + &mailbox("acme", "b", "address: b@x.example")
        + &mailbox("acme", "a", "address: a@x.example");
    assert_eq!(refused(&projected(&text, &standalone())), ["acme/b: LimitReached"]);
}

#[test]
fn hosts_are_shared_within_a_tenant_only() {
    let text = domain("acme", "d", "domain: x.example, hosts: {mail: mail.x.example}")
        + &domain("acme", "e", "domain: y.example, hosts: {mail: mail.x.example}")
        + &domain("zeta", "f", "domain: z.example, hosts: {mail: mail.x.example}")
        + &object("Branding", "acme", "one", "productName: One, hosts: [mail.x.example]")
        + &object("Branding", "acme", "two", "productName: Two, hosts: [mail.x.example]");
    assert_eq!(refused(&projected(&text, &standalone())), ["acme/two: HostConflict", "zeta/f: HostConflict"]);
}

#[test]
fn pools_say_who_may_send() {
    let namespace = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: acme, labels: {tier: gold}}\n";
    let pool = |allowed: &str| {
        object("IpPool", "infra", "p", &format!("addresses: [{{ip: 192.0.2.1, helo: a.example}}], allowedNamespaces: {allowed}"))
    };
    let user = domain("acme", "d", "domain: x.example, ipPoolRef: {name: p, namespace: infra}");
    let outcome = |allowed: &str| {
        let projection = projected(&(namespace.to_owned() + &pool(allowed) + &user), &standalone());
        (refused(&projection), projection.pools[0].record.allowed_tenants.clone())
    };
    assert_eq!(outcome("{from: All}"), (vec![], None));
    assert_eq!(outcome("{from: Selector, selector: {matchLabels: {tier: gold}}}"), (vec![], Some(vec!["acme".to_owned()])));
    let no = vec!["acme/d: NotPermittedInNamespace".to_owned()];
    assert_eq!(outcome("{from: Same}"), (no.clone(), Some(vec![])));
    assert_eq!(
        outcome("{from: Selector, selector: {matchExpressions: [{key: tier, operator: NotIn, values: [gold]}]}}"),
        (no, Some(vec![]))
    );

    let options = postern_projection::Options { pool_namespaces: PoolNamespaces::Only(["acme".to_owned()].into()), ..standalone() };
    assert_eq!(refused(&projected(&pool("{from: All}"), &options)), ["infra/p: NotPermittedInNamespace"]);
}

#[test]
fn one_address_one_pool_one_default() {
    let pool = |name: &str, ip: &str| {
        object("IpPool", "acme", name, &format!("addresses: [{{ip: \"{ip}\", helo: a.example}}]"))
            .replace("namespace: acme", "namespace: acme, annotations: {postern.dev/is-default: \"true\"}")
    };
    let projection = projected(&(pool("b", "2001:db8::1") + &pool("a", "2001:DB8:0::1") + &pool("c", "192.0.2.1")), &standalone());
    assert_eq!(refused(&projection), ["acme/b: AddressTaken"]);
    assert_eq!(projection.pools.iter().map(|p| (&*p.source.name, p.record.is_default)).collect::<Vec<_>>(), [("a", true), ("c", false)]);
    let told = projection.reports.values().filter(|r| r.is_accepted()).map(postern_projection::Report::message).collect::<Vec<_>>();
    assert!(told[1].contains("IpPool acme/a is the default already"), "{told:?}");
}

#[test]
fn the_same_object_in_two_files_is_nobodys() {
    let (mut objects, _) = read("a.yaml", &domain("acme", "d", "domain: x.example"));
    objects.domains.extend(read("b.yaml", &domain("acme", "d", "domain: x.example, mode: SendOnly")).0.domains);
    let projection = project(&objects, &standalone());
    assert_eq!(refused(&projection), ["acme/d: DuplicateObject"]);
    assert_eq!((projection.domains.len(), projection.held.len()), (0, 1));
    assert!(projection.problems[0].message.ends_with("2 places: a.yaml:2, b.yaml:2"), "{}", projection.problems[0]);
}

fn with_secret(value: &str) -> String {
    format!("---\napiVersion: v1\nkind: Secret\nmetadata: {{name: pw, namespace: acme}}\n{value}\n")
        + &domain("acme", "d", "domain: x.example")
        + &mailbox("acme", "a", "address: a@x.example, auth: {passwordSecretRef: {name: pw, key: k}}")
}

#[test]
fn a_secret_is_clear_or_a_hash_and_never_shown() {
    let credential = |value: &str| projected(&with_secret(value), &standalone()).accounts.pop().unwrap().record.credential;
    assert_eq!(credential("stringData: {k: hunter2}"), CredentialSource::Clear("hunter2".to_owned().into()));
    assert_eq!(credential("data: {k: aHVudGVyMgo=}"), CredentialSource::Clear("hunter2".to_owned().into()));
    assert_eq!(credential("stringData: {k: $argon2id$v=19$x}"), CredentialSource::Phc("$argon2id$v=19$x".to_owned()));
    let projection = projected(&with_secret("stringData: {k: hunter2}"), &standalone());
    let account = &projection.accounts[0];
    assert!(!format!("{account:?}").contains("hunter2"));
    assert!(!serde_json::to_string(account).unwrap().contains("hunter2"));
    assert_eq!(refused(&projected(&with_secret("stringData: {other: x}"), &standalone())), ["acme/a: SecretMissing"]);
}

#[test]
fn the_digest_follows_every_input_and_nothing_else() {
    let digest = |text: &str, key: &[u8]| projected(text, &postern_projection::Options::standalone(key.to_vec().into())).accounts[0].digest;
    let base = digest(&with_secret("stringData: {k: one}"), b"key");
    assert_eq!(base, digest(&format!("# comment\n{}", with_secret("stringData: {k: \"one\"}")), b"key"));
    assert_eq!(base, digest(&with_secret("data: {k: b25l}"), b"key"));
    assert_ne!(base, digest(&with_secret("stringData: {k: two}"), b"key"));
    assert_ne!(base, digest(&with_secret("stringData: {k: one}"), b"other key"));
    assert_ne!(
        base,
        digest(&with_secret("stringData: {k: one}").replace("address: a@x.example", "address: a@x.example, suspended: true"), b"key")
    );
}

#[test]
fn a_logo_that_runs_is_refused() {
    let brand = |svg: &str| {
        let map = format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m, namespace: acme}}\ndata:\n  l: '{svg}'\n");
        refused(&projected(
            &(map + &object("Branding", "acme", "b", "productName: B, logos: {light: {configMapRef: {name: m, key: l}}}")),
            &standalone(),
        ))
    };
    assert_eq!(brand("<svg><rect fill=\"url(#g)\" id=\"on\"/></svg>"), Vec::<String>::new());
    for bad in [
        "<svg><SCRIPT>x</SCRIPT></svg>",
        "<svg onload=\"x\"/>",
        "<svg><a xlink:href=\"https://x.example\"/></svg>",
        "<svg><image href = \"x\"/></svg>",
    ] {
        assert_eq!(brand(bad), ["acme/b: SvgRejected"], "{bad}");
    }
}

/// A set in which nearly everything is contested.
fn contested() -> Vec<Object> {
    let mut text = String::new();
    for (namespace, name) in [("acme", "a"), ("acme", "b"), ("zeta", "a")] {
        text += &domain(namespace, name, "domain: x.example, aliases: [y.example], hosts: {mail: m.x.example}, limits: {mailboxes: 1}");
        text += &domain(namespace, &format!("{name}2"), &format!("domain: {name}.example, aliases: [y.example]"));
        text += &mailbox(namespace, name, "address: a@x.example, aliases: [b@x.example]");
        text += &mailbox(namespace, &format!("{name}2"), "address: b@x.example");
        text += &mailbox(namespace, "twice", &format!("address: {name}@x.example"));
        text += &object("Alias", namespace, name, "address: b@x.example, targets: [q@q.example]");
        text += &object("IpPool", namespace, name, "addresses: [{ip: 192.0.2.1, helo: a.example}]");
        text += &object("Branding", namespace, name, "productName: B, hosts: [m.x.example]");
        text +=
            &format!("---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: acme}}\nstringData: {{k: {namespace}{name}}}\n");
    }
    text += &mailbox("acme", "c", "address: c@x.example, auth: {passwordSecretRef: {name: s, key: k}}");
    postern_projection::parse_documents("m.yaml", &text).into_iter().map(|m| m.unwrap().object).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever the order of documents and files, the answer is the same.
    #[test]
    fn order_changes_nothing(swaps in prop::collection::vec((any::<Index>(), any::<Index>()), 0..60), proven in any::<bool>()) {
        let options = if proven { standalone() } else { cluster() };
        let all = |objects: Vec<Object>| {
            let mut set = Objects::default();
            objects.into_iter().for_each(|o| set.push(o, None));
            project(&set, &options)
        };
        let mut shuffled = contested();
        for (a, b) in swaps {
            let (a, b) = (a.index(shuffled.len()), b.index(shuffled.len()));
            shuffled.swap(a, b);
        }
        prop_assert_eq!(all(contested()), all(shuffled));
    }
}

#[test]
fn the_installations_own_host_is_nobodys() {
    let text = domain("acme", "d", "domain: provider.test, hosts: {mail: mail.provider.test}");
    let own_hosts = ["mail.provider.test".parse().unwrap()].into();
    let options = postern_projection::Options { own_hosts, ..standalone() };
    let projection = projected(&text, &options);
    assert_eq!(refused(&projection), ["acme/d: HostConflict"]);
    let told = projection.reports.values().next().unwrap().message();
    assert!(told.contains("spec.hosts.mail: mail.provider.test is the installation's own host; leave the field out"), "{told}");
    assert_eq!(refused(&projected(&text, &standalone())), [] as [String; 0]);
}
