//! Events (`events.k8s.io/v1`) when an object begins or ends to serve, or somebody must act. Bounded: a bulk of changes
//! must not fill the API server's store, and whoever needs them all reads conditions.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use k8s_openapi::api::core::v1::ObjectReference;
use kube::{
    Client,
    runtime::events::{Event, EventType, Recorder, Reporter},
};
use postern_crds::API_VERSION;
use tokio::time::Instant;

use crate::{metrics::Metrics, watch::Id};

/// Events at once.
const BURST: f64 = 50.0;
/// Events a second after that.
const RATE: f64 = 5.0;

/// Sends Events.
pub struct Events {
    recorder: Recorder,
    metrics: Metrics,
    /// What is left of the burst, and as of when.
    left: Mutex<(f64, Instant)>,
}

impl Events {
    /// As one replica.
    #[must_use]
    pub fn new(client: Client, identity: &str, metrics: Metrics) -> Self {
        let reporter = Reporter { controller: "postern.dev/operator".to_owned(), instance: Some(identity.to_owned()) };
        Self { recorder: Recorder::new(client, reporter), metrics, left: Mutex::new((BURST, Instant::now())) }
    }

    /// Tells of an object; a warning when somebody must act.
    pub async fn tell(&self, id: &Id, uid: &str, warning: bool, reason: &str, note: &str) {
        if !self.may() {
            self.metrics.event_dropped();
            return;
        }
        let reference = ObjectReference {
            api_version: Some(API_VERSION.to_owned()),
            kind: Some(id.kind.as_str().to_owned()),
            namespace: Some(id.namespace.to_string()),
            name: Some(id.name.to_string()),
            uid: Some(uid.to_owned()),
            ..ObjectReference::default()
        };
        // A note has at most 1024 bytes.
        let note: String = note.chars().take(250).collect();
        let event = Event {
            type_: if warning { EventType::Warning } else { EventType::Normal },
            reason: reason.to_owned(),
            note: Some(note),
            action: "Reconcile".to_owned(),
            secondary: None,
        };
        if let Err(error) = self.recorder.publish(&event, &reference).await {
            tracing::debug!(%error, %id, "an Event was not taken");
        }
    }

    fn may(&self) -> bool {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let tokens = (left.0 + now.duration_since(left.1).as_secs_f64() * RATE).min(BURST);
        let may = tokens >= 1.0;
        *left = (if may { tokens - 1.0 } else { tokens }, now);
        may
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events")
    }
}
