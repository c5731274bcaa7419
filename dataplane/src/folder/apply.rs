//! One pass: the folder as it is now becomes the directory, and what it said is remembered.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use postern_access::PasswordError;
use postern_apply::{
    confirm,
    passwords::{self, Job},
    refused::is_unwritten,
};
use postern_core::{
    DomainName, Secret,
    directory::{AccountRecord, CredentialSource, DomainRecord, Projected, SourceKey},
};
use postern_projection::{Manifest, Object, Objects, Problem, Projection, project};
use postern_store::{
    Result, StoreError,
    directory::{ApplyReport, DirectoryUpdate, Epoch, Reason, Refusal, Scope, VerifiersBySource, claim, take_lease},
};

use super::{
    Folder, Generated, object,
    parse::{CLUSTER, Parsed, parse},
    refused,
    scan::Stamp,
};

/// Passwords hashed before what is ready is applied, so that ten thousand new boxes do not keep a domain waiting.
const BATCH: usize = 64;
/// Records read at a time.
const PAGE: u32 = 1_000;

/// What a pass did.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// The folder's state that was applied.
    pub stamp: Stamp,
    /// Records written.
    pub written: usize,
    /// Objects that are gone from the folder and so from the directory.
    pub removed: Vec<SourceKey>,
    /// The position at which all of it is visible.
    pub position: i64,
    /// Everything that is wrong, in order.
    pub problems: Arc<[Problem]>,
    /// Passwords that were made, to be told now or never.
    pub generated: Vec<Generated>,
}

impl Folder {
    /// Applies the folder as it is now. A pass that finds nothing changed writes nothing.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when another process has taken the fence since; [`Folder::take_over`] takes it back. Else
    /// as the database says. What is wrong with the folder is no error but a problem in the answer.
    pub async fn apply(&self) -> Result<Applied> {
        let epoch = self.0.epoch.lock().await;
        let inner = self.0.clone();
        let parsed = blocking(move || parse(&inner.path)).await?;
        let standing = if parsed.is_complete() { Vec::new() } else { self.standing_domains().await? };
        let inner = self.0.clone();
        let (parsed, mut projection) = blocking(move || {
            let mut objects = Objects::from_manifests(parsed.manifests.iter().cloned());
            objects.standing_domains.extend(standing);
            let projection = project(&objects, &inner.options);
            (parsed, projection)
        })
        .await?;

        let mut update = update(&parsed, &mut projection);
        let (mut report, unhashed) = self.write(&update, *epoch).await?;
        if !report.withheld.is_empty() && is_confirmed(&parsed.manifests, report.withheld.len()) {
            update.confirm_mass_delete = true;
            let again = self.0.directory.apply(&update, *epoch, &VerifiersBySource::new()).await?;
            report.removed.extend(again.removed);
            (report.withheld, report.position) = (again.withheld, again.position);
        }
        let refused = self.prove_hosts(std::mem::take(&mut report.refused)).await?;
        let mut faults = self.keep_certificates(&parsed, *epoch).await?;
        let unwritten: Vec<SourceKey> = refused.iter().filter(|r| is_unwritten(r.reason)).map(|r| r.source.clone()).collect();
        refused::tell(&mut projection, refused, &parsed.manifests, &unhashed);
        refused::tell_broken(&mut projection, &parsed.problems);

        let mut problems = parsed.problems;
        problems.append(&mut projection.problems);
        problems.append(&mut faults);
        problems.extend(withheld(&report.withheld, &self.0.path.display().to_string()));
        problems.sort();
        problems.dedup();
        let problems: Arc<[Problem]> = problems.into();
        let generated = self.remember(&parsed.manifests, projection.reports, &problems, &update, &unwritten, report.position);
        drop(epoch);
        self.0.keys_wanted.notify_one();
        let ApplyReport { written, removed, position, .. } = report;
        Ok(Applied { stamp: parsed.stamp, written, removed, position, problems, generated })
    }

