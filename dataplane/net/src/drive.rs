//! The one loop that joins a protocol session to a stream. Every server of Postern runs in it.
//!
//! ```text
//!          open()                     greeting
//!            │  Next                      ▲
//!            ▼                            │ output() is written whole, then cleared
//!   ┌─► what next? ── Flush ─► write ─► run()
//!   │        ├─────── Read ──► write ─► wait for one of ─┬─ bytes ──► input(bytes), run()
//!   │        │                                           ├─ wake() ─► run()
//!   │        │                                           ├─ drain ──► on_drain()
//!   │        │                                           ├─ time or bytes used up ─► on_limit(), write, close
//!   │        │                                           └─ the client has gone ───► close
//!   │        ├─────── StartTls ► write ─► handshake ─► tls_started(), then as Read
//!   │        └─────── Close ──► write ─► close
//!   └────────────────────────────┘          └─► closed(report), always the last call
//! ```
//!
//! # How to write a session
//!
//! - **`input` only appends** to the protocol machine; it must not block or do work.
//! - **`run` works until nothing more can be done** with what has been received: all pipelined commands in one
//!   call, so that their replies leave in one write. It returns [`Next::Read`] when it needs more. It may await the
//!   store as long as it likes; nothing is read meanwhile, so the client feels the back-pressure.
//! - **Long answers**: when `output` exceeds some 256 KiB, return [`Next::Flush`]; `run` is called again as soon as
//!   the client has taken it. A client that stops reading is cut after [`Driving::write_timeout`].
//! - **Time and bytes**: [`Session::wait`] is asked before each wait. Its `timeout` and `bytes` count from the
//!   moment its `step` last changed, not from the last byte. Raise `step` with every complete command, and with
//!   every so many KiB of a long literal or message: then a client that drips single bytes gets no more time than one
//!   that is silent, and a machine never holds more than `bytes` of an unfinished command.
//! - **Push**: [`Session::wake`] is polled while waiting for input. It is dropped and made again at each turn, so it
//!   must be cancel safe and keep its place in `self` (await `changed()` of a watch channel, for example). It must not
//!   complete again for news that it has completed for, or the loop spins.
//! - **Drain**: [`Session::on_drain`] is called once, between two calls of `run`. With nothing in hand, write
//!   the farewell (`421`, `BYE`) and return [`Next::Close`]; else remember it, return [`Next::Read`] and close
//!   after the transaction.
//! - **STARTTLS**: write the go-ahead, return [`Next::StartTls`]. In [`Session::tls_started`] forget all input that
//!   is still buffered and all that the client said before (RFC 3207 §4.2, RFC 9051 §6.2.1).
//! - **Memory**: what a session holds while it waits is what an idle connection costs. The futures of `open`, `run`
//!   and `closed` live on the heap only while they run; that of `wake` lies in the connection, and so does the session itself, more
//!   than once while it moves in: keep both small and box what is rarely used. Give back large buffers before
//!   returning [`Next::Read`]; the driver does so with `output`. Loop, listener and gate add about 3 KiB.

use std::{future::Future, io, pin::Pin, time::Duration};

use tokio::{
    io::AsyncWriteExt,
    time::{Instant, Sleep, sleep_until, timeout},
};

use crate::{
    drain::Live,
    proxy_protocol,
    scratch::Filled,
    stream::{Stream, TlsInfo},
    tls::ServerTls,
};

/// What a session wants done next. What it has written is sent first in every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Wait for input, a wake-up or the end.
    Read,
    /// Call [`Session::run`] again once the output is with the client.
    Flush,
    /// Do the server's side of a TLS handshake.
    StartTls,
    /// Close the connection.
    Close,
}

/// How long a session waits, and for how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Changes whenever the client has achieved something; what follows counts from there.
    pub step: u64,
    /// Time for the client to achieve the next thing.
    pub timeout: Duration,
    /// Bytes that it may take.
    pub bytes: u64,
}

/// What a client has used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// [`Wait::timeout`].
    Time,
    /// [`Wait::bytes`].
    Bytes,
}

/// A server's side of one connection: bytes in, bytes out. The module says how to write one.
pub trait Session: Send + 'static {
    /// The connection stands (and is under TLS, where the listener says so): write the greeting.
    fn open(&mut self) -> impl Future<Output = Next> + Send;

    /// Takes what the client sent; never empty.
    fn input(&mut self, bytes: &[u8]);

    /// Does all that can be done with what has been received.
    fn run(&mut self) -> impl Future<Output = Next> + Send;

    /// What is to be sent. The driver empties it.
    fn output(&mut self) -> &mut Vec<u8>;

    /// The limits of the state that the session is in.
    fn wait(&self) -> Wait;

    /// Completes when there is something to tell without being asked; [`Session::run`] is called then.
    fn wake(&mut self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }

    /// TLS is on: forget all input and all state of before.
    fn tls_started(&mut self, tls: &TlsInfo) {
        let _ = tls;
    }

    /// A limit was exceeded: write the farewell. The connection is closed after it.
    fn on_limit(&mut self, limit: Limit);

    /// The process ends: close now, or soon. Called once.
    fn on_drain(&mut self) -> Next;

    /// The connection is over: release what is held, record what is to be recorded.
    fn closed(&mut self, report: &Report) -> impl Future<Output = ()> + Send {
        let _ = report;
        std::future::ready(())
    }
}

