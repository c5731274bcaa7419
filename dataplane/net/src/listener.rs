//! Listening: accept, count, learn who the client is, put TLS on where it comes first, then drive the session.
//!
//! A listener outlives everything that a client or the system does to it: errors of `accept` are logged
//! and waited out, a session that panics takes only its own connection with it.

use std::{
    fmt,
    future::Future,
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use postern_core::Network;
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpSocket, TcpStream},
    task::{JoinError, JoinSet},
    time::{sleep, timeout},
};

use crate::{
    drain::{Drain, Live, Phase},
    drive::{Driving, End, Session, drive},
    gate::{Gate, Refusal, Ticket},
    proxy_protocol::{self, Header, Step},
    stream::{Stream, TlsInfo},
};

/// Connections that the kernel holds until we take them.
const BACKLOG: u32 = 4096;
/// Time for a proxy to send its header.
const PROXY_TIMEOUT: Duration = Duration::from_secs(5);

/// What a session learns about its connection.
#[derive(Clone, Debug)]
pub struct Conn {
    /// Name of the listener: `mx`, `submission`, `imaps`, …
    pub listener: Arc<str>,
    /// The client; behind a listed proxy, the one that it names.
    pub peer: SocketAddr,
    /// The address that the client connected to.
    pub local: SocketAddr,
    /// The proxy, if one stands between. When it names no client (a health check), `peer` is the proxy itself
    /// and must not be trusted as a client.
    pub proxy: Option<IpAddr>,
    /// Implicit TLS; STARTTLS comes by [`Session::tls_started`].
    pub tls: Option<TlsInfo>,
    /// Number of the connection, unique in this process.
    pub serial: u64,
}

impl Conn {
    /// Whether the client runs on this machine, so that what it sends crosses no network. Behind a proxy nobody does,
    /// whatever the header names: between the proxy and us lies a way that is not known.
    #[must_use]
    pub const fn is_this_machine(&self) -> bool {
        self.proxy.is_none() && self.peer.ip().is_loopback()
    }
}

/// Makes sessions: one value per listener.
pub trait Service: Send + Sync + 'static {
    /// The sessions.
    type Session: Session;

    /// A session for a connection that has passed the gate.
    fn session(&self, conn: Conn) -> Self::Session;

    /// What a client reads that is not let in, on listeners without implicit TLS.
    fn refusal(&self, refusal: Refusal) -> &[u8] {
        let _ = refusal;
        b""
    }
}

/// Takes connections as they are: for a protocol whose machine is a library's, as HTTP's is. A [`Service`] is driven instead.
pub trait Streams: Send + Sync + 'static {
    /// Serves a connection that has passed the gate, to its end. Whoever holds `live` for longer than [`Live::finishing`] is cut.
    fn serve(self: Arc<Self>, stream: Stream, conn: Conn, live: Live) -> impl Future<Output = ()> + Send;

    /// What a client reads that is not let in, on listeners without implicit TLS.
    fn refusal(&self, refusal: Refusal) -> &[u8] {
        let _ = refusal;
        b""
    }
}

/// Who counts the connections of a listener. It is called on the way: it must not wait, nor allocate.
pub trait Observer: Send + Sync + fmt::Debug {
    /// A connection has passed the gate; [`Observer::closed`] follows, once.
    fn opened(&self) {}

    /// A connection is over.
    fn closed(&self) {}

    /// A connection was not let in.
    fn refused(&self, refusal: Refusal) {
        let _ = refusal;
    }

    /// A connection ended before its session: no PROXY header, no TLS handshake.
    fn lost(&self) {}
}

/// Nobody counts.
impl Observer for () {}

/// How a listener treats its connections.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its name.
    pub name: Arc<str>,
    /// Whether the handshake comes before the greeting; needs [`Driving::tls`].
    pub implicit_tls: bool,
    /// The peers that must send a PROXY header; nobody else may.
    pub proxies: Arc<[Network]>,
    /// Who is let in.
    pub gate: Arc<Gate>,
    /// For the driver.
    pub driving: Driving,
}

