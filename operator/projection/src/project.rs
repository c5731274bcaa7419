//! The projection itself: all objects in, records and judgements out. A pure function of its arguments.
//!
//! First the claims are decided for the whole set, then each object is turned into its record by itself. An object
//! that is refused is *held*: it exists, so its row may neither follow it nor be deleted.

mod contest;

use std::collections::BTreeMap;

use postern_core::directory::{AccountRecord, AliasRecord, BrandRecord, Digest, DomainRecord, PoolRecord, Projected, SourceKey};
use postern_crds::k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::{
    Located, ObjectId, Objects, Options, Place, Problem, convert,
    report::{Refusals, Report},
    world::World,
};

/// What a set of objects means.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Projection {
    /// Domains.
    pub domains: Vec<Projected<DomainRecord>>,
    /// Boxes.
    pub accounts: Vec<Projected<AccountRecord>>,
    /// Aliases.
    pub aliases: Vec<Projected<AliasRecord>>,
    /// Pools.
    pub pools: Vec<Projected<PoolRecord>>,
    /// Brands.
    pub brands: Vec<Projected<BrandRecord>>,
    /// A judgement of every object that was given.
    pub reports: BTreeMap<SourceKey, Report>,
    /// Objects that exist but could not be projected: leave their rows alone.
    pub held: Vec<SourceKey>,
    /// Every fault, with file and line where there is one.
    pub problems: Vec<Problem>,
}

/// Which records of a projection are wanted. Contests are decided over the whole set in any case.
#[derive(Clone, Copy)]
pub struct Selection<'a> {
    /// Whether nothing but boxes and aliases is asked about, for nothing else changed.
    pub boxes_only: bool,
    /// Whether a record made from the same inputs is in force already: it is judged and left out of the answer.
    pub is_known: &'a dyn Fn(&SourceKey, &Digest) -> bool,
}

/// Projects a set of objects. The answer does not depend on their order.
#[must_use]
pub fn project(objects: &Objects, options: &Options) -> Projection {
    project_selected(objects, options, Selection { boxes_only: false, is_known: &|_, _| false })
}

/// Projects what is wanted of a set of objects.
#[must_use]
pub fn project_selected(objects: &Objects, options: &Options, selection: Selection<'_>) -> Projection {
    let mut run = Run {
        selection,
        world: World::new(objects, options),
        options,
        refused: BTreeMap::new(),
        remarks: BTreeMap::new(),
        out: Projection::default(),
    };
    run.refuse_duplicates(objects);
    let domains = run.claim_domains(objects);
    run.claim_hosts(objects, &domains);
    run.claim_addresses(objects, &domains);
    run.claim_pool_addresses(objects);
    let default_pools = run.defaults("IpPool", objects.pools.iter().map(|p| &p.object.metadata), true);
    let default_brands = run.defaults("Branding", objects.brands.iter().map(|b| &b.object.metadata), false);

    let all = !selection.boxes_only;
    for Located { object, place } in objects.domains.iter().filter(|_| all) {
        let made = run.judge("Domain", &object.metadata, place.as_ref(), |world, refusals| convert::domain(object, world, refusals));
        run.out.domains.extend(made);
    }
    for Located { object, place } in &objects.mailboxes {
        let made = run.judge("Mailbox", &object.metadata, place.as_ref(), |world, refusals| convert::mailbox(object, world, refusals));
        run.out.accounts.extend(made);
    }
    for Located { object, place } in &objects.aliases {
        let made = run.judge("Alias", &object.metadata, place.as_ref(), |_, refusals| convert::alias(object, refusals));
        run.out.aliases.extend(made);
    }
    for Located { object, place } in objects.pools.iter().filter(|_| all) {
        let is_default = default_pools.contains(&run.source("IpPool", &object.metadata));
        let made =
            run.judge("IpPool", &object.metadata, place.as_ref(), |world, refusals| convert::pool(object, is_default, world, refusals));
        run.out.pools.extend(made);
    }
    for Located { object, place } in objects.brands.iter().filter(|_| all) {
        let is_default = default_brands.contains(&run.source("Branding", &object.metadata));
        let made =
            run.judge("Branding", &object.metadata, place.as_ref(), |world, refusals| convert::brand(object, is_default, world, refusals));
        run.out.brands.extend(made);
    }
    run.finish()
}

