//! Every example of ours is an object of its type. (Reading them as YAML, with their Secrets, is the projection's test.)

use std::path::Path;

#[test]
fn every_example_file_names_its_kind_and_tenant() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut kinds = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // Beside the manifests lies what `make run` prints.
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        for document in text.split("\n---\n") {
            let value: serde_json::Value = serde_saphyr::from_str(document).unwrap();
            let kind = value["kind"].as_str().unwrap().to_owned();
            match kind.as_str() {
                "Domain" => drop(serde_json::from_value::<postern_crds::Domain>(value.clone()).unwrap()),
                "Mailbox" => drop(serde_json::from_value::<postern_crds::Mailbox>(value.clone()).unwrap()),
                "Alias" => drop(serde_json::from_value::<postern_crds::Alias>(value.clone()).unwrap()),
                "IpPool" => drop(serde_json::from_value::<postern_crds::IpPool>(value.clone()).unwrap()),
                "Branding" => drop(serde_json::from_value::<postern_crds::Branding>(value.clone()).unwrap()),
                "Namespace" | "Secret" | "ConfigMap" => {}
                other => panic!("no example should be a {other}"),
            }
            assert_eq!(value["metadata"]["namespace"].as_str().unwrap_or("acme"), "acme");
            kinds.push(kind);
        }
    }
    for kind in ["Domain", "Mailbox", "Alias", "IpPool", "Branding", "Secret"] {
        assert!(kinds.iter().any(|k| k == kind), "no example of {kind}");
    }
}
