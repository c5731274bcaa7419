//! `status`: one screen. What the user may not read is left out, and said so.

use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client, Resource, ResourceExt, api::ListParams};
use postern_core::table::Table;
use postern_crds::{
    Alias, Branding, Condition, Domain, IpPool, MailCluster, Mailbox,
    condition::{self, DNS_READY, READY},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{Done, args::Output};

/// On every object of an installation.
const CLUSTER: &str = "postern.dev/cluster";

/// Reads all and shows it.
pub async fn status(client: &Client, scope: &Option<String>, output: Output) -> Done<String> {
    let mut text = String::new();
    let mut data = serde_json::Map::new();
    if let Ok(clusters) = list::<MailCluster>(client, &None, "").await {
        let (table, rows) = installations(&clusters);
        text.push_str(&format!("{table}\n"));
        data.insert("installations".to_owned(), rows);
    }
    if let Ok(pods) = list::<Pod>(client, &None, CLUSTER).await {
        text.push_str(&format!("{}\n", processes(&pods)));
    }
    let mut waiting = Table::new(["KIND", "NAMESPACE", "NAME", "REASON", "MESSAGE"]);
    let mut counts = Table::new(["KIND", "READY", "OF"]);
    macro_rules! kind {
        ($kind:ident) => {{
            let objects = list::<$kind>(client, scope, "").await?;
            let conditions = |object: &$kind| object.status.as_ref().map(|status| status.conditions.clone()).unwrap_or_default();
            let ready = objects.iter().filter(|object| is_true(&conditions(object), READY)).count();
            counts.row([stringify!($kind).to_owned(), ready.to_string(), objects.len().to_string()]);
            data.insert(stringify!($kind).to_owned(), json!({"ready": ready, "of": objects.len()}));
            for object in &objects {
                for type_ in [READY, DNS_READY] {
                    let conditions = conditions(object);
                    let Some(found) = condition::find(&conditions, type_).filter(|found| found.status == "False") else { continue };
                    let namespace = object.namespace().unwrap_or_default();
                    waiting.row([stringify!($kind).to_owned(), namespace, object.name_any(), found.reason.clone(), found.message.clone()]);
                    break;
                }
            }
        }};
    }
    kind!(Domain);
    kind!(Mailbox);
    kind!(Alias);
    kind!(IpPool);
    kind!(Branding);
    text.push_str(&counts.to_string());
    if !waiting.rows.is_empty() {
        text.push_str(&format!("\n{waiting}"));
    }
    data.insert("waiting".to_owned(), json!(waiting.rows));
    Ok(match output {
        Output::Text => text,
        Output::Json => serde_json::to_string_pretty(&Value::Object(data))? + "\n",
    })
}

async fn list<K>(client: &Client, scope: &Option<String>, labels: &str) -> Result<Vec<K>, kube::Error>
where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope> + Clone + DeserializeOwned + std::fmt::Debug,
{
    let api: Api<K> = match scope {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    };
    Ok(api.list(&ListParams::default().labels(labels)).await?.items)
}

fn installations(clusters: &[MailCluster]) -> (Table, Value) {
    let mut table = Table::new(["INSTALLATION", "HOST", "ADDRESS", "READY", "MESSAGE"]);
    for cluster in clusters {
        let status = cluster.status.clone().unwrap_or_default();
        let ready = condition::find(&status.conditions, READY);
        let at: Vec<&str> = status.addresses.iter().map(|address| &**address).collect();
        table.row([
            format!("{}/{}", cluster.namespace().unwrap_or_default(), cluster.name_any()),
            cluster.spec.hostnames.mail.to_string(),
            at.join(","),
            ready.map_or_else(|| "Unknown".to_owned(), |ready| ready.status.clone()),
            ready.map(|ready| ready.message.clone()).unwrap_or_default(),
        ]);
    }
    let rows = json!(table.rows);
    (table, rows)
}

fn processes(pods: &[Pod]) -> Table {
    let mut table = Table::new(["POD", "IMAGE", "READY", "RESTARTS", "NODE"]);
    for pod in pods {
        let containers = pod.status.as_ref().and_then(|status| status.container_statuses.clone()).unwrap_or_default();
        let spec = pod.spec.as_ref();
        table.row([
            pod.name_any(),
            spec.and_then(|spec| spec.containers.first()?.image.clone()).unwrap_or_default(),
            containers.iter().all(|container| container.ready).to_string(),
            containers.iter().map(|container| container.restart_count).sum::<i32>().to_string(),
            spec.and_then(|spec| spec.node_name.clone()).unwrap_or_default(),
        ]);
    }
    table
}

fn is_true(conditions: &[Condition], type_: &str) -> bool {
    condition::find(conditions, type_).is_some_and(|found| found.status == "True")
}
