//! Routing against a table: who gets it, and why nobody does.

use std::{collections::HashMap, sync::Arc, time::Duration};

use postern_core::{
    AccountId, Address, DomainName,
    directory::{AccountRecord, AliasKind, AliasRecord, CredentialSource, DeletionPolicy, DomainMode, DomainRecord, Initial, Protocols},
};
use postern_store::{
    Result,
    directory::{AccountEntry, AddressTarget, DomainEntry},
};

use super::{Door, Hop, Limits, Lookups, Refusal, Route, route};

#[derive(Default)]
struct Table {
    domains: HashMap<String, Arc<DomainEntry>>,
    addresses: HashMap<String, AddressTarget>,
}

impl Lookups for Table {
    async fn domain(&self, name: &DomainName) -> Result<Option<Arc<DomainEntry>>> {
        Ok(self.domains.get(name.as_str()).cloned())
    }

    async fn address(&self, address: &Address) -> Result<AddressTarget> {
        let Some(domain) = self.domains.get(address.domain().as_str()) else { return Ok(AddressTarget::None) };
        let key = address.with_domain(domain.record.name.clone()).key();
        Ok(self.addresses.get(&key).cloned().unwrap_or(AddressTarget::None))
    }
}

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

impl Table {
    fn domain(mut self, name: &str, change: impl FnOnce(&mut DomainRecord)) -> Self {
        let mut record = DomainRecord::new("acme", name.parse().unwrap());
        change(&mut record);
        let names: Vec<String> = std::iter::once(&record.name).chain(&record.aliases).map(ToString::to_string).collect();
        let entry = Arc::new(DomainEntry { record, owner: name.into() });
        self.domains.extend(names.into_iter().map(|name| (name, entry.clone())));
        self
    }

    fn mailbox(mut self, id: i64, text: &str) -> Self {
        let record = AccountRecord {
            tenant: "acme".into(),
            address: address(text),
            aliases: Vec::new(),
            quota: None,
            protocols: Protocols::default(),
            role: postern_core::directory::BoxRole::User,
            credential: CredentialSource::None,
            subject: None,
            initial: Initial::default(),
            sieve_before: None,
            suspended: false,
            rename_alias_for: Duration::ZERO,
            deletion: DeletionPolicy::default(),
        };
        let entry = AccountEntry { id: AccountId(id), record, owner: text.into() };
        self.addresses.insert(address(text).key(), AddressTarget::Account(Arc::new(entry)));
        self
    }

    fn alias(mut self, text: &str, kind: AliasKind, targets: &[&str]) -> Self {
        let targets = targets.iter().map(|t| address(t)).collect();
        let record = AliasRecord { tenant: "acme".into(), address: address(text), kind, targets, expires_at: None };
        self.addresses.insert(address(text).key(), AddressTarget::Alias(Arc::new(record)));
        self
    }

    /// `1,2` for boxes, `<a@b>` for elsewhere, a word for the rest.
    async fn to(&self, door: Door, text: &str) -> String {
        let limits = Limits { depth: 5, targets: 20, postmaster: Some(address("root@example.org")) };
        match route(self, &limits, door, &address(text)).await.unwrap() {
            Route::To(hops) => {
                let hop = |hop: &Hop| match hop {
                    Hop::Box(account) => account.id.0.to_string(),
                    Hop::Elsewhere(address) => format!("<{address}>"),
                };
                hops.iter().map(hop).collect::<Vec<_>>().join(",")
            }
            Route::Discard => "discard".into(),
            Route::Refuse(refusal) => refusal.as_str().into(),
        }
    }
}

