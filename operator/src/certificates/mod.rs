//! Certificates: one for each host that a tenant holds and whose DNS leads here, from an issuer that the MailCluster permits.
//!
//! ```text
//!  cache, directory ──wanted──► per host: DNS leads here? ──► Certificate (cert-manager, our namespace) ──► Secret
//!                                                                 │ ready, renewed                            │
//!  processes ◄── SNI ◄── directory (sealed) ◄─────────────────────┴────────────── load ◄──────────────────────┘
//!  ACME server ──► port 80 of the web role ◄── acme_challenge (SQL) ◄── challenges ◄── Challenge (cert-manager)
//! ```
//!
//! The solver of the issuer names a class that no controller serves: cert-manager then waits for neither a pod nor an Ingress, it asks
//! the host itself, which is us. Certificates bear labels and no owner: their tenants live in other namespaces.

mod challenges;
mod keep;
mod kinds;
mod load;
mod looks;
mod pace;
mod wanted;

pub use self::{
    kinds::{Certificate, CertificateSpec, Challenge, ChallengeSpec},
    wanted::{Want, Wanted},
};
use crate::context::Context;

/// Keeps certificates and answers until the leadership ends.
pub async fn run(context: Context) {
    tokio::join!(keep::run(&context), challenges::run(&context));
}
