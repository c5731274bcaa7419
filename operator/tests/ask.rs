//! The tenant's wall before what `kubectl postern` asks.

#![expect(clippy::unwrap_used, reason = "a test has nobody to report to")]

use std::{net::SocketAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use postern_core::{Address, Clock, IdSource, TestClock, Timestamp, TraceId};
use postern_operator::{
    ask::{self, Desk, Reviewer, Who},
    watch::Cache,
};
use postern_store::{
    db::{Db, Location},
    directory::{Directory, SealKeys},
    migrations,
    trail::{self, EventRow, Key, Stage},
};
use postern_tests::temp::TempFolder;
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

/// A token is the name of its namespace.
struct ByName;

#[async_trait]
impl Reviewer for ByName {
    async fn who(&self, token: &str) -> Result<Option<Who>, kube::Error> {
        Ok((token != "forged").then(|| Who { namespace: token.to_owned() }))
    }
}

struct Asked {
    address: SocketAddr,
    traces: [TraceId; 3],
    _folder: TempFolder,
    _stop: tokio_util::sync::DropGuard,
}

/// Two tenants heard from one stranger, and one message went to both.
async fn asked() -> Asked {
    let folder = TempFolder::new();
    let clock = Arc::new(TestClock::at(Timestamp::from_secs(1_800_000_000)));
    let db = Db::open(&Location::Folder(folder.path().to_owned()), Duration::from_secs(10)).await.unwrap();
    migrations::migrate(&db).await.unwrap();
    let ids = IdSource::new(clock.clone(), 1);
    let stranger = Key::address(&Address::parse("stranger@far.example").unwrap());
    let traces = [ids.trace(), ids.trace(), ids.trace()];
    let event = |trace, tenant: &str| {
        let detail = json!({"for": format!("secret of {tenant}")});
        EventRow::new(trace, clock.now(), Stage::Received, &detail).of_tenant(tenant).with_keys([stranger])
    };
    let rows = [event(traces[0], "acme"), event(traces[1], "umbrella"), event(traces[2], "acme"), event(traces[2], "umbrella")];
    let mut tx = db.begin().await.unwrap();
    trail::insert(&mut tx, &rows, &ids).await.unwrap();
    tx.commit().await.unwrap();

    let mut chance = StdRng::seed_from_u64(1);
    let ring = SealKeys::generate(&mut chance);
    let keys = SealKeys::parse(ring.expose().as_bytes(), Box::new(chance)).unwrap();
    let directory = Directory::open(db.clone(), clock.clone(), ids.clone(), keys).await.unwrap();
    let desk = Desk { reviewer: Arc::new(ByName), db, directory, ids, clock, cache: Cache::default(), namespace: "mail-system".to_owned() };
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (socket.local_addr().unwrap(), CancellationToken::new());
    tokio::spawn(ask::serve(socket, desk, stop.clone()));
    Asked { address, traces, _folder: folder, _stop: stop.drop_guard() }
}

impl Asked {
    async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let (body, token) = (body.to_string(), token.map(|token| format!("X-Postern-Token: {token}\r\n")).unwrap_or_default());
        let head = format!("POST {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{token}Content-Length: {}\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    async fn trace(&self, token: &str, of: &str) -> Value {
        let (status, body) = self.post("/v1/trace", Some(token), &json!({"of": of, "limit": 20})).await;
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }
}

#[tokio::test]
async fn a_tenant_sees_its_own_and_the_installation_sees_all() {
    let asked = asked().await;
    let told = |answer: &Value| answer["text"].as_str().unwrap_or_default().to_owned();
    let acme = asked.trace("acme", "stranger@far.example").await;
    assert_eq!(acme["data"].as_array().unwrap().len(), 2);
    assert!(told(&acme).contains("secret of acme") && !acme.to_string().contains("umbrella"), "{acme}");
    assert!(!acme.to_string().contains(&asked.traces[1].to_string()), "not even that there is another: {acme}");
    let all = asked.trace("mail-system", "stranger@far.example").await;
    assert_eq!(all["data"].as_array().unwrap().len(), 3);
    assert!(told(&all).contains("secret of acme") && told(&all).contains("secret of umbrella"));
}

#[tokio::test]
async fn what_is_of_others_is_as_what_is_not_there() {
    let asked = asked().await;
    let (others, nothing) = (asked.traces[1].to_string(), "stranger@nowhere.example");
    let plain = |answer: Value, of: &str| answer["refused"].as_str().unwrap().replace(of, "X");
    assert_eq!(plain(asked.trace("acme", &others).await, &others), plain(asked.trace("acme", nothing).await, nothing));
    let (_, queue) = asked.post("/v1/queue", Some("acme"), &json!({"limit": 10})).await;
    assert!(queue.contains("Nothing waits"), "{queue}");
    let (_, sent) = asked.post("/v1/send-test", Some("acme"), &json!({"to": "bob@umbrella.example"})).await;
    assert!(sent.contains("is not served here for this namespace"), "{sent}");
}

#[tokio::test]
async fn without_a_token_that_counts_nothing_is_said() {
    let asked = asked().await;
    for token in [None, Some("forged")] {
        for path in ["/v1/trace", "/v1/queue", "/v1/send-test"] {
            let (status, body) = asked.post(path, token, &json!({"of": "stranger@far.example", "limit": 1, "to": "a@b.c"})).await;
            assert!(status == 401 && !body.contains("secret"), "{body}");
        }
    }
    let (status, body) = asked.post("/v1/trace", Some("acme"), &json!({"of": "x", "limit": 1, "tenant": "umbrella"})).await;
    assert!(status == 200 && body.contains("not understood"), "nobody names a tenant: {body}");
}
