//! HTTP-01 (RFC 8555 §8.3): an issuer asks under a host's name for what only who ordered the certificate knows.
//!
//! It is answered for any host and never redirected: the token is the question, and it is not to be guessed. Nothing but
//! the operator's own answers is ever given, so a stranger's order finds nothing here.

use axum::{
    extract::{Path, State},
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};

use crate::site::Site;

/// RFC 8555 §8.3.
pub const PATH: &str = "/.well-known/acme-challenge/{token}";

/// The key authorization of a token.
pub async fn answer(State(site): State<Site>, Path(token): Path<String>) -> Response {
    match site.directory.challenge(&token).await {
        Ok(Some(answer)) => ([(CONTENT_TYPE, "application/octet-stream"), (CACHE_CONTROL, "no-store")], answer).into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, "nobody here has ordered that\n").into_response(),
        Err(error) => {
            tracing::warn!(%error, "a challenge could not be answered");
            (StatusCode::SERVICE_UNAVAILABLE, "try again later\n").into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use postern_core::{Clock, IdSource, TestClock, Timestamp};
    use postern_store::{
        db::{Db, Location},
        directory::{Challenge, Directory, SealKeys, take_lease},
        migrations,
    };
    use postern_tests::TestDatabase;
    use rand::{SeedableRng, rngs::StdRng};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::site::Ports;

    /// RFC 8555 §8.3: over HTTP, status 200, the key authorization to the letter; whatever host is asked for.
    #[tokio::test]
    async fn an_ordered_challenge_is_answered_for_any_host_and_another_is_not() {
        let TestDatabase::Folder(folder) = TestDatabase::sqlite() else { panic!("a folder was asked for") };
        let clock = Arc::new(TestClock::at(Timestamp::from_secs(1_800_000_000)));
        let db = Db::open(&Location::Folder(folder.path().to_owned()), Duration::from_secs(5)).await.unwrap();
        migrations::migrate(&db).await.unwrap();
        let keys = SealKeys::parse(&[b'a'; 64], Box::new(StdRng::seed_from_u64(1))).unwrap();
        let ids = IdSource::new(clock.clone(), 1);
        let directory = Directory::open(db.clone(), clock.clone(), ids, keys).await.unwrap();
        let (token, authorization) =
            ("LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0", "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0.9jg46WB3");
        let challenge = Challenge { token: token.into(), answer: authorization.into(), until: clock.now() + Duration::from_secs(60) };
        directory.set_challenges(&[challenge], take_lease(&db).await.unwrap()).await.unwrap();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let door = listener.local_addr().unwrap();
        let site = Site { directory, host: "mail.example".parse().unwrap(), ports: Ports::default() };
        tokio::spawn(async move { axum::serve(listener, crate::plain(site)).await });
        let ask = async |token: &str| {
            let mut stream = TcpStream::connect(door).await.unwrap();
            let asked = format!("GET /.well-known/acme-challenge/{token} HTTP/1.1\r\nHost: new.customer.test\r\nConnection: close\r\n\r\n");
            stream.write_all(asked.as_bytes()).await.unwrap();
            let mut said = String::new();
            stream.read_to_string(&mut said).await.unwrap();
            said
        };
        let said = ask(token).await;
        assert!(said.starts_with("HTTP/1.1 200 ") && said.ends_with(&format!("\r\n\r\n{authorization}")), "{said}");
        assert!(said.contains("content-type: application/octet-stream"), "{said}");
        assert!(ask("evaGxfADs6pSRb2LAv9IZf17Dt3juxGJyPCt92wrtoM").await.starts_with("HTTP/1.1 404 "));
        clock.advance(Duration::from_secs(61));
        assert!(ask(token).await.starts_with("HTTP/1.1 404 "), "an order that is over");
    }
}
