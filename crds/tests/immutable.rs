//! Transition rules, evaluated as an API server does.

use kube::core::cel::validate_cel_update;
use postern_crds::Domain;

fn domain(name: &str) -> Domain {
    let spec = serde_json::from_value(serde_json::json!({"domain": name}));
    Domain::new("d", spec.unwrap_or_else(|e| unreachable!("{e}")))
}

#[test]
fn a_domain_keeps_its_name() {
    assert!(validate_cel_update(&domain("example.org"), &domain("example.org")).is_ok());
    let told = validate_cel_update(&domain("example.net"), &domain("example.org")).unwrap_err().to_string();
    assert!(told.contains("domain is immutable"), "{told}");
}
