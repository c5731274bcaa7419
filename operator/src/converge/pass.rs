//! One pass.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use postern_apply::passwords::{self, Job};
use postern_core::{
    DomainName, Secret,
    directory::{AccountRecord, CredentialSource, Digest, DomainRecord, Projected, SourceKey},
};
use postern_crds::condition::reason;
use postern_projection::{Options, Projection, Refusal, Report, Selection, project_selected};
use postern_store::{
    Result, StoreError,
    directory::{DirectoryUpdate, Leaving, Scope as ListScope, VerifiersBySource},
};

use super::{Outlets, batch, gather, orphans, scope::Scope};
use crate::{
    context::Context,
    ledger::Since,
    references::References,
    watch::{Gone, Id, Kind},
};

/// Passwords hashed between two looks at what else there is to do.
const HASHED: usize = 32;
/// Batches of a pass after which the database counts its rows.
const COUNTED: usize = 4;
/// Records read at a time.
const PAGE: u32 = 1_000;

/// What convergence remembers between passes.
pub struct Converge {
    pub(super) context: Context,
    pub(super) outlets: Outlets,
    references: References,
    digest_key: Secret<Vec<u8>>,
    /// What the directory has; `None` until it was asked.
    pub(super) in_force: Option<HashMap<Id, Digest>>,
    /// Boxes whose password waits to be hashed.
    pub(super) unhashed: BTreeMap<Id, Projected<AccountRecord>>,
    /// What the directory did not take, or holds without serving it: tried again from time to time.
    pub(super) unsettled: BTreeSet<Id>,
    /// Objects that are gone and whose rows are not known to be.
    gone: BTreeSet<Id>,
    /// Rows may be there whose resource is not.
    orphans: bool,
    /// How many were kept the last time.
    withheld: usize,
}

impl Converge {
    /// Nothing known yet.
    pub fn new(context: Context, outlets: Outlets, references: References, digest_key: Secret<Vec<u8>>) -> Self {
        Self {
            context,
            outlets,
            references,
            digest_key,
            in_force: None,
            unhashed: BTreeMap::new(),
            unsettled: BTreeSet::new(),
            gone: BTreeSet::new(),
            orphans: true,
            withheld: 0,
        }
    }

    /// Brings the directory up to date with what `scope` covers.
    ///
    /// # Errors
    /// As the database says, for the whole pass is to be made again. What a single object is to blame for is no error.
    pub async fn pass(&mut self, scope: &Scope) -> Result<()> {
        if self.in_force.is_none() {
            self.learn().await?;
        }
        // In one moment, or an object would be both there and gone.
        let gathered = self.context.cache.take(|tables| {
            for (id, gone) in tables.take_gone() {
                match gone {
                    Gone::Deleted => drop(self.gone.insert(id)),
                    Gone::Missing => self.orphans = true,
                }
            }
            self.gone.retain(|id| !tables.has(id));
            gather::gather(tables, scope)
        });
        let mut leaving = gathered.leaving;
        leaving.extend(self.gone.iter().map(|id| (id.clone(), None)));

        let mut objects = gathered.objects;
        let pending = self.references.supply(&gathered.needs, *scope == Scope::Whole, &mut objects);
        if gathered.broken.iter().any(|(id, _)| id.kind == Kind::Domain) {
            objects.standing_domains.extend(self.standing_domains().await?);
        }
        let options = self.options();
        let known = self.in_force.take().unwrap_or_default();
        let unsettled = self.unsettled.clone();
        let boxes_only = *scope != Scope::Whole;
        let projecting = tokio::task::spawn_blocking(move || {
            let is_known = |source: &SourceKey, digest: &Digest| {
                Id::of_source(source).is_some_and(|id| known.get(&id) == Some(digest) && !unsettled.contains(&id))
            };
            let projection = project_selected(&objects, &options, Selection { boxes_only, is_known: &is_known });
            (projection, known)
        });
        let (mut projection, known) = projecting.await.map_err(StoreError::unavailable)?;
        self.in_force = Some(known);

        let accepted = self.judge(&mut projection, &gathered.broken, &pending);
        let leaving = self.leave(leaving);
        let batches = batch::batches(&self.context.place.cluster, leaving, &mut projection);
        let all = batches.len();
        for (left, batch) in (0..all).rev().zip(batches) {
            self.outlets.backlog.set(left);
            self.apply(batch).await.inspect_err(|_| self.outlets.backlog.set(0))?;
            self.grown(all - left).await;
        }
        // What the directory has taken was told already, with more to say.
        self.outlets.statuses.push(accepted.into_iter().filter(|id| self.is_not_taken(id)));
        if self.orphans || (self.withheld > 0 && *scope == Scope::Whole) {
            let found = orphans::remove(&self.context).await?;
            (self.orphans, self.withheld) = (false, found.withheld);
            found.removed.iter().for_each(|id| self.forget(id));
        }
        self.gone.clear();
        Ok(())
    }

