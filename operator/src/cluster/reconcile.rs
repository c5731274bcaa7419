//! The five steps for one MailCluster: what it names, whether it may be, what follows, into the cluster, and back.

use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment},
    core::v1::{Pod, Service},
};
use kube::{Api, Client, api::ListParams};
use postern_core::Timestamp;
use postern_crds::{MailCluster, MailClusterStatus, condition};
use postern_projection::Report;

use super::{
    apply::{ApplyError, apply},
    dereference::dereference,
    egress, labels,
    options::Options,
    render::render,
    status::{Seen, status},
    validate::{Cluster, validate},
};

/// How a pass ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// What the status shall be.
    pub status: MailClusterStatus,
}

impl Done {
    /// Whether nothing is in hand.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        condition::find(&self.status.conditions, condition::READY).is_some_and(|ready| ready.status == "True")
    }
}

/// Why a pass did not end: it is made again.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The API server refused an object, or did not answer.
    #[error("cannot apply {0}")]
    Apply(#[from] ApplyError),
    /// The API server did not answer.
    #[error(transparent)]
    Ask(#[from] kube::Error),
}

/// One pass. Writes no status: that is its caller's, who holds the lease.
///
/// # Errors
/// [`Failure`].
pub async fn reconcile(client: &Client, object: &MailCluster, options: &Options, now: Timestamp) -> Result<Done, Failure> {
    let mut report = Report { generation: object.metadata.generation.unwrap_or_default(), ..Report::default() };
    let cluster = match validate(object) {
        Ok(cluster) => cluster,
        Err(refusal) => {
            report.refusals.push(refusal);
            return Ok(Done { status: status(object, &report, &Seen::default(), now) });
        }
    };
    let secrets = dereference(client, &cluster, options).await?;
    report.refusals = secrets.missing;
    // Pods that run keep running beside a Secret that is gone; new ones could not start.
    if report.is_accepted() {
        let workloads = render(&cluster, options, &secrets.digest);
        apply(client, &cluster, &workloads).await?;
    }
    let seen = look(client, &cluster).await?;
    Ok(Done { status: status(object, &report, &seen, now) })
}

async fn look(client: &Client, cluster: &Cluster) -> Result<Seen, kube::Error> {
    let ours = ListParams::default().labels(&format!("{}={}", labels::CLUSTER, cluster.name));
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), &cluster.namespace);
    let pods: Api<Pod> = Api::namespaced(client.clone(), &cluster.namespace);
    let services: Api<Service> = Api::namespaced(client.clone(), &cluster.namespace);
    Ok(Seen {
        deployments: deployments.list(&ours).await?.items,
        pods: pods.list(&ours).await?.items,
        service: services.get_opt(&labels::name(&cluster.name, "frontend")).await?,
        egress: match &cluster.spec.egress {
            Some(nodes) => {
                let sets: Api<DaemonSet> = Api::namespaced(client.clone(), &nodes.namespace);
                sets.get_opt(&labels::name(&cluster.name, egress::COMPONENT)).await?
            }
            None => None,
        },
    })
}
