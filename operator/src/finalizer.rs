//! The finalizer `postern.dev/cleanup`: it keeps a deleted object until the directory has taken note, and no longer. The
//! grace after that runs in the database, so that no namespace waits for it.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use kube::{
    Api, Client,
    api::{Patch, PatchParams},
    core::DynamicObject,
};
use postern_crds::FINALIZER;
use serde_json::json;

use crate::{context::Context, queue::Queue, status::resource, watch::Id};

/// Objects at a time.
const AT_ONCE: usize = 8;
/// Pause after the API server refused or did not answer.
const PAUSE: Duration = Duration::from_secs(2);
/// Field manager of the finalizer alone.
const MANAGER: &str = "postern-operator-finalizer";

/// Lets objects go that the directory has taken note of, until the leadership ends.
pub async fn run(context: Context, releases: Queue) {
    loop {
        let ids = tokio::select! {
            ids = releases.next(256) => ids,
            () = context.ended.cancelled() => return,
        };
        let releasing = stream::iter(ids).map(|id| {
            let client = context.client.clone();
            async move { (release(client, &id).await, id) }
        });
        let failed: Vec<Id> = releasing
            .buffer_unordered(AT_ONCE)
            .filter_map(async |(released, id)| {
                let error = released.err()?;
                tracing::debug!(%error, %id, "the finalizer was not removed; trying again");
                Some(id)
            })
            .collect()
            .await;
        if !failed.is_empty() {
            tokio::time::sleep(PAUSE).await;
            releases.push(failed);
        }
    }
}

/// Adds the finalizer to an object that is there; its uid keeps one from being made that is not.
///
/// # Errors
/// As the API server says.
pub async fn add(client: Client, id: &Id, uid: &str) -> Result<(), kube::Error> {
    let Some(resource) = resource(id.kind) else { return Ok(()) };
    let api: Api<DynamicObject> = Api::namespaced_with(client, &id.namespace, &*resource);
    let body = json!({
        "apiVersion": resource.api_version, "kind": resource.kind,
        "metadata": {"name": &*id.name, "namespace": &*id.namespace, "uid": uid, "finalizers": [FINALIZER]},
    });
    api.patch_metadata(&id.name, &PatchParams::apply(MANAGER).force(), &Patch::Apply(body)).await.map(drop)
}

/// Removes the finalizer, whoever put it there.
async fn release(client: Client, id: &Id) -> Result<(), kube::Error> {
    let Some(resource) = resource(id.kind) else { return Ok(()) };
    let api: Api<DynamicObject> = Api::namespaced_with(client, &id.namespace, &*resource);
    let Some(found) = api.get_metadata_opt(&id.name).await? else { return Ok(()) };
    let finalizers = found.metadata.finalizers.unwrap_or_default();
    // An object of the same name that stays is not ours to touch.
    if found.metadata.deletion_timestamp.is_none() || !finalizers.iter().any(|f| f == FINALIZER) {
        return Ok(());
    }
    let rest: Vec<String> = finalizers.into_iter().filter(|f| f != FINALIZER).collect();
    let body = json!({"metadata": {"resourceVersion": found.metadata.resource_version, "finalizers": rest}});
    match api.patch_metadata(&id.name, &PatchParams::default(), &Patch::Merge(body)).await {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        other => other.map(drop),
    }
}
