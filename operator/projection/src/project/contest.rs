//! Contests over a whole set: names that two objects want, limits, defaults. Each is decided by [`Rank`] and proof,
//! and each loser is told who holds what it wanted.

use std::collections::{BTreeMap, BTreeSet};

use postern_core::{Address, DomainName, directory::SourceKey};
use postern_crds::{ANNOTATION_IS_DEFAULT, condition::reason, domain::Limits, k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta};

use super::Run;
use crate::{
    Located, ObjectId, Objects, Place, Preverified, Problem,
    claims::{Addresses, DomainClaim, Domains, Hosts, Rank, Sole},
};

impl Run<'_> {
    /// Which of two files is meant, nobody can say: neither.
    pub(super) fn refuse_duplicates(&mut self, objects: &Objects) {
        let mut seen: BTreeMap<SourceKey, Vec<(String, u32)>> = BTreeMap::new();
        for (kind, metadata, place) in all_metadata(objects) {
            let source = self.source(kind, metadata);
            seen.entry(source).or_default().push(place.map_or_else(Default::default, |p| (p.file.to_string(), p.line)));
        }
        for (source, mut places) in seen.into_iter().filter(|(_, places)| places.len() > 1) {
            places.sort();
            let listed = places.iter().map(|(file, line)| format!("{file}:{line}")).collect::<Vec<_>>().join(", ");
            let (message, fix) = (format!("this {} stands in {} places: {listed}", source.kind, places.len()), "keep one of them");
            if matches!(source.kind.as_str(), "Secret" | "ConfigMap") {
                let (file, line) = places.into_iter().next().unwrap_or_default();
                let object = Some(Box::new(ObjectId { kind: source.kind, namespace: source.namespace, name: source.name }));
                self.out.problems.push(Problem { file, line, field: "metadata.name".to_owned(), message, fix: fix.to_owned(), object });
            } else {
                self.refused.entry(source).or_default().add(reason::DUPLICATE_OBJECT, "metadata.name", message, fix);
            }
        }
    }

    /// Domain names: the proven first, then by rank.
    pub(super) fn claim_domains(&mut self, objects: &Objects) -> Domains {
        let mut claims: Vec<_> = objects
            .domains
            .iter()
            .filter_map(|d| {
                let rank = Rank::of("Domain", &d.object.metadata);
                let main = DomainName::parse(&d.object.spec.domain).ok()?;
                let proven = self.options.preverified.holds(d.object.metadata.namespace.as_deref()?, &main);
                let aliases = d.object.spec.aliases.iter().filter_map(|a| DomainName::parse(a).ok());
                let names: Vec<_> = std::iter::once(main.clone()).chain(aliases).collect();
                Some((!proven, rank.clone(), names, DomainClaim { holder: rank, main, proven }, &d.object.metadata))
            })
            .collect();
        claims.sort_by(|a, b| (a.0, &a.1, &a.2).cmp(&(b.0, &b.1, &b.2)));
        let mut domains = Domains::default();
        for (_, _, names, claim, metadata) in claims {
            let tenant = metadata.namespace.clone().unwrap_or_default();
            let Err((name, held)) = domains.claim(&tenant, &names, &claim) else { continue };
            if held.holder == claim.holder {
                continue; // The same object twice, told as such.
            }
            let field = names
                .iter()
                .position(|n| *n == name)
                .filter(|i| *i > 0)
                .map_or_else(|| "spec.domain".to_owned(), |i| format!("spec.aliases[{}]", i - 1));
            let message = format!("{name} is held by {}", held.holder.title());
            let fix = "remove it here, or delete the other first";
            self.refuse("Domain", metadata, reason::DOMAIN_CLAIMED_ELSEWHERE, field, message, fix);
        }
        for (name, tenant) in &objects.standing_domains {
            if !domains.is_claimed(name) {
                let holder = Rank::of("Domain", &ObjectMeta { namespace: Some(tenant.clone()), ..ObjectMeta::default() });
                let claim = DomainClaim { holder, main: name.clone(), proven: self.options.preverified.holds(tenant, name) };
                // Nobody claims it, so this cannot fail.
                let _ = domains.claim(tenant, std::slice::from_ref(name), &claim);
            }
        }
        domains
    }

    /// Hosts of domains and brands: one tenant each; of brands one each.
    pub(super) fn claim_hosts(&mut self, objects: &Objects, domains: &Domains) {
        let mut wanted = Vec::new();
        for Located { object, .. } in &objects.domains {
            let hosts = &object.spec.hosts;
            for (field, host) in
                [("spec.hosts.mail", &hosts.mail), ("spec.hosts.track", &hosts.track), ("spec.hosts.returnPath", &hosts.return_path)]
            {
                wanted.extend(host.as_ref().map(|h| ("Domain", &object.metadata, field.to_owned(), h)));
            }
        }
        for Located { object, .. } in &objects.brands {
            wanted.extend(object.spec.hosts.iter().enumerate().map(|(i, h)| ("Branding", &object.metadata, format!("spec.hosts[{i}]"), h)));
        }
        let mut claims: Vec<_> = wanted
            .into_iter()
            .filter_map(|(kind, metadata, field, host)| {
                let (rank, host) = (Rank::of(kind, metadata), DomainName::parse(host).ok()?);
                let proven = self.options.preverified == Preverified::All || domains.proves(metadata.namespace.as_deref()?, &host);
                Some((!proven, rank, field, host, metadata, kind))
            })
            .collect();
        claims.sort_by(|a, b| (a.0, &a.1, &a.2, &a.3).cmp(&(b.0, &b.1, &b.2, &b.3)));
        let (mut hosts, mut shown) = (Hosts::default(), Sole::default());
        for (unproven, rank, field, host, metadata, kind) in claims {
            if self.options.own_hosts.contains(&host) {
                let message = format!("{host} is the installation's own host");
                self.refuse(
                    kind,
                    metadata,
                    reason::HOST_CONFLICT,
                    field,
                    message,
                    "leave the field out to be served under it, or choose a host of yours",
                );
                continue;
            }
            let mut result = hosts.claim(host.clone(), &rank, !unproven);
            if kind == "Branding" && result.is_ok() {
                result = shown
                    .claim((metadata.namespace.clone(), host.clone()), &rank)
                    .or_else(|holder| if holder == rank { Ok(()) } else { Err(holder) });
            }
            if let Err(holder) = result {
                let message = format!("{host} is held by {}", holder.title());
                self.refuse(kind, metadata, reason::HOST_CONFLICT, field, message, "choose another host, or remove it there first");
            }
        }
    }

    /// Addresses of boxes and aliases, and the limits of their domains.
    pub(super) fn claim_addresses(&mut self, objects: &Objects, domains: &Domains) {
        let boxes = objects.mailboxes.iter().map(|Located { object, .. }| {
            let aliases = object.spec.aliases.iter().enumerate().map(|(i, a)| (format!("spec.aliases[{i}]"), a));
            (
                "Mailbox",
                &object.metadata,
                std::iter::once(("spec.address".to_owned(), &object.spec.address)).chain(aliases).collect::<Vec<_>>(),
            )
        });
        let aliases = objects
            .aliases
            .iter()
            .map(|Located { object, .. }| ("Alias", &object.metadata, vec![("spec.address".to_owned(), &object.spec.address)]));
        let mut claims: Vec<_> =
            boxes.chain(aliases).map(|(kind, metadata, fields)| (Rank::of(kind, metadata), kind, metadata, fields)).collect();
        claims.sort_by(|a, b| (&a.0, &a.3).cmp(&(&b.0, &b.3)));
        let limits = limits(objects);
        let (mut taken, mut counts) = (Addresses::default(), BTreeMap::<(Option<&str>, String, &str), u32>::new());
        let mut previous: Option<Rank> = None;
        for (rank, kind, metadata, fields) in claims {
            if previous.replace(rank.clone()).as_ref() == Some(&rank) {
                continue; // The same object twice, told as such.
            }
            let tenant = metadata.namespace.clone().unwrap_or_default();
            let parsed: Vec<(String, Address)> =
                fields.into_iter().filter_map(|(field, a)| Some((field, Address::parse(a).ok()?))).collect();
            let mut homeless = false;
            for (field, address) in &parsed {
                homeless |= !self.has_domain(kind, metadata, &tenant, field, address, domains);
            }
            let Some((_, main)) = parsed.first().filter(|_| !homeless) else { continue };
            let addresses: Vec<_> = parsed.iter().map(|(_, a)| a.clone()).collect();
            if let Err((i, holder)) = taken.claim(&tenant, &addresses, &rank) {
                let (field, address) = parsed.get(i).cloned().unwrap_or_else(|| ("spec.address".to_owned(), main.clone()));
                let message = format!("{address} is held by {}", holder.title());
                self.refuse(kind, metadata, reason::ADDRESS_TAKEN, field, message, "choose another address, or remove it there first");
                continue;
            }
            let Some(limit) = limits.get(&(metadata.namespace.as_deref(), main.domain().as_str())) else { continue };
            let most = if kind == "Mailbox" { limit.mailboxes } else { limit.aliases };
            let count = counts.entry((metadata.namespace.as_deref(), main.domain().to_string(), kind)).or_default();
            *count += 1;
            if most.is_some_and(|most| *count > most) {
                let message = format!("{} may have {} of this kind", main.domain(), most.unwrap_or_default());
                self.refuse(
                    kind,
                    metadata,
                    reason::LIMIT_REACHED,
                    "spec.address",
                    message,
                    "raise the Domain's spec.limits, or delete another",
                );
            }
        }
    }

    /// Whether the tenant has the address's domain; if not, why not.
    fn has_domain(&mut self, kind: &str, metadata: &ObjectMeta, tenant: &str, field: &str, address: &Address, domains: &Domains) -> bool {
        let name = address.domain();
        let (reason, message, fix) = match domains.of(tenant, name) {
            Some(claim) if claim.main == *name => return true,
            Some(claim) => {
                let message = format!("{name} is an alias domain of {}", claim.main);
                (
                    reason::INVALID_SPEC,
                    message,
                    format!("write {}; the alias domain follows by itself", address.with_domain(claim.main.clone())),
                )
            }
            None if domains.is_claimed(name) => {
                let message = format!("{name} belongs to another namespace");
                (reason::NOT_PERMITTED_IN_NAMESPACE, message, "apply it in the namespace of its Domain".to_owned())
            }
            None => {
                let message = format!("no Domain in namespace {tenant} serves {name}");
                (reason::DOMAIN_NOT_FOUND, message, format!("apply a Domain with spec.domain: {name}"))
            }
        };
        self.refuse(kind, metadata, reason, field, message, &fix);
        false
    }

    /// Source addresses: one pool each.
    pub(super) fn claim_pool_addresses(&mut self, objects: &Objects) {
        let permitted =
            objects.pools.iter().filter(|p| self.options.pool_namespaces.holds(p.object.metadata.namespace.as_deref().unwrap_or_default()));
        let mut claims: Vec<_> = permitted.map(|p| (Rank::of("IpPool", &p.object.metadata), &p.object)).collect();
        claims.sort_by(|a, b| a.0.cmp(&b.0));
        let mut held = Sole::<std::net::IpAddr>::default();
        for (rank, pool) in claims {
            for (i, address) in pool.spec.addresses.iter().enumerate() {
                let Ok(ip) = address.ip.parse() else { continue };
                if let Some(holder) = held.claim(ip, &rank).err().filter(|holder| *holder != rank) {
                    let message = format!("{ip} is held by {}", holder.title());
                    self.refuse(
                        "IpPool",
                        &pool.metadata,
                        reason::ADDRESS_TAKEN,
                        format!("spec.addresses[{i}].ip"),
                        message,
                        "remove it here or there",
                    );
                }
            }
        }
    }

    /// The objects that are the default: the first by rank of those that ask, in all or in each namespace.
    pub(super) fn defaults<'m>(
        &mut self,
        kind: &'static str,
        all: impl Iterator<Item = &'m ObjectMeta>,
        one_for_all: bool,
    ) -> BTreeSet<SourceKey> {
        let asks = |m: &ObjectMeta| m.annotations.as_ref().and_then(|a| a.get(ANNOTATION_IS_DEFAULT)).is_some_and(|v| v == "true");
        let mut asking: Vec<_> = all.filter(|m| asks(m)).map(|m| (Rank::of(kind, m), m)).collect();
        asking.sort_by(|a, b| a.0.cmp(&b.0));
        let (mut chosen, mut scopes) = (BTreeSet::new(), BTreeMap::new());
        for (rank, metadata) in asking {
            let scope = if one_for_all { None } else { metadata.namespace.clone() };
            let first = scopes.entry(scope).or_insert_with(|| rank.clone());
            if *first == rank {
                chosen.insert(self.source(kind, metadata));
            } else {
                self.remarks.insert(
                    self.source(kind, metadata),
                    format!("valid, but {} is the default already; remove the annotation here or there", first.title()),
                );
            }
        }
        chosen
    }
}

