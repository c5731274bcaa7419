//! One connection's bytes, in the clear or under TLS, upgradeable in mid-session.
//!
//! An upgrade consumes the stream and gives a new one, so nothing that was buffered in the clear can
//! be taken for protected data (the STARTTLS injections of RFC 3207 §6): this type buffers no plaintext.

use std::{
    borrow::Cow,
    future::poll_fn,
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use rustls::{CommonState, ProtocolVersion, server::Acceptor};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{LazyConfigAcceptor, TlsStream};

use crate::{
    deflate::{self, Deflate},
    scratch::Filled,
    tls::{ClientTls, PeerCertificate, ServerTls},
};

/// A protocol version that Postern speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVersion {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

impl TlsVersion {
    /// As it stands in `Received` and in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tls12 => "TLSv1.2",
            Self::Tls13 => "TLSv1.3",
        }
    }
}

/// What was agreed on in a handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsInfo {
    /// The version.
    pub version: TlsVersion,
    /// The cipher suite under its IANA name.
    pub cipher: &'static str,
    /// The host name that the client asked for; on client streams the one we asked for.
    pub server_name: Option<Box<str>>,
    /// `tls-exporter` channel binding (RFC 9266). TLS 1.3 only: under TLS 1.2 it would need proof of
    /// an extended master secret (RFC 9266 §2), which rustls does not report.
    pub exporter: Option<[u8; 32]>,
}

/// A TCP connection, plain or under TLS; what a session reads and writes on it may be compressed.
#[derive(Debug)]
pub struct Stream {
    io: Io,
    peer: SocketAddr,
    local: SocketAddr,
    tls: Option<Box<TlsInfo>>,
    deflate: Option<Box<Deflate>>,
}

#[derive(Debug)]
enum Io {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Takes a connected socket; turns Nagle's algorithm off.
    ///
    /// # Errors
    /// When the socket is already gone.
    pub fn plain(tcp: TcpStream) -> io::Result<Self> {
        tcp.set_nodelay(true)?;
        // On a dual-stack socket an IPv4 client looks like ::ffff:192.0.2.1.
        let canonical = |a: SocketAddr| SocketAddr::new(a.ip().to_canonical(), a.port());
        let (peer, local) = (canonical(tcp.peer_addr()?), canonical(tcp.local_addr()?));
        Ok(Self { io: Io::Plain(tcp), peer, local, tls: None, deflate: None })
    }

    /// The other end: the client as its proxy names it, where a PROXY header was demanded.
    #[must_use]
    pub const fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Our end, likewise.
    #[must_use]
    pub const fn local(&self) -> SocketAddr {
        self.local
    }

    /// What the handshake agreed on; `None` in the clear.
    #[must_use]
    pub fn tls(&self) -> Option<&TlsInfo> {
        self.tls.as_deref()
    }

    /// Sets both ends to what a trusted proxy says.
    pub(crate) const fn proxied(&mut self, peer: SocketAddr, local: SocketAddr) {
        (self.peer, self.local) = (peer, local);
    }

    /// Does the server's side of a handshake. Bound it in time.
    ///
    /// # Errors
    /// When the stream is under TLS already, or the handshake fails; the connection is then lost.
    pub async fn accept_tls(self, tls: &ServerTls) -> io::Result<Self> {
        let (peer, local) = (self.peer, self.local);
        // The host is known before the certificate is chosen, so that it can be looked up (RFC 6066 §3).
        let start = LazyConfigAcceptor::new(Acceptor::default(), self.into_tcp()?).await?;
        let config = tls.config_for(start.client_hello().server_name()).await;
        let stream = start.into_stream(config).await?;
        let (_, session) = stream.get_ref();
        let exporter = session.export_keying_material([0; 32], EXPORTER, None).ok();
        let info = describe(session, session.server_name().map(Into::into), exporter)?;
        Ok(Self { io: Io::Tls(Box::new(TlsStream::Server(stream))), peer, local, tls: Some(Box::new(info)), deflate: None })
    }

