//! A client of HTTP for the few things that a mail server must ask the web: small documents, in bounded time.
//!
//! Certificates are verified, redirects are not followed, proxies of the environment are not used, and a body that is
//! larger than it may be is given up. What was asked and answered is nobody's business here: nothing is logged.

use std::{io, time::Duration};

use reqwest::{Client, RequestBuilder, StatusCode, redirect::Policy};

use crate::tls::ClientTls;

/// How long and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// From the name's look-up to the last octet.
    pub time: Duration,
    /// Octets of a body.
    pub body: usize,
}

/// Why there is no answer. It names no address that was asked, for those may hold secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// Another status than 200.
    #[error("status {0}")]
    Status(u16),
    /// More octets than are read.
    #[error("the answer is too large")]
    TooLarge,
    /// No connection, no TLS, no answer in time.
    #[error("{0}")]
    Transport(String),
}

/// Name and password of RFC 7617, sent in the header.
#[derive(Clone, Copy, Debug)]
pub struct Basic<'c> {
    /// The name.
    pub user: &'c str,
    /// The password.
    pub password: &'c str,
}

/// The client; connections are kept for the next question. Clones share them.
#[derive(Clone, Debug)]
pub struct HttpsClient {
    client: Client,
    bounds: Bounds,
}

impl HttpsClient {
    /// With the roots and the demands of `tls`.
    ///
    /// # Errors
    /// When the client cannot be made.
    pub fn new(tls: &ClientTls, bounds: Bounds) -> io::Result<Self> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls.config())
            .redirect(Policy::none())
            .no_proxy()
            .timeout(bounds.time)
            .pool_max_idle_per_host(4)
            .user_agent(concat!("Postern/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(io::Error::other)?;
        Ok(Self { client, bounds })
    }

    /// The body of a `200` to GET.
    ///
    /// # Errors
    /// [`HttpError`].
    pub async fn get(&self, url: &str) -> Result<Vec<u8>, HttpError> {
        self.ask(self.client.get(url)).await
    }

    /// The body of a `200` to POST of a form (`application/x-www-form-urlencoded`).
    ///
    /// # Errors
    /// [`HttpError`].
    pub async fn post_form(&self, url: &str, login: Basic<'_>, form: &[(&str, &str)]) -> Result<Vec<u8>, HttpError> {
        // RFC 6749 §2.3.1: both are encoded as a form's before they become a header.
        let request = self.client.post(url).basic_auth(encoded(login.user), Some(encoded(login.password)));
        let body = form.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect::<Vec<_>>().join("&");
        self.ask(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Vec<u8>, HttpError> {
        let transport = |error: reqwest::Error| HttpError::Transport(chain(&error.without_url()));
        let mut answer = request.header("accept", "application/json").send().await.map_err(transport)?;
        if answer.status() != StatusCode::OK {
            return Err(HttpError::Status(answer.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(transport)? {
            if body.len() + piece.len() > self.bounds.body {
                return Err(HttpError::TooLarge);
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }
}

/// An error with what lies behind it, which is where the reason stands.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

/// One text of a form (HTML, application/x-www-form-urlencoded), every octet that is not plain in hexadecimal.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use postern_core::SystemClock;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;
    use crate::tls::Roots;

    fn client(time: Duration) -> HttpsClient {
        let tls = ClientTls::opportunistic(Roots::none(), Arc::new(SystemClock)).unwrap();
        HttpsClient::new(&tls, Bounds { time, body: 64 }).unwrap()
    }

    /// A server that answers one request; it hands over what it was asked.
    async fn once(answer: String) -> (String, tokio::task::JoinHandle<String>) {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/x", socket.local_addr().unwrap());
        let asked = tokio::spawn(async move {
            let (mut stream, _) = socket.accept().await.unwrap();
            let mut asked = vec![0; 4096];
            let length = stream.read(&mut asked).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8_lossy(&asked[..length]).into_owned()
        });
        (url, asked)
    }

    fn ok(body: &str) -> String {
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
    }

    #[tokio::test]
    async fn small_answers_are_read_and_large_ones_given_up() {
        let patient = client(Duration::from_secs(20));
        let (url, _asked) = once(ok("hello")).await;
        assert_eq!(patient.get(&url).await, Ok(b"hello".to_vec()));
        let (url, _asked) = once(ok(&"x".repeat(65))).await;
        assert_eq!(patient.get(&url).await, Err(HttpError::TooLarge));
        let endless = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{}\r\n", "x".repeat(80));
        let (url, _asked) = once(endless).await;
        assert_eq!(patient.get(&url).await, Err(HttpError::TooLarge));
    }

    #[tokio::test]
    async fn nobody_is_followed_elsewhere() {
        let (url, _asked) = once("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".into()).await;
        assert_eq!(client(Duration::from_secs(20)).get(&url).await, Err(HttpError::Status(302)));
    }

    #[tokio::test]
    async fn a_form_hides_nothing_in_its_address() {
        let (url, asked) = once(ok("{}")).await;
        let login = Basic { user: "mail", password: "p:w" };
        client(Duration::from_secs(20)).post_form(&url, login, &[("token", "a+b/c="), ("hint", "x y")]).await.unwrap();
        let asked = asked.await.unwrap();
        assert!(asked.starts_with("POST /x HTTP/1.1\r\n"), "{asked}");
        assert!(asked.ends_with("\r\n\r\ntoken=a%2Bb%2Fc%3D&hint=x%20y"), "{asked}");
        // Of mail:p%3Aw.
        assert!(asked.contains("Basic bWFpbDpwJTNBdw=="), "{asked}");
    }

    #[tokio::test]
    async fn who_never_answers_is_not_waited_for() {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/secret", socket.local_addr().unwrap());
        let Err(HttpError::Transport(why)) = client(Duration::from_millis(50)).get(&url).await else { panic!("an answer") };
        assert!(!why.contains("secret"), "{why}");
    }
}
