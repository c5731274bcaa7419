//! HTTP/1.1 over connections of our own listeners, so that limits, PROXY headers, TLS by host name and the drain are those of every
//! other protocol.

use std::{sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use postern_net::{Conn, Live, Stream, Streams};

use crate::{plain, secure, site::Site};

/// Time for a request's head, and between two requests of a connection.
const HEAD: Duration = Duration::from_secs(20);
/// Octets of a request's head at most; hyper answers 431 beyond.
const HEAD_OCTETS: usize = 16 << 10;
/// How long any connection may last: what is served here is small.
const LIFE: Duration = Duration::from_mins(10);
/// Over how long the ends of connections are spread in a drain.
const SPREAD: Duration = Duration::from_secs(2);

/// The pages, for both listeners: which of them are shown follows from the connection.
#[derive(Clone, Debug)]
pub struct Http {
    plain: Router,
    secure: Router,
}

impl Http {
    /// All pages of a site.
    #[must_use]
    pub fn new(site: &Site) -> Self {
        Self { plain: plain(site.clone()), secure: secure(site.clone()) }
    }
}

impl Streams for Http {
    async fn serve(self: Arc<Self>, stream: Stream, conn: Conn, mut live: Live) {
        let router = if conn.tls.is_some() { self.secure.clone() } else { self.plain.clone() };
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(HEAD_OCTETS);
        let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
        tokio::pin!(connection);
        let end = tokio::time::sleep(LIFE);
        let served = tokio::select! {
            served = &mut connection => served,
            () = end => return,
            () = live.finishing(SPREAD) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = served {
            tracing::debug!(listener = &*conn.listener, peer = %conn.peer, %error, "connection lost");
        }
    }
}
