//! Drafts of statuses: the object, how it stands, and what directory and world say of it.

use std::collections::HashMap;

use kube::Resource;
use postern_apply::keys;
use postern_core::{ByteSize, directory::DkimAlgorithm};
use postern_crds::{Alias, Branding, Domain, IpPool, Mailbox, condition::PROGRAMMED, domain};
use postern_projection::{
    Report,
    status::{self, BrandFacts, DomainFacts, MailboxFacts, Owned, PoolFacts},
};
use postern_store::{
    Result,
    directory::{
        DkimState,
        facts::{self, BoxFacts},
    },
};

use super::{Writer, served::Progress, write::Draft};
use crate::{
    converge::has_finalizer,
    ledger::Standing,
    pools::Look,
    watch::{Entry, Id, Kind, Seen},
};

/// What the directory says of the objects of a batch.
#[derive(Default)]
struct Asked {
    boxes: HashMap<String, BoxFacts>,
    domains: HashMap<String, facts::DomainFacts>,
}

impl Writer {
    /// Statuses that differ from what is there.
    pub(super) async fn drafts(&self, ids: &[Id]) -> Result<Vec<Draft>> {
        let owners = |kind| {
            let ids = ids.iter().filter(move |id| id.kind == kind);
            ids.map(|id| id.source(&self.context.place.cluster).to_string()).collect::<Vec<_>>()
        };
        let (boxes, domains) = (owners(Kind::Mailbox), owners(Kind::Domain));
        let mut asked = Asked::default();
        if !boxes.is_empty() {
            asked.boxes = self.context.directory.box_facts(&boxes).await?;
        }
        if !domains.is_empty() {
            asked.domains = self.context.directory.domain_facts(&domains).await?;
        }
        Ok(ids.iter().filter_map(|id| self.draft(id, &asked)).collect())
    }

    /// The same while the directory does not answer: for objects that have no status at all, so that nobody takes them for done.
    pub(super) fn drafts_without_directory(&self, ids: &[Id]) -> Vec<Draft> {
        let asked = Asked::default();
        ids.iter().filter_map(|id| self.draft(id, &asked)).filter(|draft| draft.is_first).collect()
    }

    fn draft(&self, id: &Id, asked: &Asked) -> Option<Draft> {
        let (namespace, name) = (&*id.namespace, &*id.name);
        let tables = self.context.cache.read();
        let broken = match id.kind {
            Kind::Domain => tables.domains.broken(namespace, name).is_some(),
            Kind::Mailbox => tables.mailboxes.broken(namespace, name).is_some(),
            Kind::Alias => tables.aliases.broken(namespace, name).is_some(),
            Kind::IpPool => tables.pools.broken(namespace, name).is_some(),
            Kind::Branding => tables.brands.broken(namespace, name).is_some(),
            _ => false,
        };
        if broken {
            drop(tables);
            // As much of a status as every kind has.
            return Some(self.draft_of_broken(id));
        }
        match id.kind {
            Kind::Domain => tables.domains.get(namespace, name).and_then(|entry| self.domain(id, entry, asked)),
            Kind::Mailbox => tables.mailboxes.get(namespace, name).and_then(|entry| self.mailbox(id, entry, asked)),
            Kind::Alias => tables.aliases.get(namespace, name).and_then(|entry| self.alias(id, entry)),
            Kind::IpPool => tables.pools.get(namespace, name).and_then(|entry| self.pool(id, entry)),
            Kind::Branding => tables.brands.get(namespace, name).and_then(|entry| self.brand(id, entry)),
            _ => None,
        }
    }

    fn domain(&self, id: &Id, entry: &Entry<Domain>, asked: &Asked) -> Option<Draft> {
        let (standing, programmed) = self.standing(id, &entry.seen)?;
        let known = asked.domains.get(&id.source(&self.context.place.cluster).to_string()).cloned().unwrap_or_default();
        let wanted = entry.object.spec.dkim.algorithms.iter().map(algorithm);
        if known.held && wanted.into_iter().any(|a| !known.keys.iter().any(|key| key.algorithm == a && key.state != DkimState::Retired)) {
            self.outlets.keys.push([id.clone()]);
        }
        let facts = DomainFacts {
            programmed,
            owned: match (known.held, known.preverified) {
                (false, _) => Owned::No,
                (true, true) => Owned::Preverified,
                (true, false) => Owned::Token,
            },
            mailboxes: known.boxes,
            storage_used: ByteSize(known.used),
            dkim: known.keys.iter().map(|key| keys::status(&key.selector, key.algorithm, key.state, key.activates_at)).collect(),
            certificates: self.context.facts.certificates(id),
            dns: self.context.facts.dns(id),
        };
        let mut object = (*entry.object).clone();
        object.status = Some(postern_crds::DomainStatus { conditions: entry.seen.conditions(), ..Default::default() });
        let status = status::domain(&object, standing.as_ref().map(|s| &s.report), &facts, self.context.now());
        Draft::of(id, &object, has_finalizer(&object), &entry.seen, &status, &status.conditions)
    }