    /// Does the client's side of a handshake and says what the server's certificate is worth. Bound it in time.
    ///
    /// # Errors
    /// When the stream is under TLS already, the name is no host name, the handshake fails, or `tls`
    /// demands a valid certificate and there is none.
    pub async fn connect_tls(self, tls: &ClientTls, host: &str) -> io::Result<(Self, PeerCertificate)> {
        let (peer, local) = (self.peer, self.local);
        let name = tls.server_name(host)?;
        let stream = tls.connector().connect(name.clone(), self.into_tcp()?).await?;
        let (_, session) = stream.get_ref();
        let certificate = tls.judge(session.peer_certificates().unwrap_or_default(), &name);
        let exporter = session.export_keying_material([0; 32], EXPORTER, None).ok();
        let info = describe(session, Some(host.into()), exporter)?;
        let stream = Self { io: Io::Tls(Box::new(TlsStream::Client(stream))), peer, local, tls: Some(Box::new(info)), deflate: None };
        Ok((stream, certificate))
    }

    /// From here on both directions are compressed (RFC 4978 §3). It cannot be undone, and TLS cannot be put on any more.
    pub(crate) fn start_deflate(&mut self) {
        self.deflate.get_or_insert_with(|| Box::new(Deflate::new()));
    }

    /// A session's output as it goes into the connection.
    pub(crate) fn packed<'b>(&self, output: &'b [u8]) -> io::Result<Cow<'b, [u8]>> {
        if self.deflate.is_some() { deflate::pack(output).map(Cow::Owned) } else { Ok(Cow::Borrowed(output)) }
    }

    fn into_tcp(self) -> io::Result<TcpStream> {
        match self.io {
            Io::Plain(_) if self.deflate.is_some() => Err(io::Error::new(io::ErrorKind::InvalidInput, "compressed already")),
            Io::Plain(tcp) => Ok(tcp),
            Io::Tls(_) => Err(io::Error::new(io::ErrorKind::InvalidInput, "TLS is active already")),
        }
    }

    /// Reads once into a buffer of the thread; empty at the end of the stream. Cancel safe.
    pub(crate) async fn read_some(&mut self) -> io::Result<Filled> {
        poll_fn(|cx| self.poll_read_some(cx)).await
    }

    fn poll_read_some(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Filled>> {
        loop {
            let Some(deflate) = &mut self.deflate else { return self.poll_read_raw(cx) };
            let plain = Filled::take().fill(|space| deflate.inflate(space))?;
            if !plain.is_empty() {
                return Poll::Ready(Ok(plain));
            }
            let raw = ready!(self.poll_read_raw(cx))?;
            match &mut self.deflate {
                Some(deflate) if !raw.is_empty() => deflate.feed(raw),
                _ => return Poll::Ready(Ok(raw)),
            }
        }
    }

    fn poll_read_raw(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Filled>> {
        Filled::take()
            .fill(|space| {
                let mut space = ReadBuf::new(space);
                match Pin::new(&mut *self).poll_read(cx, &mut space) {
                    Poll::Ready(Ok(())) => Ok(space.filled().len()),
                    Poll::Ready(Err(e)) => Err(Some(e)),
                    Poll::Pending => Err(None),
                }
            })
            .map_or_else(|failed| failed.map_or(Poll::Pending, |e| Poll::Ready(Err(e))), |filled| Poll::Ready(Ok(filled)))
    }
}

/// RFC 9266 §4.2.
const EXPORTER: &[u8] = b"EXPORTER-Channel-Binding";

fn describe(session: &CommonState, server_name: Option<Box<str>>, exporter: Option<[u8; 32]>) -> io::Result<TlsInfo> {
    let unfinished = || io::Error::other("the handshake agreed on nothing");
    let version = match session.protocol_version().ok_or_else(unfinished)? {
        ProtocolVersion::TLSv1_3 => TlsVersion::Tls13,
        _ => TlsVersion::Tls12,
    };
    let suite = session.negotiated_cipher_suite().ok_or_else(unfinished)?;
    let cipher = suite.suite().as_str().unwrap_or("unknown");
    Ok(TlsInfo { version, cipher, server_name, exporter: exporter.filter(|_| version == TlsVersion::Tls13) })
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            // Most clients hang up without close_notify. Every protocol here marks the end of what counts by
            // itself, so a cut is an end and not an attack.
            Io::Tls(tls) => match ready!(Pin::new(tls).poll_read(cx, buf)) {
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Poll::Ready(Ok(())),
                done => Poll::Ready(done),
            },
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.io {
            Io::Plain(tcp) => Pin::new(tcp).poll_write(cx, buf),
            Io::Tls(tls) => Pin::new(tls).poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Io::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Io::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
