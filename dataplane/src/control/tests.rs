//! The two ends together, and what a stranger on the socket may not do.

use std::{os::unix::fs::PermissionsExt, sync::Arc};

use postern_net::{Drain, Phase};
use postern_tests::temp::TempFolder;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use super::*;
use crate::table::Table;

/// Answers with the request itself.
struct Echo;

#[async_trait::async_trait]
impl Control for Echo {
    async fn handle(&self, request: Request) -> Response {
        match request {
            Request::Get { kind, .. } => Response::Table { table: Table::new([kind]) },
            other => Response::Text { text: format!("{other:?}") },
        }
    }
}

#[tokio::test]
async fn a_question_is_answered_and_the_file_goes_with_the_server() {
    let folder = TempFolder::new();
    let path = folder.path().join("control.sock");
    std::fs::write(&path, "left by a dead process").unwrap();
    let socket = ControlSocket::bind(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let drain = Drain::new();
    let serving = tokio::spawn(socket.serve(Arc::new(Echo), drain.clone()));
    let get = Request::Get { kind: "domains".to_owned(), name: None, namespace: None, output: Output::Yaml };
    assert_eq!(ask(&path, &get).await.unwrap(), Response::Table { table: Table::new(["domains"]) });
    let queue = Request::Queue { action: QueueAction::Retry { ids: vec!["7".to_owned()] } };
    assert_eq!(ask(&path, &queue).await.unwrap(), Response::Text { text: format!("{queue:?}") });

    drain.advance(Phase::Stopped);
    serving.await.unwrap();
    let unheard = ask(&path, &get).await.unwrap_err();
    assert!(unheard.to_string().contains("is `postern serve` running"), "{unheard}");
}

#[tokio::test]
async fn nonsense_and_endless_requests_are_refused() {
    let folder = TempFolder::new();
    let path = folder.path().join("control.sock");
    let drain = Drain::new();
    let serving = tokio::spawn(ControlSocket::bind(&path).unwrap().serve(Arc::new(Echo), drain.clone()));
    for request in [b"{\"verb\":\"format\"}\n".to_vec(), vec![b'x'; usize::try_from(MAX_REQUEST).unwrap()]] {
        let mut stream = UnixStream::connect(&path).await.unwrap();
        stream.write_all(&request).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(matches!(serde_json::from_str(&answer).unwrap(), Response::Refused { .. }), "{answer}");
    }
    drain.advance(Phase::Stopped);
    serving.await.unwrap();
}
