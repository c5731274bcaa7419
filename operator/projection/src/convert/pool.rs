//! IpPool → [`PoolRecord`].

use std::{collections::BTreeMap, net::IpAddr};

use postern_core::directory::{Digest, PoolAddress, PoolRecord, PoolRule, Throttle};
use postern_crds::{
    IpPool, condition::reason, ip_pool::EgressMode, k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector, reference::From,
    text::IpText,
};

use super::Values;
use crate::{
    report::Refusals,
    world::{Inputs, World},
};

/// The record of an IpPool; `is_default` has been decided among all of them.
pub(crate) fn pool(object: &IpPool, is_default: bool, world: &World<'_>, refusals: &mut Refusals) -> Option<(PoolRecord, Digest)> {
    let spec = &object.spec;
    let (tenant, name) = (object.metadata.namespace.clone().unwrap_or_default(), object.metadata.name.clone().unwrap_or_default());
    if !world.options.pool_namespaces.holds(&tenant) {
        let message = format!("pools of namespace {tenant} may not own addresses");
        refusals.add(reason::NOT_PERMITTED_IN_NAMESPACE, "", message, "ask for it in the MailCluster's spec.tenancy.poolNamespaces");
    }
    if (spec.allowed_namespaces.from == From::Selector) != spec.allowed_namespaces.selector.is_some() {
        let fix = "set from to Selector and give a selector, or leave both out";
        refusals.invalid("spec.allowedNamespaces", "from: Selector and selector go together", fix);
    }
    let mut values = Values(refusals);
    let mut addresses: Vec<PoolAddress> = Vec::new();
    for (i, address) in spec.addresses.iter().enumerate() {
        let (ip, helo) = (
            read_ip(&mut values, &format!("spec.addresses[{i}].ip"), &address.ip),
            values.host(&format!("spec.addresses[{i}].helo"), &address.helo),
        );
        let Some((ip, helo)) = ip.zip(helo) else { continue };
        if addresses.iter().any(|a| a.ip == ip) {
            values.0.invalid(format!("spec.addresses[{i}].ip"), format!("{ip} stands here twice"), "remove one");
        }
        addresses.push(PoolAddress { ip, helo, weight: address.weight });
    }
    let rules = rules(object, &addresses, &mut values);
    if let Some(fallback) = &spec.fallback_pool_ref {
        let key = (tenant.clone(), fallback.name.to_string());
        if key.1 == name {
            values.0.invalid("spec.fallbackPoolRef", "a pool cannot stand in for itself", "name another, or leave it out");
        } else if !world.pools.contains_key(&key) {
            let message = format!("there is no IpPool {} in namespace {tenant}", key.1);
            values.0.add(reason::IP_POOL_NOT_FOUND, "spec.fallbackPoolRef", message, "apply it, or leave the field out");
        }
    }
    let per_rollup = &spec.throttle.per_mx_rollup;
    let record = PoolRecord {
        allowed_tenants: (spec.allowed_namespaces.from != From::All)
            .then(|| world.namespaces.keys().filter(|n| **n != tenant && allows(object, n, world)).cloned().collect()),
        tenant,
        name,
        is_default,
        addresses,
        rules,
        throttle: Throttle { connections: per_rollup.connections, messages_per_minute: per_rollup.messages_per_minute },
        fallback: spec.fallback_pool_ref.as_ref().map(|r| r.name.to_string()),
        by_egress: spec.egress.mode == EgressMode::Proxy,
    };
    let digest = Inputs::default().digest(spec, &record);
    refusals.0.is_empty().then_some((record, digest))
}

/// Whether a namespace may send from the pool.
pub(crate) fn allows(pool: &IpPool, namespace: &str, world: &World<'_>) -> bool {
    if pool.metadata.namespace.as_deref() == Some(namespace) {
        return true;
    }
    let allowed = &pool.spec.allowed_namespaces;
    match (allowed.from, &allowed.selector) {
        (From::Same, _) | (From::Selector, None) => false,
        (From::All, _) => true,
        (From::Selector, Some(selector)) => world.namespaces.get(namespace).is_some_and(|labels| matches(selector, labels)),
    }
}

/// metav1.LabelSelector: every requirement holds.
fn matches(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    let equal = selector.match_labels.iter().flatten().all(|(k, v)| labels.get(k) == Some(v));
    equal
        && selector.match_expressions.iter().flatten().all(|e| {
            let among = |value: &String| e.values.iter().flatten().any(|v| v == value);
            match e.operator.as_str() {
                "In" => labels.get(&e.key).is_some_and(among),
                "NotIn" => !labels.get(&e.key).is_some_and(among),
                "Exists" => labels.contains_key(&e.key),
                "DoesNotExist" => !labels.contains_key(&e.key),
                _ => false,
            }
        })
}

fn rules(object: &IpPool, addresses: &[PoolAddress], values: &mut Values<'_>) -> Vec<PoolRule> {
    let mut out = Vec::new();
    for (i, rule) in object.spec.rules.iter().enumerate() {
        let mut chosen = Vec::new();
        for (j, text) in rule.use_.iter().enumerate() {
            let field = format!("spec.rules[{i}].use[{j}]");
            let Some(ip) = read_ip(values, &field, text) else { continue };
            if !addresses.iter().any(|a| a.ip == ip) {
                values.0.invalid(field, format!("{ip} is not an address of this pool"), "name one of spec.addresses");
            }
            chosen.push(ip);
        }
        let recipient_domains = values.hosts(&format!("spec.rules[{i}].recipientDomains"), &rule.recipient_domains);
        out.push(PoolRule { recipient_domains, addresses: chosen });
    }
    out
}

fn read_ip(values: &mut Values<'_>, field: &str, text: &IpText) -> Option<IpAddr> {
    let ip = text.parse().ok();
    if ip.is_none() {
        values.0.invalid(field, format!("\"{text}\" is not an IP address"), "write it like 192.0.2.10 or 2001:db8::10");
    }
    ip
}
