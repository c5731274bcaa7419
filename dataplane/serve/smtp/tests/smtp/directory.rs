//! The tenants that every test here finds.

use std::time::Duration;

use postern_core::{
    Address, DomainName,
    directory::{
        AccountRecord, AliasKind, AliasRecord, BoxRole, CredentialSource, DeletionPolicy, Digest, DomainMode, DomainRecord, Initial,
        Projected, Protocols, SourceKey,
    },
};
use postern_store::directory::DirectoryUpdate;

pub fn address(text: &str) -> Address {
    text.parse().unwrap()
}

pub fn name(text: &str) -> DomainName {
    text.parse().unwrap()
}

fn projected<T: serde::Serialize>(kind: &str, name: &str, record: T) -> Projected<T> {
    let source = SourceKey { cluster: "one".into(), kind: kind.into(), namespace: "acme".into(), name: name.into() };
    let text = serde_json::to_string(&record).unwrap();
    Projected { source, digest: Digest(*blake3::hash(text.as_bytes()).as_bytes()), generation: 1, record }
}

pub fn domain(text: &str, change: impl FnOnce(&mut DomainRecord)) -> Projected<DomainRecord> {
    let mut record = DomainRecord::new("acme", name(text));
    change(&mut record);
    projected("Domain", &text.replace('.', "-"), record)
}

pub fn mailbox(at: &str, change: impl FnOnce(&mut AccountRecord)) -> Projected<AccountRecord> {
    let mut record = AccountRecord {
        tenant: "acme".into(),
        address: address(at),
        aliases: Vec::new(),
        quota: None,
        protocols: Protocols::default(),
        role: BoxRole::User,
        credential: CredentialSource::None,
        subject: None,
        initial: Initial::default(),
        sieve_before: None,
        suspended: false,
        rename_alias_for: Duration::ZERO,
        deletion: DeletionPolicy::default(),
    };
    change(&mut record);
    projected("Mailbox", &at.replace(['@', '.'], "-"), record)
}

pub fn alias(at: &str, kind: AliasKind, targets: &[&str]) -> Projected<AliasRecord> {
    let targets = targets.iter().map(|t| address(t)).collect();
    projected(
        "Alias",
        &at.replace(['@', '.'], "-"),
        AliasRecord { tenant: "acme".into(), address: address(at), kind, targets, expires_at: None },
    )
}

/// Alice and Bob at example.org (also alias.example), one full box, aliases, and domains of every mode.
pub fn everybody() -> DirectoryUpdate {
    DirectoryUpdate {
        cluster: "one".into(),
        domains: vec![
            domain("example.org", |d| d.aliases.push(name("alias.example"))),
            domain("caught.example", |d| d.catch_all = Some(address("bob@example.org"))),
            domain("split.example", |d| (d.mode, d.split_to) = (DomainMode::Split, Some("old.example:25".into()))),
            domain("sends.example", |d| d.mode = DomainMode::SendOnly),
            domain("reads.example", |d| d.mode = DomainMode::ReceiveOnly),
            domain("few.example", |d| d.defaults.send_per_hour = Some(2)),
        ],
        accounts: vec![
            mailbox("alice@example.org", |a| a.aliases = vec![address("a.smith@example.org")]),
            mailbox("bob@example.org", |_| ()),
            mailbox("small@example.org", |a| a.quota = Some(postern_core::ByteSize(4096))),
            mailbox("reader@reads.example", |_| ()),
            mailbox("quiet@few.example", |_| ()),
            mailbox("closed@example.org", |a| a.suspended = true),
        ],
        aliases: vec![
            alias("team@example.org", AliasKind::Group, &["alice@example.org", "bob@example.org", "small@example.org"]),
            alias("out@example.org", AliasKind::Redirect, &["alice@example.org", "friend@elsewhere.example"]),
            alias("no-reply@example.org", AliasKind::NoReply, &[]),
        ],
        complete: true,
        ..DirectoryUpdate::default()
    }
}
