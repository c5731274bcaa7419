//! What strangers try: to relay, to smuggle, to fill the memory, to hold a door open.

#![expect(clippy::unwrap_used, reason = "helpers of a test have nobody to report to")]

mod memory;
mod relay;
mod slow;
mod smuggling;

use postern_tests::{
    Server, Site, TestDatabase,
    manifests::{Manifests, group},
};

/// A site with one box, one alias that leads elsewhere, and short patience.
fn server() -> Server {
    let away = group("away", "away@here.test", &["somebody@elsewhere.test"]);
    let site = Site::new(TestDatabase::sqlite(), Manifests::of("here.test", &["one"], &away))
        // The only place that mail could leave for refuses it.
        .with("outbound.static_mx", "elsewhere.test=127.0.0.1:9")
        .with("smtp.command_timeout", "2s")
        .with("smtp.data_timeout", "2s")
        .with("tls.handshake_timeout", "2s");
    Server::start(&site)
}