/// Binds and listens. `[::]` stands for every address of either family, also on a machine that has no IPv6.
///
/// # Errors
/// When the address is taken or not ours.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let anywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port()));
    match bound(address) {
        Err(error) if address.ip() == Ipv6Addr::UNSPECIFIED && error.kind() != io::ErrorKind::AddrInUse => bound(anywhere).or(Err(error)),
        other => other,
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A bound socket.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    settings: Arc<Settings>,
    observer: Arc<dyn Observer>,
}

impl Listener {
    /// Binds an address; port 0 takes any.
    ///
    /// # Errors
    /// When the address is taken or not ours, or implicit TLS is asked for and there is none.
    pub fn bind(address: SocketAddr, settings: Settings) -> io::Result<Self> {
        if settings.implicit_tls && settings.driving.tls.is_none() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a listener with implicit TLS needs a certificate"));
        }
        Ok(Self { socket: listen(address)?, settings: Arc::new(settings), observer: Arc::new(()) })
    }

    /// The same, with somebody who counts its connections.
    #[must_use]
    pub fn observed_by(self, observer: Arc<dyn Observer>) -> Self {
        Self { observer, ..self }
    }

    /// The address in use.
    ///
    /// # Errors
    /// When the socket is gone.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Accepts until the drain reaches [`Phase::Finishing`], then waits for its sessions; what is left at
    /// [`Phase::Stopped`] is aborted. Dropping the future aborts all sessions at once.
    pub async fn serve<V: Service>(self, service: Arc<V>, drain: Drain) {
        let settings = self.settings.clone();
        self.serve_streams(Arc::new(Driven { service, settings }), drain).await;
    }

    /// The same for connections that nobody drives.
    pub async fn serve_streams<V: Streams>(self, service: Arc<V>, drain: Drain) {
        let Self { socket, settings, observer } = self;
        let mut sessions = JoinSet::new();
        let finishing = drain.reached(Phase::Finishing);
        tokio::pin!(finishing);
        let mut pause = Duration::ZERO;
        loop {
            tokio::select! {
                () = &mut finishing => break,
                Some(ended) = sessions.join_next() => reap(&settings, ended),
                accepted = socket.accept() => match accepted {
                    Ok((tcp, _)) => {
                        pause = Duration::ZERO;
                        match settings.gate.enter() {
                            Ok(ticket) => {
                                let connection = Connection { tcp, ticket, live: drain.enter(), counted: Counted::new(&observer) };
                                sessions.spawn(connection.serve(service.clone(), settings.clone()));
                            }
                            Err(refusal) => {
                                observer.refused(refusal);
                                refuse(tcp, &*service, &settings, refusal);
                            }
                        }
                    }
                    Err(error) => {
                        pause = back_off(&error, pause);
                        tracing::warn!(listener = &*settings.name, %error, pause_ms = pause.as_millis(), "cannot accept");
                        sleep(pause).await;
                    }
                },
            }
        }
        drop(socket);
        let stopped = drain.reached(Phase::Stopped);
        tokio::pin!(stopped);
        loop {
            tokio::select! {
                () = &mut stopped => break,
                ended = sessions.join_next() => match ended {
                    Some(ended) => reap(&settings, ended),
                    None => return,
                },
            }
        }
        sessions.shutdown().await;
    }
}

/// A client that went away before it was accepted costs no pause; being out of descriptors or memory does, growing to 1 s.
fn back_off(error: &io::Error, before: Duration) -> Duration {
    match error.kind() {
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted => Duration::ZERO,
        _ => (before * 2).clamp(Duration::from_millis(20), Duration::from_secs(1)),
    }
}

fn reap(settings: &Settings, ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(listener = &*settings.name, %error, "a session panicked");
    }
}

/// Says why in one write that never waits: the buffer of a new socket is empty.
fn refuse<V: Streams>(tcp: TcpStream, service: &V, settings: &Settings, refusal: Refusal) {
    tracing::debug!(listener = &*settings.name, ?refusal, "connection refused");
    if settings.implicit_tls {
        return;
    }
    if let Ok(mut tcp) = tcp.into_std() {
        let _ = tcp.write(service.refusal(refusal));
    }
}

