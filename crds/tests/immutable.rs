//! Transition rules, evaluated as an API server does.

use kube::core::cel::validate_cel_update;
use postern_crds::Domain;

fn domain(name: &str) -> Domain {
    serde_json::from_value(serde_json::json!({
        "apiVersion": postern_crds::API_VERSION, "kind": "Domain",
        "metadata": {"name": "d", "namespace": "acme"}, "spec": {"domain": name},
    }))
    .unwrap()
}

#[test]
fn a_domain_keeps_its_name() {
    assert!(validate_cel_update(&domain("example.org"), &domain("example.org")).is_ok());
    let told = validate_cel_update(&domain("example.net"), &domain("example.org")).unwrap_err().to_string();
    assert!(told.contains("domain is immutable"), "{told}");
}
