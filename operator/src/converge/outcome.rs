//! What became of an update, noted for the statuses and for the passes that follow.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use postern_apply::refused::{in_words, is_unwritten};
use postern_core::directory::{Digest, SourceKey};
use postern_crds::condition::reason;
use postern_projection::Refusal;
use postern_store::{
    StoreError,
    directory::{self, ApplyReport, DirectoryUpdate, Reason},
};
use serde_json::Value as Json;

use super::pass::Converge;
use crate::{
    ledger::Since,
    watch::{Id, Kind},
};

impl Converge {
    /// Notes what became of an update.
    pub(super) fn applied(&mut self, update: &DirectoryUpdate, report: ApplyReport, unhashed: &HashMap<SourceKey, String>) {
        let mut refused: BTreeMap<Id, Vec<directory::Refusal>> = BTreeMap::new();
        for refusal in report.refused {
            if let Some(id) = Id::of_source(&refusal.source) {
                refused.entry(id).or_default().push(refusal);
            }
        }
        let (mut told, mut figures) = (Vec::new(), BTreeSet::new());
        for (source, digest) in digests(update) {
            let Some(id) = Id::of_source(source) else { continue };
            let refusals = refused.remove(&id).unwrap_or_default();
            self.unhashed.remove(&id);
            if refusals.is_empty() {
                self.unsettled.remove(&id);
            } else {
                self.unsettled.insert(id.clone());
            }
            if !refusals.iter().any(|refusal| is_unwritten(refusal.reason)) {
                let known = self.in_force.get_or_insert_default();
                if known.insert(id.clone(), digest) != Some(digest) {
                    self.outlets.ledger.in_force(&id, Since::At(report.position));
                }
            }
            self.tell_refused(&id, &refusals, unhashed.get(source));
            told.push(id);
        }
        for account in &update.accounts {
            figures.insert((account.record.tenant.clone(), account.record.address.domain().to_string()));
        }
        for leaving in &update.leaving {
            if let Some(id) = Id::of_source(&leaving.source) {
                self.forget(&id);
                self.outlets.releases.push([id]);
            }
        }
        // Before their status is written, so that it is written once.
        self.outlets.keys.push(update.domains.iter().filter_map(|domain| Id::of_source(&domain.source)));
        self.recount(&figures);
        self.outlets.statuses.push(told);
    }

    /// Puts the directory's refusals into an object's judgement. What merely waits for a proof is a remark.
    fn tell_refused(&self, id: &Id, refusals: &[directory::Refusal], unhashed: Option<&String>) {
        let spec = if refusals.is_empty() { Json::Null } else { self.spec_of(id) };
        let (waiting, refused): (Vec<_>, Vec<_>) = refusals.iter().partition(|r| r.reason == Reason::TokenNotFound);
        let told: Vec<Refusal> = refused.into_iter().map(|r| in_words(r, &spec, unhashed.map(String::as_str))).collect();
        let names: Vec<&str> = waiting.iter().map(|r| r.name.as_str()).collect();
        let remark = (!names.is_empty()).then(|| format!("valid; not proven yet and so not served: {}", names.join(", ")));
        self.outlets.ledger.amend(id, |report| {
            report.refusals = told;
            if remark.is_some() {
                report.remark = remark;
            }
        });
    }

    /// A record that the directory cannot hold, for a reason of its own.
    pub(super) fn blame(&mut self, batch: &DirectoryUpdate, error: &StoreError) {
        tracing::warn!(%error, "a record was refused by the directory");
        for (source, _) in digests(batch) {
            let Some(id) = Id::of_source(source) else { continue };
            let refusal = Refusal {
                reason: reason::DIRECTORY_REFUSED,
                field: String::new(),
                message: format!("the directory cannot hold it: {error}"),
                fix: "change what the message names, or report this as a fault".to_owned(),
            };
            self.outlets.ledger.amend(&id, |report| report.refusals = vec![refusal]);
            self.unsettled.insert(id.clone());
            self.outlets.statuses.push([id]);
        }
    }

    fn spec_of(&self, id: &Id) -> Json {
        let tables = self.context.cache.read();
        let (namespace, name) = (&*id.namespace, &*id.name);
        let spec = match id.kind {
            Kind::Domain => tables.domains.get(namespace, name).map(|e| serde_json::to_value(&e.object.spec)),
            Kind::Mailbox => tables.mailboxes.get(namespace, name).map(|e| serde_json::to_value(&e.object.spec)),
            Kind::Alias => tables.aliases.get(namespace, name).map(|e| serde_json::to_value(&e.object.spec)),
            Kind::IpPool => tables.pools.get(namespace, name).map(|e| serde_json::to_value(&e.object.spec)),
            Kind::Branding => tables.brands.get(namespace, name).map(|e| serde_json::to_value(&e.object.spec)),
            _ => None,
        };
        spec.and_then(Result::ok).unwrap_or_default()
    }

    /// Domains whose boxes were counted before they were written. A first box is told at once, before its own status: from
    /// then on the Domain is not deleted by a slip.
    fn recount(&self, domains: &BTreeSet<(String, String)>) {
        if domains.is_empty() {
            return;
        }
        let tables = self.context.cache.read();
        let tenants: BTreeSet<&str> = domains.iter().map(|(tenant, _)| tenant.as_str()).collect();
        let counted = tenants.into_iter().flat_map(|tenant| tables.domains.in_namespace(tenant));
        let asked = counted.filter(|(id, e)| domains.contains(&(id.namespace.to_string(), e.object.spec.domain.to_string())));
        let (later, at_once): (Vec<_>, Vec<_>) = asked.partition(|(_, e)| e.seen.counts_boxes());
        self.outlets.figures.push(later.into_iter().map(|(id, _)| id));
        self.outlets.statuses.push(at_once.into_iter().map(|(id, _)| id));
    }

    pub(super) fn forget(&mut self, id: &Id) {
        self.unhashed.remove(id);
        self.unsettled.remove(id);
        if let Some(known) = &mut self.in_force {
            known.remove(id);
        }
        self.outlets.ledger.forget(id);
        self.context.facts.forget(id);
    }
}

fn digests(update: &DirectoryUpdate) -> impl Iterator<Item = (&SourceKey, Digest)> {
    let domains = update.domains.iter().map(|p| (&p.source, p.digest));
    let accounts = update.accounts.iter().map(|p| (&p.source, p.digest));
    let aliases = update.aliases.iter().map(|p| (&p.source, p.digest));
    let pools = update.pools.iter().map(|p| (&p.source, p.digest));
    let brands = update.brands.iter().map(|p| (&p.source, p.digest));
    domains.chain(accounts).chain(aliases).chain(pools).chain(brands)
}
