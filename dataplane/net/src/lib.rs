//! Sockets for everybody: who listens, who may connect, how bytes are hidden, and when it ends.
//!
//! ```text
//!  listener ── gate (limits) ── PROXY header ── TLS ── drive ◄──► a Session of serve/*
//!      └──────────────────── drain: ready · not ready · finishing · stopped ────────────┘
//!  resolver ── connect, or by a proxy (socks) ── client TLS ──► mailflow's sender
//!                         └── https ──► issuers of tokens
//! ```
//!
//! This is the only crate that knows rustls and the only one that reads a socket on behalf of a
//! protocol. It must not know any protocol: a [`drive::Session`] turns bytes into bytes, and what
//! they mean is its own affair.

pub mod connect;
mod deflate;
pub mod drain;
pub mod drive;
pub mod gate;
pub mod https;
pub mod listener;
pub mod proxy_protocol;
pub mod resolver;
mod scratch;
pub mod socks;
pub mod stream;
pub mod tls;

pub use drain::{Drain, Graces, Live, Phase};
pub use drive::{Aside, Driving, End, Limit, Next, Session, Wait};
pub use gate::{Gate, Refusal};
pub use listener::{Conn, Listener, Observer, Service, Settings, Streams};
pub use resolver::{Answer, Mx, Resolver};
pub use stream::{Stream, TlsInfo, TlsVersion};
