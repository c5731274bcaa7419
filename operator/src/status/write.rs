//! Writing a status: server-side apply of the status alone, under a manager of its own.

use kube::{
    Api, Resource,
    api::{Patch, PatchParams},
    core::DynamicObject,
};
use postern_crds::{
    AliasStatus, Condition,
    condition::{READY, STALLED, find},
};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::resource;
use crate::{
    context::Context,
    events::Events,
    finalizer,
    watch::{Id, Seen},
};

/// Field manager of statuses.
const MANAGER: &str = "postern-operator";

/// A status to be written.
pub(super) struct Draft {
    /// Of which object.
    pub id: Id,
    /// Whether the object has no status yet.
    pub is_first: bool,
    uid: String,
    /// The status; `None` when it is there already and only the finalizer is not.
    status: Option<Json>,
    /// Whether the finalizer is to be added.
    finalize: bool,
    /// What is to be told: whether somebody must act, reason, note.
    event: Option<(bool, String, String)>,
}

impl Draft {
    /// What is to be written of an object; `None` when all of it is there.
    pub fn of<K: Resource, S: Serialize>(
        id: &Id,
        object: &K,
        finalized: bool,
        seen: &Seen,
        status: &S,
        conditions: &[Condition],
    ) -> Option<Self> {
        let differs = !seen.is(status);
        let finalize = !finalized && object.meta().deletion_timestamp.is_none();
        if !differs && !finalize {
            return None;
        }
        Some(Self {
            id: id.clone(),
            is_first: !seen.is_there(),
            uid: object.meta().uid.clone().unwrap_or_default(),
            status: if differs { serde_json::to_value(status).ok() } else { None },
            finalize,
            event: if differs { transition(seen, conditions) } else { None },
        })
    }

    /// What is to be written of an object that does not fit its type.
    pub fn of_broken(id: &Id, status: &AliasStatus) -> Self {
        Self {
            id: id.clone(),
            is_first: false,
            uid: String::new(),
            status: serde_json::to_value(status).ok(),
            finalize: false,
            event: None,
        }
    }

    /// Leaves the finalizer for later, where there is a status to be written now; whether it did.
    pub const fn put_off_finalizer(&mut self) -> bool {
        let later = self.finalize && self.status.is_some();
        if later {
            self.finalize = false;
        }
        later
    }
}

/// Writes it. An object that is gone needs no status.
pub(super) async fn write(context: &Context, events: &Events, draft: &Draft) -> Result<(), kube::Error> {
    let Some(resource) = resource(draft.id.kind) else { return Ok(()) };
    if draft.finalize {
        gone_is_fine(finalizer::add(context.client.clone(), &draft.id, &draft.uid).await)?;
    }
    if let Some(status) = &draft.status {
        let api: Api<DynamicObject> = Api::namespaced_with(context.client.clone(), &draft.id.namespace, &*resource);
        let body = json!({
            "apiVersion": resource.api_version, "kind": resource.kind,
            "metadata": {"name": &*draft.id.name, "namespace": &*draft.id.namespace},
            "status": status,
        });
        let params = PatchParams::apply(MANAGER).force();
        gone_is_fine(api.patch_status(&draft.id.name, &params, &Patch::Apply(body)).await.map(drop))?;
    }
    if let Some((warning, reason, note)) = &draft.event {
        events.tell(&draft.id, &draft.uid, *warning, reason, note).await;
    }
    Ok(())
}

/// 404: deleted meanwhile. 409: another object of that name is there now.
fn gone_is_fine(written: Result<(), kube::Error>) -> Result<(), kube::Error> {
    match written {
        Err(kube::Error::Api(status)) if status.code == 404 || status.code == 409 => Ok(()),
        other => other,
    }
}

/// What is worth telling: it serves now, it did before and does not, somebody must act.
fn transition(seen: &Seen, conditions: &[Condition]) -> Option<(bool, String, String)> {
    let (ready, stalled) = (find(conditions, READY)?, find(conditions, STALLED)?);
    let was = |type_: &str, status: &str| seen.status_of(type_) == Some(status);
    if stalled.status == "True" && !was(STALLED, "True") {
        return Some((true, stalled.reason.clone(), stalled.message.clone()));
    }
    match &*ready.status {
        "True" if !was(READY, "True") => Some((false, ready.reason.clone(), ready.message.clone())),
        "False" if was(READY, "True") => Some((true, ready.reason.clone(), ready.message.clone())),
        _ => None,
    }
}
