//! MailCluster → workloads: what the installation's one resource asks for, as Deployments, Services and what keeps them.
//!
//! ```text
//! MailCluster ─► dereference ─► validate ─► render (pure) ─► apply ─► status
//!                (its Secrets)  (refusals)  (the objects)    (SSA,     (from what the
//!                                                             prune)    cluster reports)
//! ```
//!
//! The dataplane's pods never speak to the API server: what they must know of the cluster stands in their environment,
//! and all else in the directory. Nothing here knows of domains or boxes.

mod apply;
mod dereference;
mod doors;
mod drive;
mod egress;
mod environment;
mod labels;
mod network;
mod oidc;
mod options;
mod pod;
mod reconcile;
mod render;
mod scaling;
mod status;
mod validate;
mod workload;

pub use self::{
    apply::{ApplyError, MANAGER},
    dereference::Secrets,
    doors::{DOORS, Door},
    drive::drive,
    egress::{COMPONENT as EGRESS, PORT as EGRESS_PORT},
    options::{KeyOfSecret, Options},
    reconcile::{Done, Failure, reconcile},
    render::{Workloads, render},
    status::{Seen, status},
    validate::{Cluster, validate},
};
