//! `/healthz`, `/readyz` and `/metrics`.
//!
//! Alive means that the process can answer. Ready means that it can do its work: every kind was listed and the database
//! answers. A replica that waits for the lease is ready too, or no rolling update would ever end.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;

/// What keeps the process from being ready. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<Mutex<BTreeMap<&'static str, String>>>);

impl Readiness {
    /// A condition that is not met, and why.
    pub fn unmet(&self, condition: &'static str, why: &(impl ToString + ?Sized)) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(condition, why.to_string());
    }

    /// A condition that is met.
    pub fn met(&self, condition: &'static str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(condition);
    }

    /// Everything that is not met: condition and reason.
    #[must_use]
    pub fn all_unmet(&self) -> Vec<(&'static str, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|(condition, why)| (*condition, why.clone())).collect()
    }
}

/// Answers until `stop`.
///
/// # Errors
/// When the socket fails.
pub async fn serve(socket: TcpListener, readiness: Readiness, metrics: Metrics, stop: CancellationToken) -> io::Result<()> {
    axum::serve(socket, router(readiness, metrics)).with_graceful_shutdown(async move { stop.cancelled().await }).await
}

/// The three paths.
pub fn router(readiness: Readiness, metrics: Metrics) -> Router {
    let told = async |State((_, metrics)): State<(Readiness, Metrics)>| {
        ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], metrics.text()).into_response()
    };
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(told))
        .with_state((readiness, metrics))
}

async fn ready(State((readiness, _)): State<(Readiness, Metrics)>) -> Response {
    let unmet = readiness.all_unmet();
    if unmet.is_empty() {
        return "ready\n".into_response();
    }
    let text = unmet.iter().fold(String::new(), |mut text, (condition, why)| {
        let _ = writeln!(text, "{condition}: {why}");
        text
    });
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}
