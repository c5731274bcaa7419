//! The same bad examples against both sides: the projection here, the CEL rules that a cluster evaluates.

use std::path::Path;

use kube::core::cel::validate_cel;
use postern_projection::{Object, project};

/// What the bad boxes and aliases would live in.
const GOOD: &str = "apiVersion: postern.dev/v1alpha1\nkind: Domain\nmetadata: {name: good, namespace: acme}\nspec: {domain: good.example, aliases: [good.test]}\n";

#[test]
fn each_is_refused_with_its_line_and_its_cure() {
    for (name, text) in examples() {
        let expected: Vec<_> = text.lines().filter_map(|l| l.strip_prefix("# postern: ")).map(|l| format!("{name}:{l}")).collect();
        let (mut objects, mut problems) = crate::support::read(&name, &text);
        objects.domains.extend(crate::support::read("good.yaml", GOOD).0.domains);
        problems.extend(project(&objects, &crate::support::standalone()).problems);
        let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(told, expected, "{name}");
    }
}

#[test]
fn a_clusters_own_rules_refuse_what_they_can_see() {
    for (name, text) in examples() {
        let Some(expected) = text.lines().find_map(|l| l.strip_prefix("# cluster: ")) else { continue };
        let manifest = postern_projection::parse_documents(&name, &text).remove(0).unwrap();
        let result = match &manifest.object {
            Object::Domain(o) => validate_cel(&**o),
            Object::Mailbox(o) => validate_cel(&**o),
            Object::Alias(o) => validate_cel(&**o),
            Object::IpPool(o) => validate_cel(&**o),
            other => panic!("{name}: no rules for {:?}", other.kind()),
        };
        let told = result.expect_err(&name).to_string();
        assert!(told.contains(expected), "{name}: {told}");
    }
}

fn examples() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    let paths = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "yaml"));
    let mut all: Vec<_> =
        paths.map(|p| (p.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&p).unwrap())).collect();
    all.sort();
    assert!(all.len() >= 10);
    all
}
