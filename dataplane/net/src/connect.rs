//! Connecting out, from a chosen source address.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::stream::Stream;

/// As [`tcp`], as a stream that may go on to TLS. Which addresses in which order is the caller's (RFC 5321 §5.1): it also knows which
/// source belongs to which.
///
/// # Errors
/// As [`tcp`].
pub async fn connect(to: SocketAddr, from: Option<IpAddr>, within: Duration) -> io::Result<Stream> {
    Stream::plain(tcp(to, from, within).await?)
}

/// Connects to one address.
///
/// # Errors
/// `TimedOut` when nobody answered in time, `InvalidInput` when source and destination are of different families,
/// `AddrNotAvailable` when the source is not this machine's, else what the system says.
pub async fn tcp(to: SocketAddr, from: Option<IpAddr>, within: Duration) -> io::Result<TcpStream> {
    let socket = if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    if let Some(source) = from {
        if source.is_ipv4() != to.is_ipv4() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{source} cannot connect to {to}")));
        }
        let told = |error: io::Error| io::Error::new(error.kind(), format!("{source} cannot be left from: {error}"));
        socket.bind(SocketAddr::new(source, 0)).map_err(told)?;
    }
    let late = || io::Error::new(io::ErrorKind::TimedOut, format!("no answer from {to} within {} s", within.as_secs()));
    timeout(within, socket.connect(to)).await.map_err(|_| late())?
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn leaves_from_the_source_address() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = server.local_addr().unwrap();
        let stream = connect(to, Some("127.0.0.2".parse().unwrap()), Duration::from_secs(5)).await.unwrap();
        let (_, peer) = server.accept().await.unwrap();
        assert_eq!((stream.peer(), peer.ip().to_string()), (to, "127.0.0.2".to_owned()));
        let mixed = connect(to, Some("::1".parse().unwrap()), Duration::from_secs(5)).await;
        assert_eq!(mixed.unwrap_err().kind(), io::ErrorKind::InvalidInput);
        let foreign = connect(to, Some("192.0.2.10".parse().unwrap()), Duration::from_secs(5)).await.unwrap_err();
        assert_eq!(foreign.kind(), io::ErrorKind::AddrNotAvailable);
        assert!(foreign.to_string().starts_with("192.0.2.10 cannot be left from"), "{foreign}");
    }
}
