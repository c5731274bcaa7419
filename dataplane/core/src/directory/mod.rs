//! What the dataplane knows of tenants: records that the projection makes from resources, the
//! store keeps and every role reads. One kind a file; plain values, `serde` both ways.

mod account;
mod alias;
mod brand;
mod domain;
mod origin;
mod pool;

pub use account::{AccountRecord, BoxRole, CredentialSource, Initial, Protocols};
pub use alias::{AliasKind, AliasRecord};
pub use brand::BrandRecord;
pub use domain::{BoxDefaults, DkimAlgorithm, DkimPolicy, DomainLimits, DomainMode, DomainRecord, Hosts};
pub use origin::{DeletionPolicy, Digest, Origin, Projected, SourceKey};
pub use pool::{PoolAddress, PoolRecord, PoolRule, Throttle};
