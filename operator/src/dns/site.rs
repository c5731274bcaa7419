//! What DNS shall lead to: the installation's host, and the addresses at which it is reached.

use std::net::IpAddr;

use k8s_openapi::api::core::v1::Service;
use kube::{Api, api::ListParams};
use postern_core::DomainName;
use postern_projection::dns::{Question, RecordType, Site};

use super::Observer;
use crate::context::Context;

/// The Services before the listening processes.
const FRONTEND: &str = "postern.dev/cluster,app.kubernetes.io/component=frontend";

/// The site as it is now; `None` while there is no MailCluster. Addresses are those of the load balancer, and those of the host's own
/// records: behind a NAT only these are seen from outside.
pub async fn site(context: &Context, observer: &Observer) -> Option<Site> {
    let host = {
        let tables = context.cache.read();
        let (_, entry) = tables.clusters.iter().find(|(id, _)| *id.namespace == *context.place.namespace)?;
        DomainName::parse(&entry.object.spec.hostnames.mail).ok()?
    };
    let mut addresses = balancers(context).await;
    let questions = [RecordType::A, RecordType::Aaaa].map(|type_| Question::new(host.clone(), type_));
    for (_, answer) in observer.ask(questions.to_vec()).await {
        if let postern_projection::dns::Answer::Records(records) = answer {
            addresses.extend(records.iter().filter_map(|text| text.parse::<IpAddr>().ok()));
        }
    }
    addresses.sort();
    addresses.dedup();
    Some(Site { host, addresses })
}

async fn balancers(context: &Context) -> Vec<IpAddr> {
    let api: Api<Service> = Api::namespaced(context.client.clone(), &context.place.namespace);
    let services = match api.list(&ListParams::default().labels(FRONTEND)).await {
        Ok(services) => services.items,
        Err(error) => {
            tracing::warn!(%error, "the Service of the frontend cannot be read");
            return Vec::new();
        }
    };
    let ingress = services.into_iter().filter_map(|service| service.status?.load_balancer?.ingress).flatten();
    ingress.filter_map(|point| point.ip?.parse().ok()).collect()
}
