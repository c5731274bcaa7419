//! The nodes that own addresses, asked one by one as senders ask them.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::ListParams};
use postern_core::Secret;
use postern_net::socks;
use tokio::time::timeout;

use crate::{
    cluster::{EGRESS, EGRESS_PORT},
    context::Context,
};

/// Time for a pod to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// An egress pod that runs.
pub struct Node {
    /// Its node's name.
    name: String,
    /// Where it is asked.
    at: SocketAddr,
    token: String,
}

/// Those that run now; `None` where the installation has none.
pub async fn nodes(context: &Context) -> Result<Option<Vec<Node>>, kube::Error> {
    let Some(options) = &context.workloads else { return Ok(None) };
    let found = {
        let tables = context.cache.read();
        let mut clusters = tables.clusters.in_namespace(&context.place.namespace);
        clusters.find_map(|(id, entry)| Some((id.name, entry.object.spec.egress.as_ref()?.namespace.to_string())))
    };
    let Some((cluster, namespace)) = found else { return Ok(None) };
    let pods: Api<Pod> = Api::namespaced(context.client.clone(), &namespace);
    let ours = format!("postern.dev/cluster={cluster},app.kubernetes.io/component={EGRESS}");
    let nodes = pods.list(&ListParams::default().labels(&ours)).await?.items.into_iter().filter_map(|pod| {
        let name = pod.spec?.node_name?;
        let ip: IpAddr = pod.status?.pod_ip?.parse().ok()?;
        Some(Node { name, at: SocketAddr::new(ip, EGRESS_PORT), token: options.egress_token.clone() })
    });
    Ok(Some(nodes.collect()))
}

/// The node that has an address.
pub async fn owner(nodes: &[Node], ip: IpAddr) -> Option<String> {
    for node in nodes {
        match timeout(ANSWER, socks::reach(node.at, ip, &Secret::new(node.token.clone()))).await {
            Ok(Ok(_)) => return Some(node.name.clone()),
            Ok(Err(socks::SocksError::NotHere)) => {}
            Ok(Err(error)) => tracing::debug!(node = node.name, %error, "an egress pod did not say"),
            Err(_) => tracing::debug!(node = node.name, "an egress pod did not answer"),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use postern_net::socks::Login;
    use tokio::net::TcpListener;

    use super::*;

    /// A proxy that has one address.
    async fn proxy(name: &str, has: &'static str) -> Node {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let asked = socks::login(&mut client).await.unwrap();
                let known = asked.token.expose() == "token";
                let verdict = if !known {
                    Login::Unknown
                } else if asked.source.to_string() == has {
                    Login::Welcome
                } else {
                    Login::NotHere
                };
                socks::judge(&mut client, verdict).await.unwrap();
            }
        });
        Node { name: name.to_owned(), at, token: "token".to_owned() }
    }

    #[tokio::test]
    async fn the_node_that_says_yes_owns_it() {
        let gone = Node { name: "gone".to_owned(), at: "127.0.0.1:9".parse().unwrap(), token: String::new() };
        let nodes = [gone, proxy("a", "192.0.2.10").await, proxy("b", "192.0.2.11").await];
        assert_eq!(owner(&nodes, "192.0.2.11".parse().unwrap()).await.as_deref(), Some("b"));
        assert_eq!(owner(&nodes, "192.0.2.12".parse().unwrap()).await, None);
    }
}