    fn mailbox(&self, id: &Id, entry: &Entry<Mailbox>, asked: &Asked) -> Option<Draft> {
        let (standing, programmed) = self.standing(id, &entry.seen)?;
        let known = asked.boxes.get(&id.source(&self.context.place.cluster).to_string());
        let bytes = |number: i64| u64::try_from(number).unwrap_or_default();
        let facts = known.map_or_else(MailboxFacts::default, |known| MailboxFacts {
            programmed,
            mailbox_id: Some(known.account.to_string()),
            used: ByteSize(bytes(known.used)),
            messages: bytes(known.messages),
            quota: known.quota.map(|quota| ByteSize(bytes(quota))),
            has_password: known.has_password,
            last_login: known.last_login,
            // They are applied when the box is made, and never again.
            initial_applied_at: Some(known.account.made_at()),
            ..MailboxFacts::default()
        });
        let mut object = (*entry.object).clone();
        object.status = Some(postern_crds::MailboxStatus { conditions: entry.seen.conditions(), ..Default::default() });
        let status = status::mailbox(&object, standing.as_ref().map(|s| &s.report), &facts, self.context.now());
        Draft::of(id, &object, has_finalizer(&object), &entry.seen, &status, &status.conditions)
    }

    fn alias(&self, id: &Id, entry: &Entry<Alias>) -> Option<Draft> {
        let (standing, programmed) = self.standing(id, &entry.seen)?;
        let mut object = (*entry.object).clone();
        object.status = Some(postern_crds::AliasStatus { conditions: entry.seen.conditions(), ..Default::default() });
        let status = status::alias(&object, standing.as_ref().map(|s| &s.report), programmed, self.context.now());
        Draft::of(id, &object, has_finalizer(&object), &entry.seen, &status, &status.conditions)
    }

    fn pool(&self, id: &Id, entry: &Entry<IpPool>) -> Option<Draft> {
        let (standing, programmed) = self.standing(id, &entry.seen)?;
        let Look { addresses, nodes_asked } = self.context.facts.addresses(id);
        let facts = PoolFacts { programmed, addresses, nodes_asked, ..PoolFacts::default() };
        let mut object = (*entry.object).clone();
        object.status = Some(postern_crds::IpPoolStatus { conditions: entry.seen.conditions(), ..Default::default() });
        let status = status::ip_pool(&object, standing.as_ref().map(|s| &s.report), &facts, self.context.now());
        Draft::of(id, &object, has_finalizer(&object), &entry.seen, &status, &status.conditions)
    }

    fn brand(&self, id: &Id, entry: &Entry<Branding>) -> Option<Draft> {
        let (standing, programmed) = self.standing(id, &entry.seen)?;
        let facts = BrandFacts { programmed, hosts: self.context.facts.hosts(id), ..BrandFacts::default() };
        let mut object = (*entry.object).clone();
        object.status = Some(postern_crds::BrandingStatus { conditions: entry.seen.conditions(), ..Default::default() });
        let status = status::branding(&object, standing.as_ref().map(|s| &s.report), &facts, self.context.now());
        Draft::of(id, &object, has_finalizer(&object), &entry.seen, &status, &status.conditions)
    }

    /// A status of nothing but life, by way of the kind that has no more than that.
    fn draft_of_broken(&self, id: &Id) -> Draft {
        let report = self.outlets.ledger.of(id).map_or_else(Report::default, |standing| standing.report);
        let mut object = Alias::new(
            &id.name,
            postern_crds::AliasSpec {
                address: "".into(),
                kind: Default::default(),
                targets: Vec::new(),
                keep_copy: false,
                expires_at: None,
            },
        );
        object.meta_mut().generation = Some(report.generation);
        let status = status::alias(&object, Some(&report), false, self.context.now());
        Draft::of_broken(id, &status)
    }

    /// How an object stands, and whether every process serves it so; `None` when that is about to be known, and is waited for.
    fn standing(&self, id: &Id, seen: &Seen) -> Option<(Option<Standing>, bool)> {
        let standing = self.outlets.ledger.of(id);
        let said_before = seen.status_of(PROGRAMMED) == Some("True");
        let progress = standing.as_ref().map_or(Progress::Late, |s| self.served.progress(id, s.since, said_before));
        match progress {
            Progress::Coming if standing.as_ref().is_some_and(|s| s.report.is_accepted()) => None,
            _ => Some((standing, progress == Progress::Served)),
        }
    }
}

const fn algorithm(wish: &domain::DkimAlgorithm) -> DkimAlgorithm {
    match wish {
        domain::DkimAlgorithm::Rsa2048 => DkimAlgorithm::Rsa2048,
        domain::DkimAlgorithm::Ed25519 => DkimAlgorithm::Ed25519,
    }
}
