//! The web role: what browsers, mail clients, other servers and certificate issuers ask for over HTTP.
//!
//! ```text
//!  listener (net: gate, PROXY, TLS) ── http ──┬─ web   ─ plain  ─┬─ /.well-known/acme-challenge/TOKEN
//!                                             │                  └─ all else goes to https
//!                                             └─ webs  ─ secure ─┬─ the same challenge
//!                                                                ├─ mta-sts.DOMAIN: the policy
//!                                                                └─ autoconfig.DOMAIN: settings for mail clients
//! ```
//!
//! Whose page it is follows from the host that the client names and from nothing else; what it says stands in the
//! directory. A room is a file: its route, its page, its tests. It must not know SQL, nor who else is served here.

mod acme;
mod autoconfig;
mod host;
mod http;
mod mta_sts;
mod redirect;
mod site;

use axum::{Router, routing::get};

pub use self::{
    http::Http,
    site::{Ports, Site},
};

/// Pages of port 80.
pub(crate) fn plain(site: Site) -> Router {
    Router::new().route(acme::PATH, get(acme::answer)).fallback(redirect::to_https).with_state(site)
}

/// Pages of port 443.
pub(crate) fn secure(site: Site) -> Router {
    let autoconfig = get(autoconfig::thunderbird);
    Router::new()
        .route(acme::PATH, get(acme::answer))
        .route(mta_sts::PATH, get(mta_sts::policy))
        .route(autoconfig::PATH, autoconfig.clone())
        .route(autoconfig::WELL_KNOWN, autoconfig)
        .with_state(site)
}
