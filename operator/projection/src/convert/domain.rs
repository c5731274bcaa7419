//! Domain → [`DomainRecord`].

use postern_core::{
    DomainName,
    directory::{BoxDefaults, Digest, DkimAlgorithm, DkimPolicy, DomainLimits, DomainMode, DomainRecord, Hosts},
};
use postern_crds::{
    Domain, DomainSpec,
    condition::reason,
    domain::{DkimAlgorithm as Algorithm, Mode},
};
use serde_json::json;

use super::{Values, allows};
use crate::{
    report::Refusals,
    world::{Inputs, World},
};

/// The record of a Domain.
pub(crate) fn domain(object: &Domain, world: &World<'_>, refusals: &mut Refusals) -> Option<(DomainRecord, Digest)> {
    let spec = &object.spec;
    let tenant = object.metadata.namespace.clone().unwrap_or_default();
    check(spec, refusals);
    let pool = pool_of(&tenant, spec, world, refusals);
    let brand = spec.branding_ref.as_ref().map(|r| r.name.to_string());
    if let Some(name) = brand.as_ref().filter(|name| !world.brands.contains(&(tenant.clone(), (*name).clone()))) {
        let message = format!("there is no Branding {name} in namespace {tenant}");
        refusals.add(reason::BRANDING_NOT_FOUND, "spec.brandingRef", message, "apply it, or leave the field out");
    }
    let mut values = Values(refusals);
    let name = values.host("spec.domain", &spec.domain);
    let record = DomainRecord {
        preverified: name.as_ref().is_some_and(|n| world.options.preverified.holds(&tenant, n)),
        tenant,
        aliases: values.hosts("spec.aliases", &spec.aliases),
        mode: mode(spec.mode),
        split_to: spec.split_to.as_ref().map(ToString::to_string),
        hosts: hosts(spec, &mut values),
        catch_all: spec.catch_all.as_ref().and_then(|c| values.address("spec.catchAll.to", &c.to)),
        pool,
        brand,
        dkim: DkimPolicy {
            algorithms: spec.dkim.algorithms.iter().map(algorithm).collect(),
            rotate_every: Some(values.duration("spec.dkim.rotateEvery", &spec.dkim.rotate_every)).filter(|d| !d.is_zero()),
        },
        limits: limits(spec, &mut values),
        defaults: defaults(spec, &mut values),
        admins: values.addresses("spec.admins", &spec.admins),
        deletion: values.deletion(spec.deletion_policy, &spec.deletion_grace_period),
        extra: Some(
            json!({"dns": spec.dns, "spam": spec.spam, "certificates": spec.certificates, "permissions": spec.defaults.permissions})
                .to_string(),
        ),
        name: name?,
    };
    let digest = Inputs::default().digest(spec, &record);
    refusals.0.is_empty().then_some((record, digest))
}

/// The rules that CEL has as well.
fn check(spec: &DomainSpec, refusals: &mut Refusals) {
    if let Some(i) = spec.aliases.iter().position(|a| *a == spec.domain) {
        refusals.invalid(format!("spec.aliases[{i}]"), "repeats the domain itself", "remove it");
    }
    for (i, alias) in spec.aliases.iter().enumerate() {
        if spec.aliases.iter().take(i).any(|other| other == alias) {
            refusals.invalid(format!("spec.aliases[{i}]"), format!("{alias} stands here twice"), "remove one");
        }
    }
    match (spec.mode, &spec.split_to) {
        (Mode::Split, None) => refusals.invalid("spec.mode", "mode Split needs a server for recipients unknown here", "set spec.splitTo"),
        (Mode::Split, Some(_)) | (_, None) => {}
        (_, Some(_)) => refusals.invalid("spec.splitTo", "goes with mode Split only", "remove it, or set spec.mode to Split"),
    }
    if spec.spam.junk_above > spec.spam.reject_above {
        refusals.invalid("spec.spam.junkAbove", "is greater than rejectAbove, so nothing would reach Junk", "write a smaller number");
    }
}

fn pool_of(tenant: &str, spec: &DomainSpec, world: &World<'_>, refusals: &mut Refusals) -> Option<(String, String)> {
    let reference = spec.ip_pool_ref.as_ref()?;
    let key = (reference.namespace.as_ref().map_or_else(|| tenant.to_owned(), ToString::to_string), reference.name.to_string());
    let (field, (namespace, name)) = ("spec.ipPoolRef", &key);
    match world.pools.get(&key) {
        None => {
            let message = format!("there is no IpPool {name} in namespace {namespace}");
            refusals.add(reason::IP_POOL_NOT_FOUND, field, message, "apply it, or leave the field out for the default pool");
        }
        Some(pool) if !allows(pool, tenant, world) => {
            let message = format!("IpPool {namespace}/{name} does not allow namespace {tenant}");
            refusals.add(reason::NOT_PERMITTED_IN_NAMESPACE, field, message, "ask its owner to add the namespace to allowedNamespaces");
        }
        Some(_) => {}
    }
    Some(key)
}

fn hosts(spec: &DomainSpec, values: &mut Values<'_>) -> Hosts {
    let mut host = |field, text: &Option<_>| -> Option<DomainName> { text.as_ref().and_then(|t| values.host(field, t)) };
    Hosts {
        mail: host("spec.hosts.mail", &spec.hosts.mail),
        track: host("spec.hosts.track", &spec.hosts.track),
        return_path: host("spec.hosts.returnPath", &spec.hosts.return_path),
    }
}

fn limits(spec: &DomainSpec, values: &mut Values<'_>) -> DomainLimits {
    let limits = &spec.limits;
    DomainLimits {
        mailboxes: limits.mailboxes.map(u64::from),
        aliases: limits.aliases.map(u64::from),
        storage: values.size("spec.limits.storage", limits.storage.as_ref()),
        storage_per_mailbox: values.size("spec.limits.storagePerMailbox", limits.storage_per_mailbox.as_ref()),
        send_per_hour: limits.send_per_hour.map(u64::from),
    }
}

fn defaults(spec: &DomainSpec, values: &mut Values<'_>) -> BoxDefaults {
    let defaults = &spec.defaults;
    BoxDefaults {
        quota: values.size("spec.defaults.quota", defaults.quota.as_ref()),
        trash_retention: Some(values.duration("spec.defaults.retention.trash", &defaults.retention.trash)),
        junk_retention: Some(values.duration("spec.defaults.retention.junk", &defaults.retention.junk)),
        send_per_hour: defaults.send_per_hour.map(u64::from),
    }
}

const fn mode(mode: Mode) -> DomainMode {
    match mode {
        Mode::Full => DomainMode::Full,
        Mode::SendOnly => DomainMode::SendOnly,
        Mode::ReceiveOnly => DomainMode::ReceiveOnly,
        Mode::Split => DomainMode::Split,
    }
}

const fn algorithm(algorithm: &Algorithm) -> DkimAlgorithm {
    match algorithm {
        Algorithm::Rsa2048 => DkimAlgorithm::Rsa2048,
        Algorithm::Ed25519 => DkimAlgorithm::Ed25519,
    }
}
