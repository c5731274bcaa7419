//! What `kubectl postern` asks of the operator: the trail, the queue, a message for a try.
//!
//! ```text
//!  kubectl postern ──TokenRequest──► API server            a token of the namespace, for nobody but us, for ten minutes
//!        └────────── services/proxy ─► API server ─► here ──TokenReview──► API server      whose namespace is it?
//!                                                     └─► SQL, within that tenant
//! ```
//!
//! The API server keeps `Authorization` to itself, so the token comes in a header of its own. What it proves is a
//! namespace, and that is the tenant that is answered for; a token of the operator's own namespace is answered for all.
//! Every answer is 200 with `text` and `data`, or with `refused`: what stands between would turn other codes into its own.

mod send_test;
mod who;

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use postern_core::{Clock, IdSource};
use postern_inspect::Scope;
use postern_store::{StoreError, db::Db, directory::Directory, queue::Queue};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::watch::Cache;

pub use who::{OfCluster, Reviewer, Who};

/// The header that carries the token.
pub const TOKEN: &str = "x-postern-token";
/// The audience that tokens must be for: one that the API server itself does not take.
pub const AUDIENCE: &str = "postern";

/// What answers are made of. Clones share it.
#[derive(Clone)]
pub struct Desk {
    /// Who asks.
    pub reviewer: Arc<dyn Reviewer>,
    /// The database.
    pub db: Db,
    /// The directory.
    pub directory: Directory,
    /// Numbers for test messages.
    pub ids: IdSource,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The installations.
    pub cache: Cache,
    /// The operator's own namespace, which sees all.
    pub namespace: String,
}

/// Answers until `stop`.
///
/// # Errors
/// When the socket fails.
pub async fn serve(socket: TcpListener, desk: Desk, stop: CancellationToken) -> std::io::Result<()> {
    axum::serve(socket, router(desk)).with_graceful_shutdown(async move { stop.cancelled().await }).await
}

/// The three questions.
pub fn router(desk: Desk) -> Router {
    Router::new().route("/v1/trace", post(trace)).route("/v1/queue", post(queue)).route("/v1/send-test", post(send)).with_state(desk)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trace {
    of: String,
    #[serde(default)]
    dialogue: bool,
    limit: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQueue {
    #[serde(default)]
    domain: Option<String>,
    limit: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Send {
    to: String,
}

async fn trace(State(desk): State<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    let who = match admitted(&desk, &headers).await {
        Ok(who) => who,
        Err(refused) => return refused,
    };
    let Trace { of, dialogue, limit } = match read(&body) {
        Ok(question) => question,
        Err(message) => return refused(message),
    };
    match postern_inspect::stories(&desk.db, who.scope(&desk.namespace), &of, dialogue, limit, desk.clock.now()).await {
        Ok(stories) if stories.is_empty() => refused(format!("nothing is known of {of} in {}", who.names(&desk.namespace))),
        Ok(stories) => answered(&postern_inspect::trace_text(&stories), &postern_inspect::trace_data(&stories)),
        Err(error) => unavailable(&error),
    }
}

async fn queue(State(desk): State<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    let who = match admitted(&desk, &headers).await {
        Ok(who) => who,
        Err(refused) => return refused,
    };
    let ListQueue { domain, limit } = match read(&body) {
        Ok(question) => question,
        Err(message) => return refused(message),
    };
    let (queue, now) = (Queue::new(desk.db.clone(), desk.ids.clone()), desk.clock.now());
    match postern_inspect::queue(&queue, who.scope(&desk.namespace), domain, limit, now).await {
        Ok(rows) if rows.is_empty() => answered("Nothing waits.\n", &json!([])),
        Ok(rows) => answered(&postern_inspect::queue_table(&rows, now).to_string(), &postern_inspect::queue_data(&rows)),
        Err(error) => unavailable(&error),
    }
}

async fn send(State(desk): State<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    let who = match admitted(&desk, &headers).await {
        Ok(who) => who,
        Err(refused) => return refused,
    };
    let Send { to } = match read(&body) {
        Ok(question) => question,
        Err(message) => return refused(message),
    };
    match send_test::send(&desk, who.scope(&desk.namespace), &to).await {
        Ok(sent) => answered(&format!("{}\n", sent.reply), &json!({"messageId": sent.message_id, "reply": sent.reply})),
        Err(message) => refused(message),
    }
}

/// Whose token it is.
async fn admitted(desk: &Desk, headers: &HeaderMap) -> Result<Who, Response> {
    let token = headers.get(TOKEN).and_then(|token| token.to_str().ok());
    let Some(token) = token else { return Err((StatusCode::UNAUTHORIZED, "there is no token").into_response()) };
    match desk.reviewer.who(token).await {
        Ok(Some(who)) => Ok(who),
        Ok(None) => Err((StatusCode::UNAUTHORIZED, "the token is not of a ServiceAccount, not for us, or has ended").into_response()),
        Err(error) => {
            tracing::warn!(%error, "a token cannot be reviewed");
            Err(refused("the API server does not tell whose token that is; try again"))
        }
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| format!("not understood; are plugin and operator of different versions? {error}"))
}

fn answered(text: &str, data: &Value) -> Response {
    said(&json!({"text": text, "data": data}))
}

fn refused(message: impl Into<String>) -> Response {
    said(&json!({"refused": message.into()}))
}

fn said(answer: &Value) -> Response {
    ([(CONTENT_TYPE, "application/json")], answer.to_string()).into_response()
}

fn unavailable(error: &StoreError) -> Response {
    refused(format!("the database cannot tell now: {error}"))
}

impl Who {
    /// How far it sees.
    fn scope<'a>(&'a self, own: &str) -> Scope<'a> {
        if self.namespace == own { Scope::All } else { Scope::Tenant(&self.namespace) }
    }

    fn names(&self, own: &str) -> String {
        if self.namespace == own { "this installation".to_owned() } else { format!("namespace {}", self.namespace) }
    }
}
