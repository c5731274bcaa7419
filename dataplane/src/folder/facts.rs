//! What the directory and the store know of an object, made into its status.

use std::collections::HashMap;

use postern_apply::keys::status as status_of_key;
use postern_core::{
    AccountId, ByteSize, DomainName, Timestamp,
    directory::{AccountRecord, SourceKey},
};
use postern_crds::{Domain, DomainStatus, Mailbox, MailboxStatus, ip_pool::AddressStatus, text::ByteQuantity};
use postern_projection::{
    Object, Report,
    status::{self, BrandFacts, DomainFacts, MailboxFacts, Owned, PoolFacts},
};
use postern_store::{
    Result, StoreError,
    directory::{AddressTarget, Scope, process},
};

use super::{Folder, dns, object::source};

/// Records read at a time.
const PAGE: u32 = 1_000;

/// What one answer has looked up already.
pub(super) struct Facts<'a> {
    folder: &'a Folder,
    now: Timestamp,
    /// Whether every process has passed a position.
    programmed: HashMap<i64, bool>,
    /// Accounts of a tenant, whoever made them.
    accounts: HashMap<String, Vec<(AccountId, DomainName)>>,
}

impl<'a> Facts<'a> {
    /// Nothing looked up yet.
    pub fn new(folder: &'a Folder, now: Timestamp) -> Self {
        Self { folder, now, programmed: HashMap::new(), accounts: HashMap::new() }
    }

    /// Writes an object's status anew.
    pub async fn report(&mut self, object: &mut Object, report: Option<&Report>) -> Result<()> {
        let (programmed, now) = (self.is_programmed(&source(object)).await?, self.now);
        match object {
            Object::Domain(o) => {
                let facts = self.domain(o, programmed).await?;
                o.status = Some(DomainStatus { storage_used: Some(exact(facts.storage_used)), ..status::domain(o, report, &facts, now) });
            }
            Object::Mailbox(o) => {
                let facts = self.mailbox(o, programmed).await?;
                o.status = Some(MailboxStatus { used: Some(exact(facts.used)), ..status::mailbox(o, report, &facts, now) });
            }
            Object::Alias(o) => o.status = Some(status::alias(o, report, programmed, now)),
            Object::IpPool(o) => {
                let address = |ip: &str| AddressStatus {
                    ip: ip.to_owned(),
                    ptr: None,
                    fcrdns: None,
                    listed_on: Vec::new(),
                    bound_on: None,
                    warmup_percent: None,
                    sent_24h: None,
                    deferred_ratio: None,
                };
                let addresses = o.spec.addresses.iter().map(|a| address(&a.ip)).collect();
                o.status = Some(status::ip_pool(o, report, &PoolFacts { programmed, addresses, ..PoolFacts::default() }, now));
            }
            Object::Branding(o) => o.status = Some(status::branding(o, report, &BrandFacts { programmed, ..BrandFacts::default() }, now)),
            // Only an operator acts on it; here it was read and found sound, which is all there is to it.
            Object::MailCluster(o) => {
                o.status = Some(status::mail_cluster(o, Some(&Report::default()), &status::ClusterFacts::default(), now));
            }
            Object::Secret(_) | Object::ConfigMap(_) | Object::Namespace(_) => {}
        }
        Ok(())
    }

    /// Whether every process serves what was applied of it last.
    async fn is_programmed(&mut self, source: &SourceKey) -> Result<bool> {
        let (since, served) = {
            let state = self.folder.0.state();
            (state.since.get(source).map(|(_, position)| *position), state.served)
        };
        let Some(position) = since else { return Ok(false) };
        if position <= served {
            return Ok(true);
        }
        if let Some(known) = self.programmed.get(&position) {
            return Ok(*known);
        }
        let programmed = process::programmed(&self.folder.0.store.db, position, self.now).await?;
        self.programmed.insert(position, programmed);
        if programmed {
            let mut state = self.folder.0.state();
            state.served = state.served.max(position);
        }
        Ok(programmed)
    }

    async fn domain(&mut self, object: &Domain, programmed: bool) -> Result<DomainFacts> {
        let folder = self.folder;
        let (directory, store) = (&folder.0.directory, &folder.0.store);
        let Ok(name) = DomainName::parse(&object.spec.domain) else { return Ok(DomainFacts::default()) };
        let tenant = object.metadata.namespace.as_deref().unwrap_or_default();
        let served = directory.domain(&name).await?.is_some_and(|entry| entry.record.tenant == tenant && entry.record.name == name);
        let keys = if served { directory.dkim_keys(&name).await? } else { [].into() };
        let pool = directory.pool_for(&name).await?.filter(|_| served);
        let mut facts = DomainFacts {
            programmed,
            owned: if served { Owned::Preverified } else { Owned::No },
            dkim: keys.iter().map(|key| status_of_key(&key.selector, key.algorithm, key.state, key.activates_at)).collect(),
            dns: Some(dns::unchecked(object, &name, &keys, pool.as_deref(), &folder.0.host, self.now)),
            ..DomainFacts::default()
        };
        for (account, domain) in self.accounts(tenant).await? {
            if *domain == name {
                facts.mailboxes += 1;
                facts.storage_used.0 += usage(store.boxes.usage(*account).await)?.map_or(0, |usage| bytes(usage.used));
            }
        }
        Ok(facts)
    }

    async fn mailbox(&self, object: &Mailbox, programmed: bool) -> Result<MailboxFacts> {
        let directory = &self.folder.0.directory;
        let mut facts = MailboxFacts { programmed, ..MailboxFacts::default() };
        let Ok(address) = object.spec.address.parse() else { return Ok(facts) };
        let AddressTarget::Account(account) = directory.address(&address).await? else { return Ok(facts) };
        if account.owner != source(&Object::Mailbox(Box::new(object.clone()))).to_string() {
            return Ok(facts);
        }
        facts.mailbox_id = Some(account.id.to_string());
        facts.initial_applied_at = Some(account.id.made_at());
        facts.last_login = directory.last_login(account.id).await?;
        facts.has_password = directory.login(&object.spec.address).await?.is_some_and(|login| login.phc.is_some());
        if let Some(usage) = usage(self.folder.0.store.boxes.usage(account.id).await)? {
            facts.used = ByteSize(bytes(usage.used));
            facts.messages = bytes(usage.messages);
            facts.quota = usage.quota.map(|quota| ByteSize(bytes(quota)));
        }
        Ok(facts)
    }

    async fn accounts(&mut self, tenant: &str) -> Result<&[(AccountId, DomainName)]> {
        if !self.accounts.contains_key(tenant) {
            let (mut all, mut after) = (Vec::new(), None::<String>);
            loop {
                let page = self.folder.0.directory.list::<AccountRecord>(Scope::Tenant(tenant), after.as_deref(), PAGE).await?;
                let live = page.iter().filter(|listed| listed.gone_until.is_none());
                all.extend(live.filter_map(|listed| Some((listed.account?, listed.record.address.domain().clone()))));
                match page.last() {
                    Some(last) if page.len() == PAGE as usize => after = Some(last.owner.clone()),
                    _ => break,
                }
            }
            self.accounts.insert(tenant.to_owned(), all);
        }
        Ok(self.accounts.get(tenant).map_or(&[], Vec::as_slice))
    }
}

/// A box that is made in this moment has none yet.
fn usage<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(usage) => Ok(Some(usage)),
        Err(StoreError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn bytes(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// To the byte: it is asked for and written down nowhere, unlike a status in a cluster, which moves in steps.
fn exact(used: ByteSize) -> ByteQuantity {
    ByteQuantity(used.0.to_string())
}
