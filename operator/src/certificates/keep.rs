//! The driver: what is wanted against what cert-manager has, host by host.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    pin::pin,
    time::Duration,
};

use futures_util::StreamExt;
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, Patch, PatchParams},
    runtime::{
        WatchStreamExt,
        watcher::{self, Event, watcher},
    },
};
use postern_core::{DomainName, Timestamp};
use postern_crds::{
    branding::HostStatus,
    domain::{CertificateState, CertificateStatus},
    mail_cluster::MailClusterSpec,
};
use postern_store::{
    StoreError,
    directory::{CertificateFacts, process},
};

use super::{
    kinds::{Certificate, CertificateSpec, Issuer, PrivateKey, SecretTemplate},
    load::{load, not_after},
    looks::Looks,
    pace::Pace,
    wanted::{Want, Wanted},
};
use crate::{
    context::Context,
    watch::{Id, Kind},
};

/// Who writes.
const MANAGER: &str = "postern-operator";
/// What ours bear.
const LABELS: [(&str, &str); 2] = [("app.kubernetes.io/managed-by", MANAGER), ("app.kubernetes.io/component", "certificate")];
/// Between a change and the pass that sees to it.
const SOON: Duration = Duration::from_millis(300);
/// Between two passes without a change: positions are passed, DNS comes round.
const TICK: Duration = Duration::from_secs(5);
/// How long a certificate that nobody wants stays: whoever moves a host from one resource to another keeps it.
const REST: Duration = Duration::from_secs(300);

/// Keeps them until the leadership ends.
pub async fn run(context: &Context) {
    let Some(looks) = Looks::new(context).await else { return };
    let api: Api<Certificate> = Api::namespaced(context.client.clone(), &context.place.namespace);
    let ours = LABELS.map(|(label, value)| format!("{label}={value}")).join(",");
    let mut events = pin!(watcher(api.clone(), watcher::Config::default().labels(&ours)).default_backoff());
    let subscription = context.cache.subscribe(&[Kind::Domain, Kind::Branding, Kind::MailCluster]);
    let mut keeper = Keeper {
        context,
        api,
        there: BTreeMap::new(),
        listing: BTreeMap::new(),
        listed: false,
        pace: Pace::new(context.now()),
        looks,
        touched: BTreeSet::new(),
        loaded: HashMap::new(),
        unwanted: HashMap::new(),
    };
    let mut next = tokio::time::Instant::now() + SOON;
    loop {
        tokio::select! {
            event = events.next() => {
                if event.is_some_and(|event| keeper.heard(event)) {
                    next = next.min(tokio::time::Instant::now() + SOON);
                }
            }
            () = subscription.wait() => {
                keeper.touched.extend(subscription.take());
                next = next.min(tokio::time::Instant::now() + SOON);
            }
            () = tokio::time::sleep_until(next) => {
                if let Err(error) = keeper.pass().await {
                    tracing::warn!(%error, "certificates cannot be seen to; trying again");
                }
                next = tokio::time::Instant::now() + TICK;
            }
            () = context.ended.cancelled() => return,
        }
    }
}

struct Keeper<'a> {
    context: &'a Context,
    api: Api<Certificate>,
    /// By name, as cert-manager has them.
    there: BTreeMap<String, Certificate>,
    listing: BTreeMap<String, Certificate>,
    listed: bool,
    pace: Pace,
    looks: Looks,
    /// Resources that changed, or ask for another look by annotation: their hosts do not wait for their turn.
    touched: BTreeSet<Id>,
    /// Issuances that were loaded, by name.
    loaded: HashMap<String, Option<i64>>,
    /// Since when nobody wants it, by name.
    unwanted: HashMap<String, Timestamp>,
}

