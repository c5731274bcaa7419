//! `/healthz`, `/readyz` and `/metrics`, on a port of their own that no user sees.
//!
//! Alive means that the process can answer at all; ready means that it should get traffic. A process
//! without its database is alive and not ready: to restart it would not bring the database back.

use std::{future::IntoFuture, io};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use postern_net::{Drain, Phase};
use serde_json::json;
use tokio::net::TcpListener;

use crate::{metrics::Metrics, readiness::Readiness};

/// What the answers are made of.
#[derive(Clone, Debug)]
pub struct Health {
    /// The conditions of the process.
    pub readiness: Readiness,
    /// The process's end: a draining process is not ready.
    pub drain: Drain,
    /// What is counted.
    pub metrics: Metrics,
}

impl Health {
    /// The three paths.
    pub fn router(self) -> Router {
        Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready)).route("/metrics", get(metrics)).with_state(self)
    }

    /// Answers on a socket until the process has stopped; a draining process still says so.
    ///
    /// # Errors
    /// When the socket fails.
    pub async fn serve(self, socket: TcpListener) -> io::Result<()> {
        let stopped = self.drain.reached(Phase::Stopped);
        let server = axum::serve(socket, self.router()).into_future();
        tokio::select! {
            ended = server => ended,
            () = stopped => Ok(()),
        }
    }
}

async fn ready(State(health): State<Health>) -> Response {
    let mut unmet = health.readiness.unmet();
    if health.drain.phase() > Phase::Serving {
        unmet.push(("draining", "the process is stopping".to_owned()));
    }
    let status = if unmet.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let reasons: Vec<_> = unmet.iter().map(|(condition, reason)| json!({"condition": condition, "reason": reason})).collect();
    let body = json!({"ready": reasons.is_empty(), "reasons": reasons});
    (status, [(CONTENT_TYPE, "application/json")], format!("{body}\n")).into_response()
}

async fn metrics(State(health): State<Health>) -> Response {
    let conditions = health.readiness.all();
    let ready = health.drain.phase() == Phase::Serving && conditions.iter().all(|(_, holds)| *holds);
    health.metrics.ready(ready, &conditions);
    let text = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(CONTENT_TYPE, text)], health.metrics.text()).into_response()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    use super::*;

    async fn get(address: SocketAddr, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    #[tokio::test]
    async fn ready_only_while_every_condition_holds_and_nobody_drains() {
        let health = Health { readiness: Readiness::new(), drain: Drain::new(), metrics: Metrics::new() };
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let served = tokio::spawn(health.clone().serve(socket));

        assert_eq!(get(address, "/readyz").await, (200, "{\"ready\":true,\"reasons\":[]}\n".to_owned()));
        let database = health.readiness.condition("database", "not connected yet");
        let (status, body) = get(address, "/readyz").await;
        assert_eq!(status, 503);
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body, json!({"ready": false, "reasons": [{"condition": "database", "reason": "not connected yet"}]}));
        database.met();
        assert_eq!(get(address, "/readyz").await.0, 200);

        health.drain.advance(Phase::NotReady);
        let (status, body) = get(address, "/readyz").await;
        assert!(status == 503 && body.contains("draining"), "{body}");
        assert_eq!(get(address, "/healthz").await, (200, "ok\n".to_owned()), "not ready is not dead");
        assert!(get(address, "/metrics").await.1.ends_with("# EOF\n"));

        health.drain.advance(Phase::Stopped);
        served.await.unwrap().unwrap();
    }
}
