//! A login, or a try, as the trail keeps it.

use postern_access::Decision;
use postern_core::Address;
use postern_store::{
    Store,
    trail::{EventRow, Key, Stage, Trail},
};
use serde::Serialize;

/// What is kept of a login name that was never checked.
const MAX_LOGIN: usize = 320;

#[derive(Serialize)]
struct Detail<'d> {
    login: &'d str,
    ip: String,
    door: &'static str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
}

/// Notes a decision; it never waits and never fails.
pub(crate) fn note(store: &Store, trail: &Trail, decision: &Decision) {
    let login = decision.login.get(..decision.login.floor_char_boundary(MAX_LOGIN)).unwrap_or_default();
    let (outcome, cause) = match &decision.outcome {
        Ok(_) => ("ok", None),
        Err(refusal) => (refusal.as_str(), refusal.outcome().cause),
    };
    let detail = Detail { login, ip: decision.client.to_string(), door: decision.door.as_str(), outcome, cause };
    let address = Address::parse(login).ok().map(|address| Key::address(&address));
    let mut event = EventRow::new(store.ids.trace(), decision.at, Stage::Login, &detail)
        .with_keys(address.into_iter().chain([Key::ip(decision.client)]));
    if let Ok(login) = &decision.outcome {
        event = event.of_tenant(login.tenant.clone());
    }
    trail.note(event, Some(decision.client));
}