    /// Has the database count its rows each time a long pass has doubled what it wrote.
    async fn grown(&self, batches: usize) {
        if batches >= COUNTED
            && batches.is_power_of_two()
            && let Err(error) = self.context.directory.grown().await
        {
            tracing::debug!(%error, "the database did not count its rows");
        }
    }

    /// How many passwords wait to be hashed.
    pub fn unhashed(&self) -> usize {
        self.unhashed.len()
    }

    /// Objects to be tried again.
    pub fn unsettled(&self) -> Vec<Id> {
        self.unsettled.iter().cloned().collect()
    }

    /// Hashes some of the passwords that wait and writes their boxes.
    ///
    /// # Errors
    /// As the database says; the passwords are to be looked at anew.
    pub async fn hash_some(&mut self) -> Result<()> {
        let mut accounts = Vec::new();
        while accounts.len() < HASHED
            && let Some((_, account)) = self.unhashed.pop_first()
        {
            accounts.push(account);
        }
        let clear = |account: &Projected<AccountRecord>| match &account.record.credential {
            CredentialSource::Clear(password) => {
                Some(Job { source: account.source.clone(), password: password.clone(), seed: self.context.chance.seed() })
            }
            _ => None,
        };
        let jobs = accounts.iter().filter_map(clear).collect();
        let (mut verifiers, mut unhashed) = (VerifiersBySource::new(), HashMap::new());
        for (source, made) in passwords::hash(jobs).await {
            match made {
                Ok(made) => drop(verifiers.insert(source, made)),
                Err(error) => drop(unhashed.insert(source, error.to_string())),
            }
        }
        let update = DirectoryUpdate { cluster: self.context.place.cluster.clone(), accounts, ..DirectoryUpdate::default() };
        let report = self.context.directory.apply(&update, self.context.epoch, &verifiers).await?;
        self.applied(&update, report, &unhashed);
        Ok(())
    }

    /// Whether the directory does not have an object, as far as is known, and nothing but that speaks against it.
    fn is_not_taken(&self, id: &Id) -> bool {
        self.outlets.ledger.of(id).is_none_or(|standing| standing.since == Since::Never && standing.report.is_accepted())
    }

    /// Says of objects that the directory does not have yet that the database does not answer.
    pub fn tell_away(&self, scope: &Scope) {
        let gathered = gather::gather(&self.context.cache.read(), scope);
        let ids = gathered.objects.mailboxes.iter().map(|o| (Kind::Mailbox, &o.object.metadata));
        let ids = ids.chain(gathered.objects.domains.iter().map(|o| (Kind::Domain, &o.object.metadata)));
        let ids = ids.chain(gathered.objects.aliases.iter().map(|o| (Kind::Alias, &o.object.metadata)));
        let ids = ids.chain(gathered.objects.pools.iter().map(|o| (Kind::IpPool, &o.object.metadata)));
        let ids = ids.chain(gathered.objects.brands.iter().map(|o| (Kind::Branding, &o.object.metadata)));
        for (kind, metadata) in ids {
            let id = Id::new(kind, metadata.namespace.as_deref().unwrap_or_default(), metadata.name.as_deref().unwrap_or_default());
            if self.is_not_taken(&id) {
                let refusal = Refusal {
                    reason: reason::DIRECTORY_UNAVAILABLE,
                    field: String::new(),
                    message: "the directory's database does not answer".to_owned(),
                    fix: "nothing is to be done here: it is tried again".to_owned(),
                };
                let generation = metadata.generation.unwrap_or_default();
                self.outlets.ledger.judged(&id, Report { generation, refusals: vec![refusal], remark: None });
                self.outlets.statuses.push([id]);
            }
        }
    }

    /// Asks the directory what it has.
    async fn learn(&mut self) -> Result<()> {
        let position = self.context.directory.refresh().await?;
        let digests = self.context.directory.digests(&self.context.place.cluster).await?;
        let mut in_force = HashMap::with_capacity(digests.len());
        for (source, digest) in digests {
            if let Some(id) = Id::of_source(&source) {
                self.outlets.ledger.in_force(&id, Since::Before(position));
                in_force.insert(id, digest);
            }
        }
        self.in_force = Some(in_force);
        Ok(())
    }

