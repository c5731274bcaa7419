//! As much of an API server as an operator speaks to: list, watch, get, create, replace, apply, merge, finalizers, and a
//! list of what was written. It knows no schema.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, RawQuery, State},
    http::{Method, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::any,
};
use futures_util::{StreamExt, stream};
use kube::{Client, Config};
use serde_json::{Value as Json, json};
use tokio::{net::TcpListener, sync::broadcast};

/// Plural, namespace, name.
type Key = (String, String, String);

#[derive(Clone)]
pub struct ApiServer(Arc<Shared>);

struct Shared {
    state: Mutex<Objects>,
    events: broadcast::Sender<(String, Json)>,
    url: String,
}

#[derive(Default)]
struct Objects {
    by_key: BTreeMap<Key, Json>,
    version: u64,
    /// Namespaces whose Secrets may not be read.
    closed: BTreeSet<String>,
    /// Every write that changed something: verb, plural, name.
    writes: Vec<(String, String, String)>,
}

impl ApiServer {
    pub async fn start() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", socket.local_addr().unwrap());
        let shared = Shared { state: Mutex::default(), events: broadcast::channel(4096).0, url };
        let server = Self(Arc::new(shared));
        let routes = Router::new()
            .route("/apis/{group}/{version}/{plural}", any(across))
            .route("/api/v1/{plural}", any(across_core))
            .route("/api/v1/namespaces/{namespace}/{plural}/{name}", any(one_core))
            .route("/api/v1/namespaces/{namespace}/{plural}", any(many_core))
            .route("/apis/{group}/{version}/namespaces/{namespace}/{plural}", any(many))
            .route("/apis/{group}/{version}/namespaces/{namespace}/{plural}/{name}", any(one))
            .route("/apis/{group}/{version}/namespaces/{namespace}/{plural}/{name}/{sub}", any(sub))
            .with_state(server.clone());
        tokio::spawn(async move { axum::serve(socket, routes).await });
        server
    }

    pub fn client(&self) -> Client {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Client::try_from(Config::new(self.0.url.parse().unwrap())).unwrap()
    }

    /// As `kubectl apply` does: metadata and spec of each document; the generation moves with the spec.
    pub fn apply(&self, yaml: &str) {
        for document in yaml.split("\n---\n") {
            let object: Json = serde_saphyr::from_str(document).unwrap();
            let (kind, meta) = (object["kind"].as_str().unwrap(), &object["metadata"]);
            let text = |field: &str| meta[field].as_str().unwrap_or_default().to_owned();
            let plural = match kind {
                "Mailbox" => "mailboxes".to_owned(),
                "Alias" => "aliases".to_owned(),
                other => format!("{}s", other.to_lowercase()),
            };
            let key = (plural, text("namespace"), text("name"));
            let mut state = self.state();
            let before = state.by_key.get(&key).cloned();
            let mut new = before.clone().unwrap_or_else(|| {
                let uid = format!("uid-{}", state.version + 1);
                json!({"metadata": {"uid": uid, "generation": 0, "creationTimestamp": "2026-11-01T00:00:00Z"}})
            });
            for field in ["apiVersion", "kind", "spec", "data", "stringData"] {
                if !object[field].is_null() {
                    new[field] = object[field].clone();
                }
            }
            for field in ["name", "namespace", "annotations", "labels"] {
                if !meta[field].is_null() {
                    new["metadata"][field] = meta[field].clone();
                }
            }
            if before.as_ref().is_none_or(|before| before["spec"] != new["spec"]) {
                new["metadata"]["generation"] = json!(new["metadata"]["generation"].as_i64().unwrap() + 1);
            }
            if before.as_ref() != Some(&new) {
                self.put(&mut state, key, new);
            }
        }
    }

    /// As `kubectl delete` does: finalizers keep it.
    pub fn delete(&self, plural: &str, namespace: &str, name: &str) {
        let key = (plural.to_owned(), namespace.to_owned(), name.to_owned());
        let mut state = self.state();
        let Some(mut object) = state.by_key.get(&key).cloned() else { return };
        object["metadata"]["deletionTimestamp"] = json!("2026-11-22T00:00:00Z");
        self.put(&mut state, key, object);
    }

    pub fn get(&self, plural: &str, namespace: &str, name: &str) -> Option<Json> {
        self.state().by_key.get(&(plural.to_owned(), namespace.to_owned(), name.to_owned())).cloned()
    }

    /// Status of a condition, and its reason and message.
    pub fn condition(&self, plural: &str, name: &str, type_: &str) -> Option<(String, String, String)> {
        let object = self.get(plural, "acme", name)?;
        let found = object["status"]["conditions"].as_array()?.iter().find(|c| c["type"] == type_)?.clone();
        let text = |field: &str| found[field].as_str().unwrap_or_default().to_owned();
        Some((text("status"), text("reason"), text("message")))
    }

    pub fn close(&self, namespace: &str) {
        self.state().closed.insert(namespace.to_owned());
    }

    pub fn writes(&self) -> Vec<(String, String, String)> {
        self.state().writes.clone()
    }

    fn state(&self) -> MutexGuard<'_, Objects> {
        self.0.state.lock().unwrap()
    }

    /// Stores and tells; an object that is being deleted goes with its last finalizer.
    fn put(&self, state: &mut Objects, key: Key, mut object: Json) -> Json {
        state.version += 1;
        object["metadata"]["resourceVersion"] = json!(state.version.to_string());
        let held = object["metadata"]["finalizers"].as_array().is_some_and(|all| !all.is_empty());
        let plural = key.0.clone();
        let type_ = if !object["metadata"]["deletionTimestamp"].is_null() && !held {
            state.by_key.remove(&key);
            "DELETED"
        } else if state.by_key.insert(key, object.clone()).is_some() {
            "MODIFIED"
        } else {
            "ADDED"
        };
        let _ = self.0.events.send((plural, json!({"type": type_, "object": object})));
        object
    }

    fn list(&self, plural: &str, asked: &BTreeMap<String, String>) -> Response {
        let state = self.state();
        if asked.contains_key("watch") {
            let since: u64 = asked.get("resourceVersion").and_then(|v| v.parse().ok()).unwrap_or_default();
            let events = self.0.events.subscribe();
            let fresh =
                |event: &Json| event["object"]["metadata"]["resourceVersion"].as_str().and_then(|v| v.parse().ok()).unwrap_or(0) > since;
            // What happened between the list and the watch.
            let missed: Vec<Json> = state
                .by_key
                .iter()
                .filter(|(key, _)| key.0 == plural)
                .map(|(_, o)| json!({"type": "MODIFIED", "object": o}))
                .filter(|e| fresh(e))
                .collect();
            let plural = plural.to_owned();
            let later = stream::unfold(events, move |mut events| {
                let plural = plural.clone();
                async move {
                    loop {
                        match events.recv().await {
                            Ok((of, event)) if of == plural => return Some((event, events)),
                            Ok(_) => {}
                            Err(_) => return None,
                        }
                    }
                }
            });
            let lines = stream::iter(missed).chain(later).map(|event| Ok::<_, std::convert::Infallible>(Bytes::from(format!("{event}\n"))));
            return Response::builder().header(CONTENT_TYPE, "application/json").body(Body::from_stream(lines)).unwrap();
        }
        let items: Vec<&Json> = state.by_key.iter().filter(|(key, _)| key.0 == plural).map(|(_, o)| o).collect();
        answer(
            StatusCode::OK,
            &json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": state.version.to_string()}, "items": items}),
        )
        .into_response()
    }

    fn serve(&self, method: &Method, key: Key, sub: Option<&str>, content: &str, body: &[u8]) -> Response {
        let mut state = self.state();
        if state.closed.contains(&key.1) && matches!(&*key.0, "secrets" | "configmaps") {
            return failure(StatusCode::FORBIDDEN, "Forbidden");
        }
        let found = state.by_key.get(&key).cloned();
        if method == Method::GET {
            return found.map_or_else(|| failure(StatusCode::NOT_FOUND, "NotFound"), |object| answer(StatusCode::OK, &object));
        }
        let sent: Json = serde_json::from_slice(body).unwrap();
        let (Some(before), true) = (found.clone(), method != Method::POST) else {
            if found.is_some() {
                return failure(StatusCode::CONFLICT, "AlreadyExists");
            }
            let applied = content == "application/apply-patch+yaml" && sub.is_none() && sent["metadata"]["uid"].is_null();
            if method != Method::POST && !applied {
                return failure(StatusCode::NOT_FOUND, "NotFound");
            }
            let mut new = sent;
            new["metadata"]["namespace"] = json!(key.1);
            new["metadata"]["uid"] = json!(format!("uid-{}", state.version + 1));
            state.writes.push(("create".to_owned(), key.0.clone(), key.2.clone()));
            return answer(StatusCode::CREATED, &self.put(&mut state, key, new));
        };
        let version = &sent["metadata"]["resourceVersion"];
        if !version.is_null() && *version != before["metadata"]["resourceVersion"] {
            return failure(StatusCode::CONFLICT, "Conflict");
        }
        let mut new = before.clone();
        match (sub, content) {
            (Some("status"), _) => new["status"] = sent["status"].clone(),
            (_, "application/apply-patch+yaml") => {
                let mut all: BTreeSet<String> = strings(&before["metadata"]["finalizers"]);
                all.extend(strings(&sent["metadata"]["finalizers"]));
                new["metadata"]["finalizers"] = json!(all);
            }
            (_, "application/merge-patch+json") => merge(&mut new, &sent),
            // As the chart's role says: get, create, patch.
            _ if key.0 == "secrets" => return failure(StatusCode::FORBIDDEN, "Forbidden"),
            _ => {
                new = sent;
                new["metadata"]["uid"] = before["metadata"]["uid"].clone();
            }
        }
        if new == before {
            return answer(StatusCode::OK, &before);
        }
        state.writes.push((method.to_string(), key.0.clone(), key.2.clone()));
        answer(StatusCode::OK, &self.put(&mut state, key, new))
    }
}