fn table() -> Table {
    let many: Vec<String> = (0..30).map(|i| format!("m{i}@elsewhere.example")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    Table::default()
        .domain("example.org", |d| d.aliases.push("alias.example".parse().unwrap()))
        .domain("caught.example", |d| d.catch_all = Some(address("bob@example.org")))
        .domain("split.example", |d| (d.mode, d.split_to) = (DomainMode::Split, Some("old.example:25".into())))
        .domain("sends.example", |d| d.mode = DomainMode::SendOnly)
        .domain("admin.example", |d| d.admins = vec![address("alice@example.org"), address("bob@example.org")])
        .mailbox(1, "alice@example.org")
        .mailbox(2, "bob@example.org")
        .mailbox(3, "bob+tag@example.org")
        .mailbox(4, "root@example.org")
        .mailbox(5, "here@split.example")
        .mailbox(6, "someone@sends.example")
        .alias("one@example.org", AliasKind::Redirect, &["alice@example.org"])
        .alias("team@example.org", AliasKind::Group, &["alice@example.org", "one@example.org", "bob@example.org", "x@elsewhere.example"])
        .alias("no-reply@example.org", AliasKind::NoReply, &[])
        .alias("ping@example.org", AliasKind::Redirect, &["pong@example.org"])
        .alias("pong@example.org", AliasKind::Redirect, &["ping@example.org"])
        .alias("half@example.org", AliasKind::Redirect, &["gone@example.org", "alice@example.org"])
        .alias("dead@example.org", AliasKind::Redirect, &["gone@example.org"])
        .alias("silent@example.org", AliasKind::Group, &["no-reply@example.org"])
        .alias("d1@example.org", AliasKind::Redirect, &["d2@example.org"])
        .alias("d2@example.org", AliasKind::Redirect, &["d3@example.org"])
        .alias("d3@example.org", AliasKind::Redirect, &["d4@example.org"])
        .alias("d4@example.org", AliasKind::Redirect, &["d5@example.org"])
        .alias("d5@example.org", AliasKind::Redirect, &["d6@example.org"])
        .alias("d6@example.org", AliasKind::Redirect, &["alice@example.org"])
        .alias("many@example.org", AliasKind::Group, &many)
}

#[tokio::test]
async fn recipients_and_where_they_go() {
    let table = table();
    for (recipient, expected) in [
        ("alice@example.org", "1"),
        ("ALICE@EXAMPLE.ORG", "1"),
        ("alice@alias.example", "1"),
        ("alice+news@example.org", "1"),
        ("alice+news@alias.example", "1"),
        ("bob+tag@example.org", "3"),
        ("bob+other@example.org", "2"),
        ("one@example.org", "1"),
        ("one+tag@example.org", "1"),
        ("team@example.org", "1,2,<x@elsewhere.example>"),
        ("no-reply@example.org", "discard"),
        ("silent@example.org", "discard"),
        ("half@example.org", "1"),
        ("dead@example.org", "no_such_mailbox"),
        ("nobody@example.org", "no_such_mailbox"),
        ("ping@example.org", "alias_loop"),
        ("d2@example.org", "1"),
        ("d1@example.org", "alias_loop"),
        ("many@example.org", "too_many_targets"),
        ("anything@caught.example", "2"),
        ("a+b@caught.example", "2"),
        ("here@split.example", "5"),
        ("there@split.example", "<there@split.example>"),
        ("someone@sends.example", "receives_nothing"),
        ("postmaster@example.org", "4"),
        ("Postmaster@admin.example", "1,2"),
        ("postmaster@caught.example", "2"),
        ("postmaster@sends.example", "4"),
    ] {
        for door in [Door::Exchanger, Door::Submission] {
            assert_eq!(table.to(door, recipient).await, expected, "{recipient} at {door:?}");
        }
    }
}

/// `%`, `!` and quotes mean nothing in a local part: only the domain behind the last `@` decides.
#[tokio::test]
async fn strangers_reach_nobody_elsewhere() {
    let table = table();
    for recipient in ["x@elsewhere.example", "alice@sub.example.org", "x@localhost", "\"alice@example.org\"@elsewhere.example"] {
        assert_eq!(table.to(Door::Exchanger, recipient).await, Refusal::RelayDenied.as_str(), "{recipient}");
        assert_eq!(table.to(Door::Submission, recipient).await, format!("<{recipient}>"));
    }
    for recipient in ["x%elsewhere.example@example.org", "elsewhere.example!x@example.org", "\"x@elsewhere.example\"@example.org"] {
        assert_eq!(table.to(Door::Exchanger, recipient).await, Refusal::NoSuchMailbox.as_str(), "{recipient}");
    }
}