/// A projection under way.
struct Run<'a> {
    selection: Selection<'a>,
    world: World<'a>,
    options: &'a Options,
    /// What the decisions over the whole set speak against single objects.
    refused: BTreeMap<SourceKey, Refusals>,
    remarks: BTreeMap<SourceKey, String>,
    out: Projection,
}

impl Run<'_> {
    fn source(&self, kind: &str, metadata: &ObjectMeta) -> SourceKey {
        SourceKey {
            cluster: self.options.cluster.clone(),
            kind: kind.to_owned(),
            namespace: metadata.namespace.clone().unwrap_or_default(),
            name: metadata.name.clone().unwrap_or_default(),
        }
    }

    fn refuse(&mut self, kind: &str, metadata: &ObjectMeta, reason: &'static str, field: impl Into<String>, message: String, fix: &str) {
        let source = self.source(kind, metadata);
        self.refused.entry(source).or_default().add(reason, field, message, fix);
    }

    /// Turns one object into its record, or holds it; either way its report is written.
    fn judge<T>(
        &mut self,
        kind: &str,
        metadata: &ObjectMeta,
        place: Option<&Place>,
        convert: impl FnOnce(&World<'_>, &mut Refusals) -> Option<(T, Digest)>,
    ) -> Option<Projected<T>> {
        let source = self.source(kind, metadata);
        let mut own = Refusals::default();
        let made = convert(&self.world, &mut own);
        let mut refusals = self.refused.get(&source).map(|r| r.0.clone()).unwrap_or_default();
        refusals.extend(own.0);
        for refusal in &refusals {
            self.out.problems.push(Problem {
                file: place.map_or_else(String::new, |p| p.file.to_string()),
                line: place.map_or(0, |p| p.line_of(&refusal.field)),
                field: refusal.field.clone(),
                message: refusal.message.clone(),
                fix: refusal.fix.clone(),
                object: Some(Box::new(ObjectId { kind: kind.to_owned(), namespace: source.namespace.clone(), name: source.name.clone() })),
            });
        }
        let generation = metadata.generation.unwrap_or_default();
        let accepted = refusals.is_empty();
        if !accepted {
            self.out.held.push(source.clone());
        }
        let report = Report { generation, refusals, remark: self.remarks.get(&source).cloned() };
        // Of an object that is there twice, the reports differ only in what each copy adds.
        let known = self.out.reports.entry(source.clone()).or_default();
        known.generation = report.generation.max(known.generation);
        known.remark = report.remark;
        known.refusals.extend(report.refusals);
        let (record, digest) = made.filter(|_| accepted)?;
        if (self.selection.is_known)(&source, &digest) {
            return None;
        }
        Some(Projected { source, digest, generation, record })
    }

    /// One order for everything, whatever the order of the input.
    fn finish(mut self) -> Projection {
        let out = &mut self.out;
        out.domains.sort_by(|a, b| a.source.cmp(&b.source));
        out.accounts.sort_by(|a, b| a.source.cmp(&b.source));
        out.aliases.sort_by(|a, b| a.source.cmp(&b.source));
        out.pools.sort_by(|a, b| a.source.cmp(&b.source));
        out.brands.sort_by(|a, b| a.source.cmp(&b.source));
        out.held.sort();
        out.held.dedup();
        out.problems.sort();
        out.problems.dedup();
        for report in out.reports.values_mut() {
            report.refusals.sort_by(|a, b| (&a.field, &a.message).cmp(&(&b.field, &b.message)));
            report.refusals.dedup();
        }
        self.out
    }
}