impl Keeper<'_> {
    /// Takes an event in; whether there is something to do.
    fn heard(&mut self, event: Result<Event<Certificate>, watcher::Error>) -> bool {
        match event {
            Ok(Event::Init) => self.listing.clear(),
            Ok(Event::InitApply(certificate)) => drop(self.listing.insert(certificate.name_any(), certificate)),
            Ok(Event::InitDone) => {
                (self.there, self.listed) = (std::mem::take(&mut self.listing), true);
                return true;
            }
            Ok(Event::Apply(certificate)) => {
                self.there.insert(certificate.name_any(), certificate);
                return true;
            }
            Ok(Event::Delete(certificate)) => {
                self.there.remove(&certificate.name_any());
                return true;
            }
            Err(error) => tracing::debug!(%error, "certificates cannot be watched; is cert-manager installed?"),
        }
        false
    }

    async fn pass(&mut self) -> Result<(), StoreError> {
        let context = self.context;
        if !context.cache.is_complete() {
            return Ok(());
        }
        let Some(wanted) = wanted(context).await? else { return Ok(()) };
        let kept = context.directory.certificates().await?;
        let served = served(context, &kept).await?;
        let kept: HashMap<String, CertificateFacts> = kept.into_iter().map(|facts| (facts.host.clone(), facts)).collect();
        let mut rows: BTreeMap<Id, Vec<CertificateStatus>> = BTreeMap::new();
        for (host, want) in &wanted.0 {
            if context.ended.is_cancelled() {
                return Ok(());
            }
            if want.by.iter().any(|id| self.touched.contains(id)) {
                self.looks.at_once(host);
            }
            for id in &want.by {
                rows.entry(id.clone()).or_default();
            }
            let (state, message) = self.see_to(host, want, kept.get(host.as_str())).await;
            if state == CertificateState::WaitingForDns && !want.required {
                continue;
            }
            let facts = kept.get(host.as_str());
            let loaded = facts.is_some_and(|facts| facts.position <= served);
            let state = match state {
                CertificateState::Serving if !loaded => CertificateState::Programming,
                state => state,
            };
            let row = CertificateStatus {
                host: host.to_string(),
                not_after: facts.map(|facts| facts.not_after.to_string()),
                loaded,
                state: Some(state),
                message: message.map(|text| postern_crds::text::Line(text.chars().take(250).collect())),
            };
            for id in &want.by {
                rows.entry(id.clone()).or_default().push(row.clone());
            }
        }
        rows.into_iter().for_each(|(id, rows)| tell(context, &id, rows));
        self.looks.keep(|host| wanted.0.contains_key(host));
        self.touched.clear();
        if self.listed {
            self.clean(&wanted, &kept).await?;
        }
        Ok(())
    }

    /// Brings one host a step on; how it stands, and what to do if somebody must.
    async fn see_to(&mut self, host: &DomainName, want: &Want, kept: Option<&CertificateFacts>) -> (CertificateState, Option<String>) {
        let issuer = match &want.issuer {
            Ok(issuer) => issuer,
            Err(why) => return (CertificateState::NotPermitted, Some(why.clone())),
        };
        let name = host.as_str();
        let Some(there) = self.there.get(name).cloned() else {
            return self.ask_for(host, issuer).await;
        };
        if there.spec.issuer_ref != *issuer
            && let Err(error) = self.apply(name, issuer).await
        {
            return (CertificateState::WaitingForIssuer, Some(format!("it cannot be asked for: {error}")));
        }
        if !there.is_ready() {
            let trouble = there.trouble().map(str::to_owned);
            return match kept {
                // What is served is served until it ends.
                Some(_) => (CertificateState::Serving, trouble),
                None => (CertificateState::WaitingForIssuer, trouble.or_else(|| Some("the issuer has it in hand".to_owned()))),
            };
        }
        let revision = there.status.as_ref().and_then(|status| status.revision);
        // A leader that is new need not read every Secret.
        if kept.is_some_and(|kept| !self.loaded.contains_key(name) && Some(kept.not_after) == not_after(&there)) {
            self.loaded.insert(name.to_owned(), revision);
        }
        if self.loaded.get(name) != Some(&revision) || kept.is_none() {
            match load(self.context, &there, name).await {
                Ok(news) => {
                    self.loaded.insert(name.to_owned(), revision);
                    if news {
                        tracing::info!(%host, "a certificate is served");
                    }
                }
                Err(error) => {
                    tracing::warn!(%host, %error, "a certificate cannot be loaded; trying again");
                    return (CertificateState::Programming, Some(error.to_string()));
                }
            }
        }
        (CertificateState::Serving, None)
    }

    /// Asks for a certificate once the host's DNS leads here: an issuer would come to nothing before, and count it.
    async fn ask_for(&mut self, host: &DomainName, issuer: &Issuer) -> (CertificateState, Option<String>) {
        if !self.listed {
            return (CertificateState::WaitingForIssuer, Some("cert-manager does not answer; install it, or wait".to_owned()));
        }
        match self.looks.leads_here(self.context, host).await {
            Some(true) => {}
            Some(false) => {
                return (CertificateState::WaitingForDns, Some(format!("{host} does not lead here yet; see status.dns.records")));
            }
            None => return (CertificateState::WaitingForDns, Some(format!("{host} could not be looked up; it is asked again"))),
        }
        if !self.pace.take(self.context.now()) {
            return (CertificateState::WaitingForIssuer, Some("many certificates were asked for; this one is in line".to_owned()));
        }
        match self.apply(host.as_str(), issuer).await {
            Ok(()) => (CertificateState::WaitingForIssuer, Some("the issuer was asked".to_owned())),
            Err(error) => (CertificateState::WaitingForIssuer, Some(format!("it cannot be asked for: {error}"))),
        }
    }

    async fn apply(&self, host: &str, issuer: &Issuer) -> Result<(), kube::Error> {
        let mut certificate = Certificate::new(host, certificate(host, issuer));
        certificate.metadata.labels = Some(labels());
        let params = PatchParams::apply(MANAGER).force();
        self.api.patch(host, &params, &Patch::Apply(&certificate)).await.map(drop)
    }

    /// Removes what nobody wants any more, and what the directory holds of it.
    async fn clean(&mut self, wanted: &Wanted, kept: &HashMap<String, CertificateFacts>) -> Result<(), StoreError> {
        let now = self.context.now();
        let is_wanted = |host: &str| DomainName::parse(host).is_ok_and(|host| wanted.0.contains_key(&host));
        let ours = kept.values().filter(|facts| facts.origin == self.context.place.cluster).map(|facts| facts.host.clone());
        let all: Vec<String> = self.there.keys().cloned().chain(ours).collect();
        self.unwanted.retain(|host, _| all.contains(host) && !is_wanted(host));
        let mut over = Vec::new();
        for host in all.into_iter().filter(|host| !is_wanted(host)) {
            let since = *self.unwanted.entry(host.clone()).or_insert(now);
            if now.since(since) >= REST {
                over.push(host);
            }
        }
        over.sort();
        over.dedup();
        let secrets: Api<Secret> = Api::namespaced(self.context.client.clone(), &self.context.place.namespace);
        for host in &over {
            if let Some(gone) = self.there.get(host) {
                tracing::info!(host, "a certificate that nobody wants is removed");
                let secret = gone.spec.secret_name.clone();
                for outcome in [
                    self.api.delete(host, &DeleteParams::default()).await.map(drop),
                    secrets.delete(&secret, &DeleteParams::default()).await.map(drop),
                ] {
                    if let Err(error) = outcome {
                        tracing::debug!(host, %error, "it could not be removed");
                    }
                }
            }
            self.loaded.remove(host);
        }
        if !over.is_empty() {
            self.context.directory.remove_certificates(&over, self.context.epoch).await?;
        }
        Ok(())
    }
}