    fn options(&self) -> Options {
        let tables = self.context.cache.read();
        // Only the operator's own namespace says what tenants must not decide.
        let resource = tables.clusters.in_namespace(&self.context.place.namespace).next().map(|(_, entry)| entry.object.clone());
        Options::of_cluster(self.context.place.cluster.clone(), resource.as_deref(), self.digest_key.clone())
    }

    /// Domains that serve from before: boxes below them stay welcome while the Domain's own object is broken.
    async fn standing_domains(&self) -> Result<Vec<(DomainName, String)>> {
        let (mut standing, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = self.context.directory.list::<DomainRecord>(ListScope::All, after.as_deref(), PAGE).await?;
            let ours = page
                .iter()
                .filter(|l| l.gone_until.is_none() && l.source.as_ref().is_some_and(|s| s.cluster == self.context.place.cluster));
            for record in ours.map(|listed| &listed.record) {
                let names = std::iter::once(&record.name).chain(&record.aliases);
                standing.extend(names.map(|name| (name.clone(), record.tenant.clone())));
            }
            match page.last() {
                Some(last) if page.len() == PAGE as usize => after = Some(last.owner.clone()),
                _ => return Ok(standing),
            }
        }
    }

    /// Notes what the projection says of each object, those apart whose Secrets are still being fetched. Returns those whose
    /// records are about to be written: that is waited for, so that their status is written once and not twice.
    fn judge(&mut self, projection: &mut Projection, broken: &[(Id, Report)], pending: &BTreeSet<Id>) -> Vec<Id> {
        let (mut told, mut accepted) = (Vec::new(), Vec::new());
        for (source, report) in std::mem::take(&mut projection.reports) {
            let Some(id) = Id::of_source(&source).filter(|id| !pending.contains(id)) else { continue };
            if !report.is_accepted() {
                self.unhashed.remove(&id);
                self.unsettled.remove(&id);
            } else if self.unsettled.contains(&id) {
                // What the directory has to say is kept until it says something else.
                continue;
            }
            let is_new = report.is_accepted() && !self.in_force.as_ref().is_some_and(|known| known.contains_key(&id));
            if self.outlets.ledger.judged(&id, report) {
                if is_new { &mut accepted } else { &mut told }.push(id);
            }
        }
        told.extend(broken.iter().filter(|(id, report)| self.outlets.ledger.judged(id, report.clone())).map(|(id, _)| id.clone()));
        self.outlets.statuses.push(told);
        accepted
    }

    /// What is to be tombstoned, of what is being deleted: all of it, for a row may be there that we do not know.
    fn leave(&mut self, leaving: Vec<(Id, Option<postern_core::directory::DeletionPolicy>)>) -> Vec<Leaving> {
        let cluster = &self.context.place.cluster;
        leaving.into_iter().map(|(id, deletion)| Leaving { source: id.source(cluster), deletion }).collect()
    }

    /// Applies a batch; one that fails for a reason of its own is halved until the record is found that it fails for.
    async fn apply(&mut self, batch: DirectoryUpdate) -> Result<()> {
        let mut open = vec![batch];
        while let Some(mut batch) = open.pop() {
            match self.apply_ready(&mut batch).await {
                Ok(()) => {}
                Err(error) if error.is_temporary() || super::has_lost(&self.context, &error).await => return Err(error),
                Err(error) => match batch::halves(batch.clone()) {
                    Some([first, second]) => open.extend([second, first]),
                    None => self.blame(&batch, &error),
                },
            }
        }
        Ok(())
    }

    /// Applies a batch, but for boxes whose password must be hashed first: they wait their turn.
    async fn apply_ready(&mut self, batch: &mut DirectoryUpdate) -> Result<()> {
        if batch.accounts.iter().any(|a| matches!(a.record.credential, CredentialSource::Clear(_))) {
            let plan = self.context.directory.plan(batch).await?;
            let wait: BTreeSet<SourceKey> = plan.to_hash.into_iter().collect();
            let (waiting, ready) = std::mem::take(&mut batch.accounts).into_iter().partition(|a| wait.contains(&a.source));
            batch.accounts = ready;
            let waiting: Vec<Projected<AccountRecord>> = waiting;
            self.unhashed.extend(waiting.into_iter().filter_map(|account| Some((Id::of_source(&account.source)?, account))));
        }
        if batch::len(batch) == 0 {
            return Ok(());
        }
        let report = self.context.directory.apply(batch, self.context.epoch, &VerifiersBySource::new()).await?;
        self.applied(batch, report, &HashMap::new());
        Ok(())
    }
}
