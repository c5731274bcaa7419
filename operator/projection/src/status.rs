//! Facts of the dataplane → the status of a resource. Pure: the time is an argument, and the status before, which the
//! object carries, keeps `lastTransitionTime`.
//!
//! Who watches with kstatus reads three conditions: `Ready`, `Reconciling` (work in hand) and `Stalled` (somebody must
//! act). `Ready=False` alone would look like "in progress" for ever, so one of the others always says which it is.

mod kinds;
mod life;
mod pool;

pub use kinds::{BrandFacts, ClusterFacts, DomainFacts, MailboxFacts, Owned, alias, branding, domain, mail_cluster, mailbox};
pub use life::PATIENCE;
pub use pool::{PoolFacts, ip_pool};