/// Everything that is wanted now; `None` while there is no MailCluster.
async fn wanted(context: &Context) -> Result<Option<Wanted>, StoreError> {
    let (cluster, domains, brands) = {
        let tables = context.cache.read();
        let cluster = tables.clusters.iter().find(|(id, _)| *id.namespace == *context.place.namespace);
        let Some((id, entry)) = cluster else { return Ok(None) };
        let cluster: (Id, MailClusterSpec) = (id, entry.object.spec.clone());
        let domains: Vec<_> = tables.domains.iter().map(|(id, entry)| (id, entry.object.clone())).collect();
        let brands: Vec<Id> = tables.brands.iter().map(|(id, _)| id).collect();
        (cluster, domains, brands)
    };
    let mut wanted = Wanted::default();
    wanted.installation(&cluster.0, &cluster.1);
    for (id, object) in domains {
        let Ok(name) = DomainName::parse(&object.spec.domain) else { continue };
        // What its tenant holds, and nothing else: the directory knows.
        if let Some(entry) = context.directory.domain(&name).await?
            && entry.owner == id.source(&context.place.cluster).to_string()
        {
            wanted.domain(&id, &entry.record, object.spec.certificates.as_ref(), &object.spec.dns.mta_sts, &cluster.1);
        }
    }
    for id in brands {
        for brand in context.directory.brands(&id.namespace).await?.iter().filter(|brand| *brand.name == *id.name) {
            wanted.brand(&id, brand, &cluster.1);
        }
    }
    Ok(Some(wanted))
}

/// The greatest of the certificates' positions that every process has passed.
async fn served(context: &Context, kept: &[CertificateFacts]) -> Result<i64, StoreError> {
    let mut positions: Vec<i64> = kept.iter().map(|facts| facts.position).collect();
    positions.sort_unstable_by(|a, b| b.cmp(a));
    positions.dedup();
    for position in positions {
        if process::programmed(&context.db, position, context.now()).await? {
            return Ok(position);
        }
    }
    Ok(i64::MIN)
}

fn tell(context: &Context, id: &Id, rows: Vec<CertificateStatus>) {
    match id.kind {
        Kind::Domain => context.facts.set_certificates(id, rows),
        Kind::Branding => {
            let host = |row: CertificateStatus| {
                let waits = row.state == Some(CertificateState::WaitingForDns);
                let told = row.message.map(|message| message.to_string());
                HostStatus {
                    cname: Some(if waits { told.clone().unwrap_or_default() } else { "ok".to_owned() }),
                    certificate: Some(if row.loaded { "ok".to_owned() } else { told.unwrap_or_else(|| "is being loaded".to_owned()) }),
                    host: row.host,
                    loaded: row.loaded,
                }
            };
            context.facts.set_hosts(id, rows.into_iter().map(host).collect());
        }
        _ => {}
    }
}

fn certificate(host: &str, issuer: &Issuer) -> CertificateSpec {
    CertificateSpec {
        secret_name: format!("tls-{host}").chars().take(253).collect(),
        secret_template: SecretTemplate { labels: labels() },
        dns_names: vec![host.to_owned()],
        issuer_ref: issuer.clone(),
        private_key: PrivateKey { algorithm: Some("ECDSA".to_owned()), size: Some(256), rotation_policy: Some("Always".to_owned()) },
        revision_history_limit: Some(1),
    }
}

fn labels() -> BTreeMap<String, String> {
    LABELS.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())).collect()
}
