//! The operator: what stands in the cluster's resources comes to stand in the directory, and what the dataplane does with
//! it comes to stand in their status. It serves no mail and reads none.
//!
//! ```text
//!  API server ──watch──► cache ──touched──► drivers of the leader
//!      ▲                                      │ each: look up · judge (pure) · build (pure) · apply · report
//!      └── status, finalizers, owned objects ◄┴──► directory (SQL, behind the fence)
//! ```
//!
//! Every replica watches; one leads ([`leader`]). Whoever takes the lease raises the directory's fence, so that a leader
//! that was paused writes nothing late. What a resource *means* is said by `postern-projection` alone.

pub mod args;
pub mod ask;
pub mod certificates;
pub mod cluster;
pub mod context;
pub mod converge;
pub mod crds;
pub mod dns;
pub mod drivers;
pub mod events;
pub mod facts;
pub mod health;
pub mod leader;
pub mod ledger;
pub mod metrics;
pub mod pools;
pub mod process;
pub mod queue;
pub mod recall;
pub mod references;
pub mod status;
pub mod telemetry;
pub mod watch;

mod chance;
mod database;
mod finalizer;
mod keys;
mod seal_key;
