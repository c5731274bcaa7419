//! What an IpPool's status says, and the facts that it is made from.

use std::net::IpAddr;

use postern_core::Timestamp;
use postern_crds::{
    IpPool, IpPoolStatus,
    condition::{ADDRESSES_BOUND, PAUSED, REVERSE_DNS_VALID, WARMING_UP, reason},
    ip_pool::{AddressStatus, EgressMode},
};

use super::life::Conditions;
use crate::Report;

/// What is known of a pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolFacts {
    /// Every live process serves this generation.
    pub programmed: bool,
    /// Each address.
    pub addresses: Vec<AddressStatus>,
    /// Whether the nodes were asked which of them has an address; `boundOn` is their answer.
    pub nodes_asked: bool,
    /// Deferred of all attempts of a day, in percent.
    pub deferred_percent: Option<u32>,
    /// Why a guard stopped the pool.
    pub paused: Option<String>,
}

/// Status of an IpPool. Ready does not wait for its addresses: one that is not there yet keeps no other from being used.
#[must_use]
pub fn ip_pool(object: &IpPool, report: Option<&Report>, facts: &PoolFacts, now: Timestamp) -> IpPoolStatus {
    let mut conditions = Conditions::after(object.status.as_ref().map(|s| &*s.conditions), object.metadata.generation, now);
    conditions.live(report, facts.programmed, None, "serving");
    let known = known(object, facts);
    let all_known = known.len() == object.spec.addresses.len();
    bound(object, facts.nodes_asked, all_known, &known, &mut conditions);
    reverse(all_known, &known, &mut conditions);
    let warm = known.iter().filter_map(|a| a.warmup_percent).min().unwrap_or(100);
    let (why, told) =
        if warm < 100 { (reason::REQUESTED, "an address is on its warm-up curve") } else { (reason::NOT_NEEDED, "every address is warm") };
    conditions.set(WARMING_UP, Some(warm < 100), why, told);
    match &facts.paused {
        Some(cause) => conditions.set(PAUSED, Some(true), reason::REQUESTED, cause.clone()),
        None => conditions.set(PAUSED, Some(false), reason::NOT_NEEDED, "no guard has stopped the pool"),
    }
    IpPoolStatus {
        observed_generation: object.metadata.generation,
        ips: u32::try_from(object.spec.addresses.len()).ok(),
        warmup: Some(format!("{warm}%")),
        deferred: facts.deferred_percent.map(|p| format!("{p}%")),
        addresses: known,
        conditions: conditions.finish(),
    }
}

/// What is known of the addresses that the pool has now: a look may be older than its last change.
fn known(object: &IpPool, facts: &PoolFacts) -> Vec<AddressStatus> {
    let of = |ip: &str| {
        let ip: Option<IpAddr> = ip.parse().ok();
        facts.addresses.iter().find(|known| ip.is_some() && known.ip.parse().ok() == ip).cloned()
    };
    object.spec.addresses.iter().filter_map(|address| of(&address.ip)).collect()
}

fn bound(object: &IpPool, nodes_asked: bool, all_known: bool, known: &[AddressStatus], conditions: &mut Conditions) {
    if object.spec.egress.mode == EgressMode::Direct {
        let told = "the senders leave from them themselves; a message's trace says so where one cannot";
        return conditions.set(ADDRESSES_BOUND, None, reason::NOT_CHECKED, told);
    }
    if !nodes_asked {
        let told = "no egress pods were asked; name their nodes in the MailCluster's spec.egress";
        return conditions.set(ADDRESSES_BOUND, None, reason::NOT_CHECKED, told);
    }
    if !all_known {
        return conditions.set(ADDRESSES_BOUND, None, reason::NOT_CHECKED, "the egress pods are asked for the addresses as they are now");
    }
    let missing: Vec<&str> = known.iter().filter(|a| a.bound_on.is_none()).map(|a| a.ip.as_str()).collect();
    if missing.is_empty() {
        return conditions.set(ADDRESSES_BOUND, Some(true), reason::VALID, "every address is on a node of spec.egress");
    }
    let told = format!("no egress node has {}; give the address to one of them, or take it out", missing.join(" and "));
    conditions.set(ADDRESSES_BOUND, Some(false), reason::ADDRESS_NOT_ON_NODE, told);
}

fn reverse(all_known: bool, known: &[AddressStatus], conditions: &mut Conditions) {
    let wrong: Vec<&str> = known.iter().filter(|a| a.fcrdns == Some(false)).map(|a| a.ip.as_str()).collect();
    if !wrong.is_empty() {
        let told = format!(
            "no name of {} in reverse DNS points back to it; ask whoever routes it for a PTR record with its helo",
            wrong.join(" and ")
        );
        return conditions.set(REVERSE_DNS_VALID, Some(false), reason::FORWARD_CONFIRM_FAILED, told);
    }
    match all_known && known.iter().all(|a| a.fcrdns.is_some()) {
        true => conditions.set(REVERSE_DNS_VALID, Some(true), reason::VALID, "every address has a name that points back to it"),
        false => conditions.set(REVERSE_DNS_VALID, None, reason::NOT_CHECKED, "reverse DNS did not answer yet"),
    }
}

#[cfg(test)]
mod tests {
    use postern_crds::condition::find;

    use super::*;

    fn said(mode: &str, facts: &PoolFacts) -> [(String, String); 2] {
        let object: IpPool = serde_json::from_value(serde_json::json!({
            "apiVersion": "postern.dev/v1alpha1", "kind": "IpPool", "metadata": {"name": "p", "namespace": "mail-system"},
            "spec": {"egress": {"mode": mode}, "addresses": [{"ip": "192.0.2.10", "helo": "out.example"}]},
        }))
        .unwrap();
        let status = ip_pool(&object, None, facts, Timestamp(0));
        [ADDRESSES_BOUND, REVERSE_DNS_VALID].map(|type_| {
            let found = find(&status.conditions, type_).unwrap();
            (found.status.clone(), found.reason.clone())
        })
    }

    fn facts(bound_on: Option<&str>, fcrdns: Option<bool>) -> PoolFacts {
        let address = AddressStatus { ip: "192.0.2.10".into(), bound_on: bound_on.map(Into::into), fcrdns, ..AddressStatus::default() };
        PoolFacts { addresses: vec![address], nodes_asked: true, ..PoolFacts::default() }
    }

    #[test]
    fn an_address_is_somewhere_nowhere_or_nobody_was_asked() {
        let own = |status: &str, reason: &str| (status.to_owned(), reason.to_owned());
        assert_eq!(said("Proxy", &facts(Some("node-a"), Some(true))), [own("True", "Valid"), own("True", "Valid")]);
        assert_eq!(said("Proxy", &facts(None, Some(false))), [own("False", "AddressNotOnNode"), own("False", "ForwardConfirmFailed")]);
        assert_eq!(said("Proxy", &PoolFacts::default()), [own("Unknown", "NotChecked"), own("Unknown", "NotChecked")]);
        let another =
            PoolFacts { addresses: vec![AddressStatus { ip: "192.0.2.11".into(), ..AddressStatus::default() }], ..facts(None, None) };
        assert_eq!(said("Proxy", &another), [own("Unknown", "NotChecked"), own("Unknown", "NotChecked")], "a look before the change");
        assert_eq!(said("Direct", &facts(None, None)), [own("Unknown", "NotChecked"), own("Unknown", "NotChecked")]);
    }
}