/// RFC 7386 §2
fn merge(target: &mut Json, patch: &Json) {
    let Some(patch) = patch.as_object() else { return target.clone_from(patch) };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, value) in patch {
        if value.is_null() {
            target.as_object_mut().unwrap().remove(name);
        } else {
            merge(&mut target[name], value);
        }
    }
}

fn strings(list: &Json) -> BTreeSet<String> {
    list.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
}

fn failure(code: StatusCode, reason: &str) -> Response {
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": reason, "reason": reason, "code": code.as_u16()});
    answer(code, &status)
}

fn answer(code: StatusCode, body: &Json) -> Response {
    (code, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// What a URL asks, as far as it matters here: nothing in it is escaped.
fn asked(query: &RawQuery) -> BTreeMap<String, String> {
    let pairs = query.0.as_deref().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).filter(|(key, value)| key != "watch" || value == "true").collect()
}

async fn across(State(server): State<ApiServer>, Path((_, _, plural)): Path<(String, String, String)>, query: RawQuery) -> Response {
    server.list(&plural, &asked(&query))
}

async fn across_core(State(server): State<ApiServer>, Path(plural): Path<String>, query: RawQuery) -> Response {
    server.list(&plural, &asked(&query))
}

async fn many_core(
    State(server): State<ApiServer>,
    method: Method,
    Path((namespace, plural)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    create(&server, &method, namespace, plural, &body)
}

async fn many(
    State(server): State<ApiServer>,
    method: Method,
    Path((_, _, namespace, plural)): Path<(String, String, String, String)>,
    body: Bytes,
) -> Response {
    create(&server, &method, namespace, plural, &body)
}

fn create(server: &ApiServer, method: &Method, namespace: String, plural: String, body: &[u8]) -> Response {
    let sent: Json = serde_json::from_slice(body).unwrap_or_default();
    let name = sent["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    server.serve(method, (plural, namespace, name), None, "", body)
}

async fn one_core(
    State(server): State<ApiServer>,
    method: Method,
    Path((namespace, plural, name)): Path<(String, String, String)>,
    headers: axum::http::HeaderMap,
    body: Bytes,
) -> Response {
    server.serve(&method, (plural, namespace, name), None, content(&headers), &body)
}

async fn one(
    State(server): State<ApiServer>,
    method: Method,
    Path((_, _, namespace, plural, name)): Path<(String, String, String, String, String)>,
    headers: axum::http::HeaderMap,
    body: Bytes,
) -> Response {
    server.serve(&method, (plural, namespace, name), None, content(&headers), &body)
}

async fn sub(
    State(server): State<ApiServer>,
    method: Method,
    Path((_, _, namespace, plural, name, sub)): Path<(String, String, String, String, String, String)>,
    headers: axum::http::HeaderMap,
    body: Bytes,
) -> Response {
    server.serve(&method, (plural, namespace, name), Some(&sub), content(&headers), &body)
}

fn content(headers: &axum::http::HeaderMap) -> &str {
    headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default()
}