/// Metadata of everything that may be there twice.
fn all_metadata(objects: &Objects) -> impl Iterator<Item = (&'static str, &ObjectMeta, Option<&Place>)> {
    let domains = objects.domains.iter().map(|l| ("Domain", &l.object.metadata, l.place.as_ref()));
    let mailboxes = objects.mailboxes.iter().map(|l| ("Mailbox", &l.object.metadata, l.place.as_ref()));
    let aliases = objects.aliases.iter().map(|l| ("Alias", &l.object.metadata, l.place.as_ref()));
    let pools = objects.pools.iter().map(|l| ("IpPool", &l.object.metadata, l.place.as_ref()));
    let brands = objects.brands.iter().map(|l| ("Branding", &l.object.metadata, l.place.as_ref()));
    let secrets = objects.secrets.iter().map(|l| ("Secret", &l.object.metadata, l.place.as_ref()));
    let config_maps = objects.config_maps.iter().map(|l| ("ConfigMap", &l.object.metadata, l.place.as_ref()));
    domains.chain(mailboxes).chain(aliases).chain(pools).chain(brands).chain(secrets).chain(config_maps)
}

/// Limits by namespace and domain; of two Domain objects the earlier one counts.
fn limits(objects: &Objects) -> BTreeMap<(Option<&str>, &str), &Limits> {
    let mut ranked: Vec<_> = objects.domains.iter().map(|d| (Rank::of("Domain", &d.object.metadata), &d.object)).collect();
    // The last one put into the map stays, so the first in rank comes last; equal ranks are one object twice.
    ranked.sort_by_key(|(rank, o)| (std::cmp::Reverse(rank.clone()), o.spec.limits.mailboxes, o.spec.limits.aliases));
    ranked.into_iter().map(|(_, o)| ((o.metadata.namespace.as_deref(), &*o.spec.domain), &o.spec.limits)).collect()
}
