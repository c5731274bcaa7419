//! What statuses say of the world when a leader begins: the board is empty then, and a status written before everything was
//! looked at anew would forget records, certificates and addresses, only to say the same again a moment later.
//!
//! The watch keeps no statuses, so they are listed once, a page at a time. What a driver has learned meanwhile stays.

use kube::{Api, Resource, api::ListParams, core::DeserializeGuard};
use postern_crds::{
    Branding, Domain, IpPool,
    condition::{ADDRESSES_BOUND, find},
};
use postern_projection::dns::Diagnosis;
use serde::de::DeserializeOwned;

use crate::{
    context::Context,
    facts::Facts,
    pools::Look,
    watch::{Id, Watched},
};

/// Objects a page of a list.
const PAGE: u32 = 500;

/// Puts it on the board.
///
/// # Errors
/// As the API server says; the board has what came before.
pub async fn recall(context: &Context) -> Result<(), kube::Error> {
    each::<Domain>(context, |facts, id, domain| {
        let Some(status) = domain.status else { return };
        if let Some(dns) = Diagnosis::recalled(&status) {
            facts.recall_dns(&id, dns);
        }
        facts.recall_certificates(&id, status.certificates);
    })
    .await?;
    each::<IpPool>(context, |facts, id, pool| {
        let Some(status) = pool.status else { return };
        let nodes_asked = status.addresses.iter().any(|address| address.bound_on.is_some())
            || find(&status.conditions, ADDRESSES_BOUND).is_some_and(|bound| bound.status != "Unknown");
        facts.recall_addresses(&id, Look { addresses: status.addresses, nodes_asked });
    })
    .await?;
    each::<Branding>(context, |facts, id, brand| {
        if let Some(status) = brand.status {
            facts.recall_hosts(&id, status.hosts);
        }
    })
    .await
}

async fn each<K>(context: &Context, take: impl Fn(&Facts, Id, K)) -> Result<(), kube::Error>
where
    K: Watched + Resource<DynamicType = ()> + DeserializeOwned,
{
    let api: Api<DeserializeGuard<K>> = Api::all(context.client.clone());
    let mut page = ListParams::default().limit(PAGE);
    loop {
        let list = api.list(&page).await?;
        for object in list.items.into_iter().filter_map(|guard| guard.0.ok()) {
            let meta = object.meta();
            let id = Id::new(K::KIND, meta.namespace.as_deref().unwrap_or_default(), meta.name.as_deref().unwrap_or_default());
            take(&context.facts, id, object);
        }
        match list.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => page = ListParams::default().limit(PAGE).continue_token(&token),
            None => return Ok(()),
        }
    }
}
