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
//!   │        ├─────── Deflate ► write ─► deflate_started(), then as Read
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
//! - **Long work**: what a client should hear while `run` is at work goes through the [`Aside`] that [`Session::aside`] gives:
//!   it is sent at once, before the output that waits, and must stand alone.
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

mod aside;
mod link;
mod patience;

use std::{future::Future, io, time::Duration};

pub use aside::Aside;
use link::{Event, Link, leave};
use patience::Patience;

use crate::{
    drain::Live,
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
    /// Compress both directions from here on (RFC 4978).
    Deflate,
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

    /// Where the session speaks while [`Session::run`] is at work. Asked once.
    fn aside(&self) -> Option<Aside> {
        None
    }

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

    /// Compression is on: forget all input.
    fn deflate_started(&mut self) {}

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
    let aside = session.aside();
    let mut told = false;
    loop {
        link.write(session.output()).await?;
        next = match next {
            Next::Flush => Box::pin(link.run(session, aside.as_ref())).await?,
            Next::Close => return Ok(End::Session),
            Next::StartTls => {
                let tls = Box::pin(link.start_tls()).await?;
                session.tls_started(&tls);
                Next::Read
            }
            Next::Deflate => {
                link.start_deflate();
                session.deflate_started();
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
                        let next = Box::pin(link.run(session, aside.as_ref())).await?;
                        // Many commands in one read are many steps; only one that is still unfinished counts.
                        if !within && next == Next::Read && patience.is_same(session.wait()) {
                            return link.over(session, Limit::Bytes).await;
                        }
                        next
                    }
                    Event::Wake => Box::pin(link.run(session, aside.as_ref())).await?,
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
