//! A name server that knows no name, and counts what it is asked.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::net::UdpSocket;

/// It answers until the test's runtime ends.
#[derive(Clone)]
pub struct NameServer {
    pub address: SocketAddr,
    asked: Arc<AtomicUsize>,
}

impl NameServer {
    pub async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let server = Self { address: socket.local_addr().unwrap(), asked: Arc::default() };
        let asked = server.asked.clone();
        tokio::spawn(async move {
            let mut query = [0; 1_500];
            while let Ok((length, from)) = socket.recv_from(&mut query).await {
                asked.fetch_add(1, Ordering::Relaxed);
                // RFC 1035 §4.1.1: a response, authoritative; NXDOMAIN.
                (query[2], query[3]) = (query[2] | 0x84, 3);
                socket.send_to(&query[..length], from).await.unwrap();
            }
        });
        server
    }

    /// Questions so far.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}
