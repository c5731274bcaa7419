//! What every role knows of tenants: domains, accounts, aliases, pools, brands, keys, and who holds which name.
//!
//! Reading goes through [`Directory`], a handle with caches that [`Directory::refresh`] moves on.
//! Writing is a transaction that ends with the position ([`change`]); a projection's is fenced
//! ([`fence`]) and applied as a whole ([`Directory::apply`]). Statistics never pass through here: they
//! would move the position. Hashing passwords and making keys is the caller's; only their results are kept.
//!
//! Tenant walls: an address is unique within its tenant and is reached only through a domain that
//! the tenant holds, so that a row of another tenant can neither take nor receive anything.

pub mod certificate;
pub mod challenge;
pub mod change;
pub mod claim;
pub mod dkim;
pub mod facts;
pub mod fence;
pub mod list;
pub mod process;
pub mod reseal;
pub mod seal;

mod apply;
mod cache;
mod credential;
mod domains;
mod entry;
mod handle;
mod installation;
mod last_login;
mod logins;
mod record;
mod update;

pub use self::{
    certificate::{Certificate, CertificateFacts},
    challenge::Challenge,
    change::{Change, Changes},
    credential::{ScramSecret, Verifiers},
    dkim::{DkimKey, DkimMaterial, DkimState, NewDkim},
    entry::{AccountEntry, AddressTarget, DomainEntry, LoginAccount},
    fence::{Epoch, take_lease},
    handle::Directory,
    last_login::LastLogins,
    list::{Listed, Scope},
    record::{Record, RecordKind},
    seal::SealKeys,
    update::{ApplyReport, CredentialPlan, DirectoryUpdate, Leaving, Reason, Refusal, VerifiersBySource},
};
