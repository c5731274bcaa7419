//! Addresses of IpPools as the world has them: on which node, and under which name in reverse DNS.
//!
//! ```text
//!  cache (IpPool, MailCluster) ─► egress pods: "is it yours?" ─┐
//!                                └► PTR, and its A or AAAA ─────┴─► Facts (addresses)
//! ```
//!
//! What follows from it is the projection's to say. No mail waits for it: senders ask the pods themselves.

mod nodes;
mod reverse;

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use futures_util::{StreamExt, stream};
use postern_crds::ip_pool::{AddressStatus, EgressMode};

use crate::{
    context::Context,
    dns::{Observer, observer},
    watch::{Id, Kind},
};

/// How often every address is looked at; a node that loses one tells nobody.
const EVERY: Duration = Duration::from_secs(60);
/// Pause after a change, so that many are one.
const SOON: Duration = Duration::from_secs(1);
/// After a look that found something missing: whoever mends it waits for the status.
const AGAIN: Duration = Duration::from_secs(10);
/// Addresses looked at together.
const TOGETHER: usize = 16;

/// What is known of a pool's addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Each address.
    pub addresses: Vec<AddressStatus>,
    /// Whether there were nodes to be asked.
    pub nodes_asked: bool,
}

/// Looks until the leadership ends.
pub async fn run(context: Context) {
    let changes = context.cache.subscribe(&[Kind::IpPool, Kind::MailCluster]);
    let Some(observer) = observer(&context).await else { return };
    loop {
        let _ = changes.take();
        let all_well = look(&context, &observer).await;
        tokio::select! {
            () = context.ended.cancelled() => return,
            () = changes.wait() => tokio::time::sleep(SOON).await,
            () = tokio::time::sleep(if all_well { EVERY } else { AGAIN }) => {}
        }
    }
}

/// One look at every pool; whether nothing was missing.
async fn look(context: &Context, observer: &Observer) -> bool {
    let pools: Vec<(Id, Vec<IpAddr>, bool)> = {
        let tables = context.cache.read();
        let read = tables.pools.iter().map(|(id, entry)| {
            let spec = &entry.object.spec;
            let addresses = spec.addresses.iter().filter_map(|address| address.ip.parse().ok()).collect();
            (id, addresses, spec.egress.mode == EgressMode::Proxy)
        });
        read.collect()
    };
    let nodes = match nodes::nodes(context).await {
        Ok(nodes) => nodes,
        Err(error) => {
            tracing::warn!(%error, "egress pods cannot be listed");
            return false;
        }
    };
    let mut all_well = true;
    for (id, addresses, by_egress) in pools {
        let nodes = nodes.as_deref().filter(|_| by_egress);
        let each = stream::iter(addresses).map(|ip| async move {
            let (node, name) = tokio::join!(nodes::owner(nodes.unwrap_or_default(), ip), reverse::name(observer, ip));
            AddressStatus { ip: ip.to_string(), bound_on: node, ptr: name.ptr, fcrdns: name.confirmed, ..AddressStatus::default() }
        });
        let addresses: Vec<AddressStatus> = each.buffered(TOGETHER).collect().await;
        all_well &= addresses.iter().all(|a| a.fcrdns == Some(true) && (nodes.is_none() || a.bound_on.is_some()));
        context.facts.set_addresses(&id, Look { addresses, nodes_asked: nodes.is_some() });
    }
    all_well
}

/// The addresses among them that a family of DNS knows, each once.
fn distinct(found: impl IntoIterator<Item = IpAddr>) -> BTreeSet<IpAddr> {
    found.into_iter().map(|ip| ip.to_canonical()).collect()
}
