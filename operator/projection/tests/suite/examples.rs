//! The examples that users begin with: every one parses, projects, and passes a cluster's rules.

use std::{path::Path, time::Duration};

use kube::core::cel::validate_cel;
use postern_core::directory::{AliasKind, CredentialSource, DeletionPolicy};
use postern_projection::{Manifest, Object, Objects, Projection, parse_documents, project};

fn manifests() -> Vec<Manifest> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crds/examples");
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // Beside the manifests lies what `make run` prints.
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let documents = parse_documents(&path.to_string_lossy(), &std::fs::read_to_string(&path).unwrap());
        assert!(!documents.is_empty(), "{}", path.display());
        out.extend(documents.into_iter().map(|d| d.unwrap_or_else(|problem| panic!("{problem}"))));
    }
    out
}

fn projection() -> Projection {
    project(&Objects::from_manifests(manifests()), &crate::support::standalone())
}

#[test]
fn nothing_is_wrong_with_them() {
    let projection = projection();
    assert_eq!(projection.problems, []);
    assert_eq!(projection.held, []);
    let counts =
        (projection.domains.len(), projection.accounts.len(), projection.aliases.len(), projection.pools.len(), projection.brands.len());
    assert_eq!(counts, (2, 2, 1, 1, 1));
}

#[test]
fn a_clusters_rules_pass_them() {
    for manifest in manifests() {
        let result = match &manifest.object {
            Object::Domain(o) => validate_cel(&**o),
            Object::Mailbox(o) => validate_cel(&**o),
            Object::Alias(o) => validate_cel(&**o),
            Object::IpPool(o) => validate_cel(&**o),
            Object::Branding(o) => validate_cel(&**o),
            _ => Ok(()),
        };
        result.unwrap_or_else(|e| panic!("{}: {e}", manifest.object.id()));
    }
}

#[test]
fn the_records_are_what_the_comments_promise() {
    let projection = projection();
    let [net, org] = &projection.domains[..] else { panic!() };
    assert_eq!((net.record.name.as_str(), org.record.name.as_str()), ("example.net", "example.org"));
    assert_eq!(org.record.aliases[0].as_str(), "example.com");
    assert_eq!(org.record.catch_all.as_ref().unwrap().to_string(), "alice@example.org");
    assert_eq!(org.record.pool, Some(("acme".to_owned(), "local".to_owned())));
    assert_eq!(org.record.limits.mailboxes, Some(200));
    assert!(org.record.preverified && net.record.preverified);
    // Left out, the schema's defaults count.
    assert_eq!(net.record.deletion, DeletionPolicy::Retain(Duration::from_secs(30 * 86_400)));
    assert_eq!(net.record.dkim.algorithms.len(), 2);
    assert_eq!(net.record.defaults.trash_retention, Some(Duration::from_secs(30 * 86_400)));

    let [alice, bob] = &projection.accounts[..] else { panic!() };
    assert_eq!(alice.record.aliases[0].to_string(), "a.smith@example.org");
    assert_eq!(alice.record.quota.unwrap().0, 10 << 30);
    assert_eq!(alice.record.credential, CredentialSource::Clear("sample-password-of-alice".to_owned().into()));
    assert_eq!(bob.record.credential, CredentialSource::Clear("sample-password-of-bob".to_owned().into()));
    assert_eq!(projection.aliases[0].record.kind, AliasKind::Group);
    assert!(projection.pools[0].record.is_default);
    assert!(projection.brands[0].record.mail_footer.as_ref().unwrap().starts_with("Acme Mail."));
    assert!(projection.brands[0].record.logos.contains_key("light"));
}
