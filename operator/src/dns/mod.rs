//! The DNS doctor's hands: looks at every Domain's records and at every name's token, as often as it makes sense, and tells the board.
//!
//! ```text
//!  cache ──changed──► examine: expected ► questions ► Observer ► Diagnosis ──► Facts (dns)
//!  claims (SQL) ────► ownership: token ► Observer ► record_proof ──► claims (SQL)
//! ```
//!
//! What it all means is the projection's to say (`postern_projection::dns`). Nothing is written to a resource here.

mod examine;
mod observer;
mod ownership;
mod schedule;
mod site;

use std::time::Duration;

use postern_core::Secret;

pub use self::{observer::Observer, schedule::Schedule, site::site};
use crate::context::Context;

/// Pause after something could not be had.
const RETRY: Duration = Duration::from_secs(5);

/// Changed by whoever wants a look now.
pub const ANNOTATION_CHECK: &str = "postern.dev/check-dns";

/// Looks until the leadership ends.
pub async fn run(context: Context) {
    let Some(observer) = observer(&context).await else { return };
    let Some(installation) = installation(&context).await else { return };
    tokio::join!(examine::run(&context, &observer, &installation), ownership::run(&context, &observer, &installation));
}

/// Whoever asks DNS; `None` when the leadership ended before it could.
pub(crate) async fn observer(context: &Context) -> Option<Observer> {
    loop {
        match Observer::new(&context.place.nameservers) {
            Ok(observer) => return Some(observer),
            Err(error) => tracing::error!(%error, "the system's DNS configuration cannot be used; name servers with --nameservers"),
        }
        if pause(context, RETRY).await {
            return None;
        }
    }
}

/// The secret that tokens are made with; `None` when the leadership ended before it could be read.
async fn installation(context: &Context) -> Option<Secret<Vec<u8>>> {
    loop {
        match context.directory.installation_key(context.chance.seed()).await {
            Ok(key) => return Some(key),
            Err(error) => tracing::warn!(%error, "the installation's key cannot be read; trying again"),
        }
        if pause(context, RETRY).await {
            return None;
        }
    }
}

/// Waits; true when the leadership ended meanwhile.
pub(crate) async fn pause(context: &Context, time: Duration) -> bool {
    tokio::select! {
        () = tokio::time::sleep(time) => false,
        () = context.ended.cancelled() => true,
    }
}
