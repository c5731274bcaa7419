//! A directory on an empty database, and short ways to say what is in an update.

use std::{sync::Arc, time::Duration};

use postern_core::{
    Address, DomainName, IdSource, Secret, TestClock, Timestamp,
    directory::{
        AccountRecord, AliasKind, AliasRecord, CredentialSource, DeletionPolicy, Digest, DomainRecord, Initial, PoolAddress, PoolRecord,
        Projected, Protocols, SourceKey, Throttle,
    },
};
use postern_store::{
    db::Db,
    directory::{ApplyReport, Directory, DirectoryUpdate, Epoch, SealKeys, Verifiers, VerifiersBySource, take_lease},
};
use postern_tests::TestDatabase;
use rand::{SeedableRng, rngs::StdRng};

pub const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
pub const DAY: Duration = Duration::from_secs(86_400);

pub struct World {
    pub db: Db,
    pub directory: Directory,
    pub clock: Arc<TestClock>,
    pub epoch: Epoch,
}

impl World {
    pub async fn open(at: &TestDatabase) -> Self {
        let db = crate::support::open(at).await;
        let clock = Arc::new(TestClock::at(NOW));
        let directory = directory(&db, &clock).await;
        let epoch = take_lease(&db).await.unwrap();
        Self { db, directory, clock, epoch }
    }

    /// Another process's handle on the same database.
    pub async fn second(&self) -> Directory {
        directory(&self.db, &self.clock).await
    }

    pub async fn apply(&self, update: &DirectoryUpdate) -> ApplyReport {
        self.apply_with(update, &VerifiersBySource::new()).await
    }

    pub async fn apply_with(&self, update: &DirectoryUpdate, verifiers: &VerifiersBySource) -> ApplyReport {
        self.directory.apply(update, self.epoch, verifiers).await.unwrap()
    }

    /// Applies it, and everything in it must be in force.
    pub async fn serve(&self, update: &DirectoryUpdate) -> ApplyReport {
        let report = self.apply(update).await;
        assert_eq!(report.refused, []);
        report
    }
}

async fn directory(db: &Db, clock: &Arc<TestClock>) -> Directory {
    Directory::open(db.clone(), clock.clone(), IdSource::new(clock.clone(), 1), keys(&[1])).await.unwrap()
}

/// A ring of keys made from seeds; the first seals.
pub fn keys(seeds: &[u64]) -> SealKeys {
    let lines = seeds.iter().map(|seed| SealKeys::generate(&mut StdRng::seed_from_u64(*seed)).expose().clone());
    SealKeys::parse(lines.collect::<String>().as_bytes(), Box::new(StdRng::seed_from_u64(77))).unwrap()
}

pub fn address(text: &str) -> Address {
    text.parse().unwrap()
}

pub fn name(text: &str) -> DomainName {
    text.parse().unwrap()
}

pub fn source(kind: &str, tenant: &str, name: &str) -> SourceKey {
    SourceKey { cluster: "one".into(), kind: kind.into(), namespace: tenant.into(), name: name.into() }
}

/// The digest is that of the record, as a projection's would be.
fn projected<T: serde::Serialize>(source: SourceKey, record: T, salt: &str) -> Projected<T> {
    let text = format!("{}{salt}", serde_json::to_string(&record).unwrap());
    Projected { source, digest: Digest(*blake3::hash(text.as_bytes()).as_bytes()), generation: 1, record }
}

/// Seals the digest again after a record was changed by hand.
pub fn changed<T: serde::Serialize + Clone>(old: &Projected<T>, change: impl FnOnce(&mut T)) -> Projected<T> {
    let mut record = old.record.clone();
    change(&mut record);
    projected(old.source.clone(), record, "")
}

pub fn domain(tenant: &str, domain: &str) -> Projected<DomainRecord> {
    let record = DomainRecord::new(tenant, name(domain));
    projected(source("Domain", tenant, &domain.replace('.', "-")), record, "")
}

/// An account named like its local part.
pub fn account(tenant: &str, at: &str) -> Projected<AccountRecord> {
    let address = address(at);
    let source = source("Mailbox", tenant, address.local());
    let record = AccountRecord {
        tenant: tenant.into(),
        address,
        aliases: Vec::new(),
        quota: None,
        protocols: Protocols::default(),
        role: postern_core::directory::BoxRole::User,
        credential: CredentialSource::None,
        subject: None,
        initial: Initial::default(),
        sieve_before: None,
        suspended: false,
        rename_alias_for: DAY * 30,
        deletion: DeletionPolicy::default(),
    };
    projected(source, record, "")
}

/// The same account with a password: it is in the digest and not in the record.
pub fn with_password(account: &Projected<AccountRecord>, password: &str) -> Projected<AccountRecord> {
    let mut record = account.record.clone();
    record.credential = CredentialSource::Clear(Secret::new(password.to_owned()));
    projected(account.source.clone(), record, password)
}

pub fn verifiers(of: &Projected<AccountRecord>, text: &str) -> VerifiersBySource {
    let verifiers = Verifiers { phc: format!("$argon2id${text}"), scram: None };
    [(of.source.clone(), verifiers)].into()
}

pub fn alias(tenant: &str, at: &str, targets: &[&str]) -> Projected<AliasRecord> {
    let own = address(at);
    let source = source("MailAlias", tenant, own.local());
    let targets = targets.iter().map(|target| address(target)).collect();
    let record = AliasRecord { tenant: tenant.into(), address: own, kind: AliasKind::Redirect, targets, expires_at: None };
    projected(source, record, "")
}

pub fn pool(tenant: &str, name: &str, ips: &[&str]) -> Projected<PoolRecord> {
    let address = |ip: &&str| PoolAddress { ip: ip.parse().unwrap(), helo: self::name("out.example.org"), weight: 1 };
    let record = PoolRecord {
        tenant: tenant.into(),
        name: name.into(),
        allowed_tenants: Some(Vec::new()),
        is_default: false,
        addresses: ips.iter().map(address).collect(),
        rules: Vec::new(),
        throttle: Throttle::default(),
        fallback: None,
        by_egress: false,
    };
    projected(source("IpPool", tenant, name), record, "")
}

/// All there is of cluster `one`.
pub fn all(domains: &[Projected<DomainRecord>], accounts: &[Projected<AccountRecord>]) -> DirectoryUpdate {
    DirectoryUpdate {
        cluster: "one".into(),
        domains: domains.to_vec(),
        accounts: accounts.to_vec(),
        complete: true,
        ..DirectoryUpdate::default()
    }
}