/// How a connection ended.
#[derive(Debug)]
pub enum End {
    /// The session asked for it.
    Session,
    /// The client hung up.
    Client,
    /// A limit was exceeded.
    Limit(Limit),
    /// The client did not take our bytes in time.
    SlowReader,
    /// The handshake failed.
    Tls(io::Error),
    /// A PROXY header from a peer that is not listed.
    ForgedProxyHeader,
    /// The socket failed.
    Io(io::Error),
}

/// What is known when a connection is over.
#[derive(Debug)]
pub struct Report {
    /// How it ended.
    pub end: End,
    /// Bytes received, after decryption.
    pub received: u64,
    /// Bytes sent, before encryption.
    pub sent: u64,
}

/// What is the same for all connections of a listener.
#[derive(Clone, Debug)]
pub struct Driving {
    /// For STARTTLS; without it [`Next::StartTls`] closes the connection.
    pub tls: Option<ServerTls>,
    /// Time for a handshake.
    pub handshake_timeout: Duration,
    /// Time for a client to take the next piece of an answer.
    pub write_timeout: Duration,
    /// Time over which [`Session::on_drain`] is spread among the connections.
    pub drain_spread: Duration,
}

impl Default for Driving {
    /// No TLS, 30 s for a handshake, 60 s for a write, everybody told at once.
    fn default() -> Self {
        let (handshake_timeout, write_timeout) = (Duration::from_secs(30), Duration::from_secs(60));
        Self { tls: None, handshake_timeout, write_timeout, drain_spread: Duration::ZERO }
    }
}

/// Runs a session on a stream until one of them ends.
pub async fn drive<S: Session>(stream: Stream, mut session: S, live: Live, settings: &Driving) -> Report {
    let mut link = Link { stream: Some(stream), received: 0, sent: 0, settings };
    let end = converse(&mut link, &mut session, live).await.unwrap_or_else(|end| end);
    let report = Report { end, received: link.received, sent: link.sent };
    Box::pin(session.closed(&report)).await;
    drop(session);
    if let Some(stream) = link.stream {
        Box::pin(leave(stream, &report.end)).await;
    }
    report
}

/// Above this, the session's output buffer is freed when the connection goes idle.
const KEEP_OUTPUT: usize = 1024;

/// Ok and Err are both the end; `?` is for the ends that come from below.
async fn converse<S: Session>(link: &mut Link<'_>, session: &mut S, mut live: Live) -> Result<End, End> {
    let mut next = Box::pin(session.open()).await;
    let mut patience = Patience::new(session.wait());
    let mut told = false;
    loop {
        link.write(session.output()).await?;
        next = match next {
            Next::Flush => Box::pin(session.run()).await,
            Next::Close => return Ok(End::Session),
            Next::StartTls => {
                let tls = Box::pin(link.start_tls()).await?;
                session.tls_started(&tls);
                Next::Read
            }
            Next::Read => {
                if session.output().capacity() > KEEP_OUTPUT {
                    *session.output() = Vec::new();
                }
                patience.observe(session.wait());
                match link.event(session, &mut live, &mut patience, told).await? {
                    Event::Bytes(bytes) if bytes.is_empty() => return Ok(End::Client),
                    Event::Bytes(bytes) => {
                        if link.is_forged_header(&bytes) {
                            return Ok(End::ForgedProxyHeader);
                        }
                        link.received += bytes.len() as u64;
                        let within = patience.spend(bytes.len() as u64);
                        session.input(&bytes);
                        drop(bytes);
                        let next = Box::pin(session.run()).await;
                        // Many commands in one read are many steps; only one that is still unfinished counts.
                        if !within && next == Next::Read && patience.is_same(session.wait()) {
                            return link.over(session, Limit::Bytes).await;
                        }
                        next
                    }
                    Event::Wake => Box::pin(session.run()).await,
                    Event::Drain => {
                        told = true;
                        session.on_drain()
                    }
                    Event::Timeout => return link.over(session, Limit::Time).await,
                }
            }
        };
    }
}

enum Event {
    Bytes(Filled),
    Wake,
    Drain,
    Timeout,
}

/// The stream's side of the conversation.
struct Link<'a> {
    /// `None` after a failed handshake.
    stream: Option<Stream>,
    received: u64,
    sent: u64,
    settings: &'a Driving,
}

