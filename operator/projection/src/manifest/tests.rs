use proptest::prelude::*;

use super::*;

fn problems(text: &str) -> Vec<String> {
    parse_documents("m.yaml", text).into_iter().filter_map(Result::err).map(|p| p.to_string()).collect()
}

fn names(text: &str) -> Vec<String> {
    parse_documents("m.yaml", text).into_iter().filter_map(Result::ok).map(|m| m.object.id().to_string()).collect()
}

const DOMAIN: &str = "apiVersion: postern.dev/v1alpha1\nkind: Domain\nmetadata: {name: d, namespace: acme}\nspec:\n  domain: example.org\n";

#[test]
fn a_wrong_choice_is_told_with_line_field_and_all_choices() {
    assert_eq!(
        problems(&format!("# a comment\n---\n{DOMAIN}  mode: Fulll\n")),
        ["m.yaml:8: spec.mode: \"Fulll\" is not a mode; write one of Full, SendOnly, ReceiveOnly, Split"]
    );
}

#[test]
fn every_fault_of_a_document_is_told_at_once() {
    let text = format!(
        "{DOMAIN}  alias: [example.net]\n  defaults: {{quota: 5 GB}}\n  spam:\n    greylist: \"true\"\n    junkAbove: 5000\n  dkim: {{algorithms: []}}\n"
    );
    assert_eq!(
        problems(&text),
        [
            "m.yaml:6: spec.alias: there is no such field; write aliases, or remove it",
            "m.yaml:7: spec.defaults.quota: \"5 GB\" is not a quota; write it like 5Gi",
            "m.yaml:9: spec.spam.greylist: \"true\" is neither true nor false; write true or false, without quotes",
            "m.yaml:10: spec.spam.junkAbove: 5000 is too large; write a whole number from 0 to 1000",
            "m.yaml:11: spec.dkim.algorithms: has 0 entries; write at least 1",
        ]
    );
}

#[test]
fn what_is_missing_is_told_where_it_belongs() {
    assert_eq!(problems("kind: Domain\n"), ["m.yaml:1: apiVersion: is missing; write postern.dev/v1alpha1"]);
    let text = "apiVersion: postern.dev/v1alpha1\nkind: Mailbox\nmetadata:\n  name: a\nspec:\n  quota: 1Gi\n";
    assert_eq!(
        problems(text),
        [
            "m.yaml:4: metadata.namespace: is missing; write it like acme",
            "m.yaml:6: spec.address: is missing; write it like alice@example.org",
        ]
    );
}

#[test]
fn kinds_and_versions_that_do_not_belong_here() {
    assert_eq!(
        problems("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n"),
        [
            "m.yaml:2: kind: \"Deployment\" is not a kind that belongs here; write one of Domain, Mailbox, Alias, IpPool, Branding, MailCluster, Secret, ConfigMap, Namespace"
        ]
    );
    assert_eq!(
        problems(&DOMAIN.replace("v1alpha1", "v2")),
        ["m.yaml:1: apiVersion: a Domain has no version \"postern.dev/v2\"; write postern.dev/v1alpha1"]
    );
}

#[test]
fn a_broken_document_hides_no_other() {
    let other = DOMAIN.replace("name: d", "name: e");
    let text = format!("{DOMAIN}---\nkind: Domain\n  bad: [indent\n---\n# only a comment\n---\n{other}");
    assert_eq!(names(&text), ["Domain acme/d", "Domain acme/e"]);
    let found = problems(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("m.yaml:8: this is not YAML: "), "{found:?}");
}

#[test]
fn texts_that_a_cluster_would_read_otherwise() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: acme}\ndata:\n  a: no\n  b: 12\n  c: \"no\"\n";
    assert_eq!(
        problems(text),
        [
            "m.yaml:5: data.a: a cluster reads no as a truth value, not as text; put it in quotes",
            "m.yaml:6: data.b: is not text: YAML reads it as a number or a truth value; put it in quotes",
        ]
    );
}

#[test]
fn a_field_twice_is_a_fault() {
    assert_eq!(problems(&format!("{DOMAIN}  domain: example.net\n")), ["m.yaml:6: the field domain stands here twice; keep one of them"]);
}

#[test]
fn anchors_serve_and_bombs_do_not() {
    let text = format!("{DOMAIN}  aliases: &a [example.net]\n  spam: {{dnsbl: *a}}\n");
    assert_eq!(names(&text), ["Domain acme/d"]);
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..12 {
        bomb.push_str(&format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 10].join(", ")));
    }
    assert!(problems(&bomb)[0].contains("too large"), "{:?}", problems(&bomb));
    let wide = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 1000].join(", "));
    assert!(problems(&wide)[0].contains("too large"));
}

#[test]
fn depth_and_size_are_bounded() {
    assert!(problems(&"[".repeat(100_000)).iter().all(|p| p.starts_with("m.yaml:1: ")));
    assert!(problems(&format!("a: {}x{}", "[".repeat(80), "]".repeat(80)))[0].contains("nested deeper than 64"));
    assert!(problems(&"#".repeat(MAX_FILE + 1))[0].contains("split it"));
}

#[test]
fn null_is_left_out() {
    let text = "apiVersion: postern.dev/v1alpha1\nkind: Alias\nmetadata: {name: s, namespace: acme}\nspec: {address: s@example.org, targets: [a@example.org], expiresAt: null}\n";
    assert_eq!(names(text), ["Alias acme/s"]);
}

#[test]
fn lines_of_fields() {
    let text = format!("{DOMAIN}  aliases:\n    - example.net\n    - example.com\n");
    let manifest = parse_documents("m.yaml", &text).remove(0).unwrap();
    assert_eq!(
        ["spec.aliases[1]", "spec.aliases[7]", "spec.hosts.mail", "kind", "nothing"].map(|f| manifest.place.line_of(f)),
        [8, 6, 4, 2, 1]
    );
}

proptest! {
    /// Text of any kind, and text that is nearly a manifest, gives objects and problems, never a panic.
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}") {
        for result in parse_documents("m.yaml", &text) {
            if let Err(problem) = result {
                prop_assert!(!problem.message.is_empty());
            }
        }
    }

    #[test]
    fn no_damage_makes_it_panic(cut in 0usize..400, with in "[-:{}\\[\\]&*!|>'\"%@`#,? \\n\\t\\r\\u{0}\\u{85}a0]{0,8}", at in 0usize..400) {
        let mut text = format!("{DOMAIN}  aliases: &x [example.net, \"é\"]\n  spam: {{dnsbl: *x, junkAbove: 5}}\n---\n{DOMAIN}");
        let floor = |i: usize, t: &str| (0..=i.min(t.len())).rev().find(|i| t.is_char_boundary(*i)).unwrap_or_default();
        text.insert_str(floor(at, &text), &with);
        text.truncate(floor(cut, &text));
        for result in parse_documents("m.yaml", &text) {
            if let Err(problem) = result {
                // A lone CR ends a line too (YAML 1.2.2 §5.4).
                prop_assert!(problem.line as usize <= text.split(['\n', '\r']).count(), "{}", problem);
            }
        }
    }
}
