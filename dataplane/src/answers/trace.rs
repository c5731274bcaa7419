//! `postern trace`: everything that is known of a message.

use postern_inspect::Scope;
use postern_store::{Result, Store};

use crate::control::Response;

/// The stories that `of` leads to: a trace id, a Message-ID, an address or an IP address.
///
/// # Errors
/// As the database says.
pub async fn answer(store: &Store, of: &str, dialogue: bool, limit: u32) -> Result<Response> {
    let stories = postern_inspect::stories(&store.db, Scope::All, of, dialogue, limit, store.now()).await?;
    if stories.is_empty() {
        let message = format!("nothing is known of {of}; give a Message-ID, an address, an IP address or the id in a Received line");
        return Ok(Response::Refused { message });
    }
    Ok(Response::Text { text: postern_inspect::trace_text(&stories) })
}