/// A connection that was counted in.
struct Connection {
    tcp: TcpStream,
    ticket: Ticket,
    live: Live,
    counted: Counted,
}

/// Tells the observer of the beginning, and of the end whatever that is.
struct Counted(Arc<dyn Observer>);

impl Counted {
    fn new(observer: &Arc<dyn Observer>) -> Self {
        observer.opened();
        Self(observer.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.closed();
    }
}

impl Connection {
    async fn serve<V: Streams>(self, service: Arc<V>, settings: Arc<Settings>) {
        let Self { tcp, mut ticket, live, counted } = self;
        // What happens once is boxed, so that it does not lie in the connection for its whole life.
        let (stream, conn) = match Box::pin(prepare(tcp, &mut ticket, &live, &settings)).await {
            Ok(Ok(ready)) => ready,
            Ok(Err((tcp, refusal))) => {
                counted.0.refused(refusal);
                return refuse(tcp, &*service, &settings, refusal);
            }
            Err(error) => {
                counted.0.lost();
                tracing::debug!(listener = &*settings.name, %error, "connection lost before its session");
                return;
            }
        };
        drop(settings);
        service.serve(stream, conn, live).await;
        drop(counted);
    }
}

/// The sessions of a service, each in the loop.
struct Driven<V> {
    service: Arc<V>,
    settings: Arc<Settings>,
}

impl<V: Service> Streams for Driven<V> {
    async fn serve(self: Arc<Self>, stream: Stream, conn: Conn, live: Live) {
        let (peer, serial) = (conn.peer, conn.serial);
        let session = self.service.session(conn);
        let report = drive(stream, session, live, &self.settings.driving).await;
        let listener = &*self.settings.name;
        match report.end {
            End::ForgedProxyHeader => tracing::warn!(listener, %peer, "PROXY header from a peer that is not listed"),
            end => tracing::debug!(listener, %peer, serial, ?end, received = report.received, sent = report.sent, "connection closed"),
        }
    }

    fn refusal(&self, refusal: Refusal) -> &[u8] {
        self.service.refusal(refusal)
    }
}

/// What is left of a connection that is not let in.
type Refused = (TcpStream, Refusal);

/// PROXY header, the client's own limit, implicit TLS.
async fn prepare(mut tcp: TcpStream, ticket: &mut Ticket, live: &Live, settings: &Settings) -> io::Result<Result<(Stream, Conn), Refused>> {
    let real = tcp.peer_addr()?.ip().to_canonical();
    let proxy = settings.proxies.iter().any(|n| n.contains(real)).then_some(real);
    let header = match proxy {
        Some(_) => timeout(PROXY_TIMEOUT, proxy_header(&mut tcp)).await??,
        None => Header::Local,
    };
    let client = match header {
        Header::Proxied { source, .. } => source.ip().to_canonical(),
        Header::Local => real,
    };
    if let Err(refusal) = ticket.name(client) {
        return Ok(Err((tcp, refusal)));
    }
    let mut stream = Stream::plain(tcp)?;
    if let Header::Proxied { source, destination } = header {
        stream.proxied(source, destination);
    }
    if let Some(tls) = settings.driving.tls.as_ref().filter(|_| settings.implicit_tls) {
        stream = timeout(settings.driving.handshake_timeout, stream.accept_tls(tls)).await??;
    }
    let conn = Conn {
        listener: settings.name.clone(),
        peer: stream.peer(),
        local: stream.local(),
        proxy,
        tls: stream.tls().cloned(),
        serial: live.serial(),
    };
    Ok(Ok((stream, conn)))
}

/// Reads exactly the header, so that the session finds its own first byte.
async fn proxy_header(tcp: &mut TcpStream) -> io::Result<Header> {
    let mut bytes = Vec::with_capacity(128);
    loop {
        match proxy_protocol::parse(&bytes).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))? {
            Step::Done(header, _) => return Ok(header),
            Step::More(n) => {
                let had = bytes.len();
                bytes.resize(had + n, 0);
                tcp.read_exact(bytes.get_mut(had..).unwrap_or_default()).await?;
            }
        }
    }
}
