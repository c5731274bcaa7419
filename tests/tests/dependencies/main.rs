//! The walls between the crates, and what may come in from outside, from the graph that cargo has resolved.
//!
//! cargo-deny says the same and more (`make deny`), but is a tool that must be installed; this needs
//! cargo alone and takes a second, so that a wall never falls unnoticed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of a test have nobody to report to")]

mod graph;
mod licence;

use std::collections::BTreeSet;

use graph::Graph;

/// Who of ours may use whom of ours, tests apart. A crate that is not listed fails.
const DIRECTION: &[(&str, &[&str])] = &[
    ("postern-crds", &[]),
    ("postern-projection", &["crds", "core"]),
    ("postern-apply", &["crds", "projection", "core", "store", "access", "mailflow"]),
    ("postern-operator", &["crds", "projection", "apply", "core", "store", "inspect", "access", "mailflow", "net"]),
    ("kubectl-postern", &["crds", "core"]),
    ("postern-core", &[]),
    ("postern-message", &["core"]),
    ("postern-proto-smtp", &["core"]),
    ("postern-proto-sasl", &["core"]),
    ("postern-proto-imap", &["core", "message"]),
    ("postern-store", &["core", "message"]),
    ("postern-inspect", &["core", "store"]),
    ("postern-access", &["core", "proto-sasl", "store"]),
    ("postern-mailflow", &["core", "message", "proto-smtp", "store", "access", "net"]),
    ("postern-net", &["core"]),
    ("postern-serve-smtp", &["core", "message", "proto-smtp", "proto-sasl", "store", "access", "mailflow", "net"]),
    ("postern-serve-imap", &["core", "message", "proto-imap", "proto-sasl", "store", "access", "mailflow", "net"]),
    ("postern-web", &["core", "store", "net"]),
    (
        "postern",
        &[
            "crds",
            "projection",
            "apply",
            "core",
            "message",
            "proto-smtp",
            "proto-sasl",
            "proto-imap",
            "store",
            "inspect",
            "access",
            "mailflow",
            "net",
            "serve-smtp",
            "serve-imap",
            "web",
        ],
    ),
    ("postern-tests", &["core"]),
];

/// Crates from outside that only some of ours may use directly.
const WRAPPED: [(&str, &[&str]); 13] = [
    ("sqlx", &["postern-store"]),
    ("rusqlite", &["postern-store"]),
    ("object_store", &["postern-store"]),
    ("rustls", &["postern-net", "postern-operator", "kubectl-postern"]),
    ("tokio-rustls", &["postern-net"]),
    ("rcgen", &["postern-net"]),
    ("hickory-resolver", &["postern-net", "postern-operator"]),
    ("argon2", &["postern-access"]),
    ("kube", &["postern-crds", "postern-operator", "kubectl-postern"]),
    ("reqwest", &["postern-net", "postern-store"]),
    ("ring", &["postern-access", "postern-tests"]),
    ("axum", &["postern", "postern-operator", "postern-web"]),
    ("mail-parser", &["postern-message"]),
];

/// What bytes-to-values crates may not even reach through others.
const WITHOUT_IO: [&str; 5] = ["postern-core", "postern-message", "postern-proto-smtp", "postern-proto-sasl", "postern-proto-imap"];
const IO: [&str; 7] = ["tokio", "rusqlite", "sqlx", "rustls", "hyper", "kube", "kube-client"];

/// What nobody may bring in: a second TLS library, a second crypto provider, a licence that binds us.
const BANNED: [&str; 6] = ["openssl", "openssl-sys", "native-tls", "aws-lc-rs", "aws-lc-sys", "sieve-rs"];

#[test]
fn crates_use_only_those_below_them() {
    let graph = Graph::of_workspace();
    for name in graph.members() {
        let (_, allowed) =
            DIRECTION.iter().find(|(member, _)| *member == name).unwrap_or_else(|| panic!("{name} has no line in DIRECTION"));
        let allowed: BTreeSet<String> = allowed.iter().map(|short| format!("postern-{short}")).collect();
        for used in graph.uses(&name).filter(|used| used.starts_with("postern")) {
            assert!(allowed.contains(&used), "{name} may not use {used}");
        }
    }
}

#[test]
fn what_is_wrapped_is_used_by_its_wrapper_alone() {
    let graph = Graph::of_workspace();
    for name in graph.members() {
        for (wrapped, wrappers) in WRAPPED {
            if graph.uses(&name).any(|used| used == wrapped) {
                assert!(wrappers.contains(&name.as_str()), "{name} uses {wrapped}, which is for {wrappers:?}");
            }
        }
    }
}

#[test]
fn machines_do_no_io() {
    let graph = Graph::of_workspace();
    for name in WITHOUT_IO {
        let reached = graph.reaches(name);
        assert!(reached.len() > 1, "{name} is not in the graph");
        for io in IO {
            assert!(!reached.contains(io), "{name} reaches {io}");
        }
    }
}

#[test]
fn nothing_comes_from_elsewhere_or_is_banned() {
    let graph = Graph::of_workspace();
    let mut sources = BTreeSet::new();
    for package in graph.packages() {
        assert!(!BANNED.contains(&package.name.as_str()), "{} is banned", package.name);
        sources.extend(package.source.clone());
    }
    assert_eq!(sources.len(), 1, "one registry and nothing else: {sources:?}");
    assert!(sources.iter().all(|source| source.starts_with("registry+")), "{sources:?}");
}

#[test]
fn every_licence_allows_use_under_apache_2() {
    for package in Graph::of_workspace().packages() {
        let Some(licence) = &package.licence else { panic!("{} names no licence", package.name) };
        assert!(licence::allows(licence), "{} is under {licence}", package.name);
    }
}
