//! The driver of MailClusters: a pass when one changes, soon again while it is on its way, and now and then for its Secrets.

use std::{sync::Arc, time::Duration};

use kube::{
    Api,
    api::{Patch, PatchParams},
};
use postern_crds::MailCluster;
use serde_json::json;
use tokio::time::Instant;

use super::{Failure, Options, apply::MANAGER, reconcile};
use crate::{context::Context, watch::Kind};

/// Between two passes while something is in hand.
const SOON: Duration = Duration::from_secs(2);
/// Between two passes when nothing is: Secrets are not watched, and what somebody changed by hand is put right.
const LATER: Duration = Duration::from_secs(60);
/// After a pass that failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// What the metrics call it.
const DRIVER: &str = "workloads";

/// Drives until the leadership ends.
pub async fn drive(context: Context) {
    let Some(options) = context.workloads.clone() else {
        tracing::info!("no image is named: MailClusters get no workloads from this operator");
        return context.ended.cancelled().await;
    };
    let changes = context.cache.subscribe(&[Kind::MailCluster]);
    while !context.ended.is_cancelled() {
        let begun = Instant::now();
        let (result, pause) = match pass(&context, &options).await {
            Ok(true) => ("ok", LATER),
            Ok(false) => ("ok", SOON),
            Err(error) => {
                tracing::warn!(%error, "the workloads of a MailCluster");
                ("failed", AFTER_FAILURE)
            }
        };
        context.metrics.reconciled(DRIVER, result, begun.elapsed());
        let _ = changes.take();
        tokio::select! {
            () = context.ended.cancelled() => {}
            () = changes.wait() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// One pass over every MailCluster of the operator's namespace; whether all are ready.
async fn pass(context: &Context, options: &Arc<Options>) -> Result<bool, Failure> {
    let api: Api<MailCluster> = Api::namespaced(context.client.clone(), &context.place.namespace);
    let mut ready = true;
    for object in api.list(&kube::api::ListParams::default()).await? {
        if object.metadata.deletion_timestamp.is_some() {
            continue;
        }
        let done = reconcile(&context.client, &object, options, context.now()).await?;
        ready &= done.is_ready();
        if object.status.as_ref() != Some(&done.status) {
            let name = object.metadata.name.clone().unwrap_or_default();
            let status = json!({"apiVersion": postern_crds::API_VERSION, "kind": "MailCluster", "status": done.status});
            api.patch_status(&name, &PatchParams::apply(MANAGER).force(), &Patch::Apply(status)).await?;
        }
    }
    Ok(ready)
}