impl Link<'_> {
    fn stream(&mut self) -> Result<&mut Stream, End> {
        self.stream.as_mut().ok_or(End::Client)
    }

    /// Sends all that is pending; each piece must be taken within the write timeout.
    async fn write(&mut self, output: &mut Vec<u8>) -> Result<(), End> {
        if output.is_empty() {
            return Ok(());
        }
        let limit = self.settings.write_timeout;
        let stream = self.stream()?;
        let mut rest = output.as_slice();
        while !rest.is_empty() {
            match timeout(limit, stream.write(rest)).await {
                Err(_) => return Err(End::SlowReader),
                Ok(Err(e)) => return Err(End::Io(e)),
                Ok(Ok(0)) => return Err(End::Client),
                Ok(Ok(n)) => rest = rest.get(n..).unwrap_or_default(),
            }
        }
        timeout(limit, stream.flush()).await.map_err(|_| End::SlowReader)?.map_err(End::Io)?;
        self.sent += output.len() as u64;
        output.clear();
        Ok(())
    }

    async fn start_tls(&mut self) -> Result<TlsInfo, End> {
        let (Some(tls), Some(stream)) = (&self.settings.tls, self.stream.take()) else {
            return Err(End::Tls(io::Error::new(io::ErrorKind::Unsupported, "no TLS is configured")));
        };
        let stream = timeout(self.settings.handshake_timeout, stream.accept_tls(tls))
            .await
            .map_err(|_| End::Tls(io::ErrorKind::TimedOut.into()))?
            .map_err(End::Tls)?;
        let info = stream.tls().cloned().ok_or_else(|| End::Tls(io::ErrorKind::NotConnected.into()))?;
        self.stream = Some(stream);
        Ok(info)
    }

    /// Waits for whatever comes first. Input goes first: only a connection that is silent waits for the rest.
    async fn event<S: Session>(&mut self, session: &mut S, live: &mut Live, patience: &mut Patience, told: bool) -> Result<Event, End> {
        let spread = self.settings.drain_spread;
        let stream = self.stream.as_mut().ok_or(End::Client)?;
        tokio::select! {
            biased;
            bytes = stream.read_some() => bytes.map(Event::Bytes).map_err(End::Io),
            () = session.wake() => Ok(Event::Wake),
            () = live.finishing(spread), if !told => Ok(Event::Drain),
            () = patience.exhausted() => Ok(Event::Timeout),
        }
    }

    /// Only the first bytes can be a header, and under TLS there is none.
    fn is_forged_header(&self, bytes: &[u8]) -> bool {
        self.received == 0 && self.stream.as_ref().is_some_and(|s| s.tls().is_none()) && proxy_protocol::looks_like(bytes)
    }

    async fn over<S: Session>(&mut self, session: &mut S, limit: Limit) -> Result<End, End> {
        session.on_limit(limit);
        self.write(session.output()).await?;
        Ok(End::Limit(limit))
    }
}

/// Time and bytes left in the present step. The timer is only armed by a connection that goes idle, and only moved
/// when it fires too early: a busy connection never touches the timer wheel.
struct Patience {
    wait: Wait,
    deadline: Instant,
    spent: u64,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    fn new(wait: Wait) -> Self {
        Self { deadline: Instant::now() + wait.timeout, wait, spent: 0, timer: None }
    }

    fn is_same(&self, wait: Wait) -> bool {
        self.wait == wait
    }

    /// Begins anew when the session has moved on.
    fn observe(&mut self, wait: Wait) {
        if !self.is_same(wait) {
            (self.wait, self.deadline, self.spent) = (wait, Instant::now() + wait.timeout, 0);
        }
    }

    /// Whether the budget covers these bytes too.
    fn spend(&mut self, bytes: u64) -> bool {
        self.spent = self.spent.saturating_add(bytes);
        self.spent <= self.wait.bytes
    }

    /// Cancel safe.
    async fn exhausted(&mut self) {
        loop {
            let deadline = self.deadline;
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
            if timer.deadline() > deadline || timer.is_elapsed() {
                timer.as_mut().reset(deadline);
            }
            timer.as_mut().await;
            if Instant::now() >= deadline {
                return;
            }
        }
    }
}

/// Says goodbye so that the last reply arrives: half-closes, then discards for a moment what is still under way, for
/// unread bytes would turn the close into a reset that overtakes the reply.
async fn leave(mut stream: Stream, end: &End) {
    const MOMENT: Duration = Duration::from_millis(500);
    const MOST: usize = 256 * 1024;
    if !matches!(end, End::Session | End::Limit(_)) {
        return;
    }
    let _ = timeout(MOMENT, async {
        stream.shutdown().await?;
        let mut seen = 0;
        while seen < MOST {
            match stream.read_some().await?.len() {
                0 => break,
                n => seen += n,
            }
        }
        io::Result::Ok(())
    })
    .await;
}