    /// Takes the fence anew: from now on this process writes, and whoever did before is turned away.
    ///
    /// # Errors
    /// As the database says.
    pub async fn take_over(&self) -> Result<()> {
        let mut epoch = self.0.epoch.lock().await;
        *epoch = take_lease(&self.0.store.db).await?;
        Ok(())
    }

    /// Hashes what changed and applies the update, a batch of passwords at a time.
    async fn write(&self, update: &DirectoryUpdate, epoch: Epoch) -> Result<(ApplyReport, HashMap<SourceKey, String>)> {
        let directory = &self.0.directory;
        let plan = directory.plan(update).await?;
        let accounts: HashMap<&SourceKey, &Projected<AccountRecord>> = update.accounts.iter().map(|a| (&a.source, a)).collect();
        let mut work: Vec<(SourceKey, Secret<String>, bool)> = Vec::new();
        for source in plan.to_hash {
            if let Some(CredentialSource::Clear(password)) = accounts.get(&source).map(|a| &a.record.credential) {
                work.push((source, password.clone(), false));
            }
        }
        for source in plan.to_generate {
            let password = passwords::generate(&mut **self.0.rng.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
            work.push((source, password, true));
        }
        let (mut verifiers, mut unhashed) = (VerifiersBySource::new(), HashMap::new());
        let mut total = ApplyReport::default();
        let mut work = work.into_iter();
        loop {
            let batch: Vec<_> = work.by_ref().take(BATCH).collect();
            let jobs =
                batch.iter().map(|(source, password, _)| Job { source: source.clone(), password: password.clone(), seed: self.0.seed() });
            for (source, made) in passwords::hash(jobs.collect()).await {
                match made {
                    Ok(made) => drop(verifiers.insert(source, made)),
                    Err(error) => drop(unhashed.insert(source, PasswordError::to_string(&error))),
                }
            }
            add(&mut total, directory.apply(update, epoch, &verifiers).await?);
            self.keep_generated(&batch, &total.refused, &accounts);
            if work.len() == 0 {
                return Ok((total, unhashed));
            }
        }
    }

    /// Kept until the pass has ended well, however many passes that takes: what was committed is told.
    fn keep_generated(
        &self,
        batch: &[(SourceKey, Secret<String>, bool)],
        refused: &[Refusal],
        accounts: &HashMap<&SourceKey, &Projected<AccountRecord>>,
    ) {
        let taken = |source: &SourceKey| !refused.iter().any(|r| r.source == *source && is_unwritten(r.reason));
        let made = batch.iter().filter(|(source, _, generated)| *generated && taken(source));
        let told = made.filter_map(|(source, password, _)| {
            Some(Generated { address: accounts.get(source)?.record.address.clone(), password: password.clone() })
        });
        self.0.state().generated.extend(told);
    }

    /// The folder's writer is the administrator: a host outside the tenant's domains is proven by his word.
    async fn prove_hosts(&self, refused: Vec<Refusal>) -> Result<Vec<Refusal>> {
        let Folder(inner) = self;
        let mut left = Vec::new();
        for refusal in refused {
            if refusal.reason != Reason::TokenNotFound {
                left.push(refusal);
                continue;
            }
            match claim::record_proof(&inner.store.db, &refusal.source.namespace, &refusal.name, true, None, inner.store.now()).await {
                Ok(_) | Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
            inner.directory.refresh().await?;
        }
        Ok(left)
    }

    /// Domains that the folder gave before: boxes below them stay welcome while the Domain's own file is broken.
    async fn standing_domains(&self) -> Result<Vec<(DomainName, String)>> {
        let (mut standing, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = self.0.directory.list::<DomainRecord>(Scope::All, after.as_deref(), PAGE).await?;
            let ours = page.iter().filter(|l| l.gone_until.is_none() && l.source.as_ref().is_some_and(|s| s.cluster == CLUSTER));
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

    fn remember(
        &self,
        manifests: &[Manifest],
        reports: BTreeMap<SourceKey, postern_projection::Report>,
        problems: &Arc<[Problem]>,
        update: &DirectoryUpdate,
        unwritten: &[SourceKey],
        position: i64,
    ) -> Vec<Generated> {
        let mut state = self.0.state();
        let before = std::mem::take(&mut state.objects);
        let reported: HashSet<SourceKey> = manifests.iter().map(|manifest| object::source(&manifest.object)).collect();
        let shown = manifests.iter().filter(|m| object::SHOWN.contains(&m.object.kind()));
        state.objects = shown.map(|manifest| with_status(&before, &manifest.object)).collect();
        // A broken object is shown as it was when it last was sound: that is what serves.
        state.objects.extend(before.into_iter().filter(|(source, _)| update.held.contains(source) && !reported.contains(source)));
        (state.reports, state.problems) = (reports, problems.clone());
        let digests = digests(update).filter(|(source, _)| !unwritten.contains(source));
        state.in_force(digests, position);
        std::mem::take(&mut state.generated)
    }
}

/// Whether a Namespace of the folder confirms that so many go.
fn is_confirmed(manifests: &[Manifest], going: usize) -> bool {
    manifests.iter().any(|manifest| {
        let Object::Namespace(namespace) = &manifest.object else { return false };
        confirm::is_given(namespace.metadata.annotations.as_ref(), going)
    })
}

fn with_status(before: &BTreeMap<SourceKey, Object>, object: &Object) -> (SourceKey, Object) {
    let (source, mut object) = (object::source(object), object.clone());
    if let Some(before) = before.get(&source) {
        object::keep_status(before, &mut object);
    }
    (source, object)
}

fn update(parsed: &Parsed, projection: &mut Projection) -> DirectoryUpdate {
    let broken = parsed.broken();
    DirectoryUpdate {
        cluster: CLUSTER.to_owned(),
        domains: std::mem::take(&mut projection.domains),
        accounts: std::mem::take(&mut projection.accounts),
        aliases: std::mem::take(&mut projection.aliases),
        pools: std::mem::take(&mut projection.pools),
        brands: std::mem::take(&mut projection.brands),
        held: projection.held.iter().cloned().chain(broken).collect(),
        leaving: Vec::new(),
        complete: parsed.is_complete(),
        confirm_mass_delete: false,
    }
}

fn digests(update: &DirectoryUpdate) -> impl Iterator<Item = (SourceKey, postern_core::directory::Digest)> + '_ {
    let domains = update.domains.iter().map(|p| (p.source.clone(), p.digest));
    let accounts = update.accounts.iter().map(|p| (p.source.clone(), p.digest));
    let aliases = update.aliases.iter().map(|p| (p.source.clone(), p.digest));
    let pools = update.pools.iter().map(|p| (p.source.clone(), p.digest));
    let brands = update.brands.iter().map(|p| (p.source.clone(), p.digest));
    domains.chain(accounts).chain(aliases).chain(pools).chain(brands)
}

/// What was written adds up; what is refused is as the last batch left it.
fn add(total: &mut ApplyReport, batch: ApplyReport) {
    total.written += batch.written;
    total.restored.extend(batch.restored);
    total.adopted.extend(batch.adopted);
    total.removed.extend(batch.removed);
    (total.position, total.unchanged) = (batch.position, batch.unchanged);
    (total.withheld, total.refused) = (batch.withheld, batch.refused);
}

fn withheld(sources: &[SourceKey], folder: &str) -> Option<Problem> {
    const NAMED: usize = 3;
    if sources.is_empty() {
        return None;
    }
    let named: Vec<String> = sources.iter().take(NAMED).map(|s| format!("{} {}/{}", s.kind, s.namespace, s.name)).collect();
    let more = if sources.len() > NAMED { ", …" } else { "" };
    let message =
        format!("{} objects are gone from the folder, too many at once: all are kept ({}{more})", sources.len(), named.join(", "));
    let fix = format!("put them back, or annotate a Namespace with {}: \"{}\" to let them go", confirm::ANNOTATION, sources.len());
    Some(Problem { file: folder.to_owned(), line: 0, field: String::new(), message, fix, object: None })
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(StoreError::unavailable)
}
