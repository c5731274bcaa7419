//! SMTP (RFC 5321) as two machines without I/O: the [`server`] that takes mail and the [`client`] that hands it on.
//!
//! ```text
//! bytes ─▶ input() ─▶ next() ─▶ Event ─▶ caller decides ─▶ accept()/refuse() ─▶ output() ─▶ bytes
//! ```
//!
//! Frame first (`line`), parse second ([`command`]), decide outside. No socket, clock or store is touched; TLS is two
//! calls around the caller's handshake; time-outs are the caller's, with the RFC's figures in [`limits`]. However the
//! input is cut into pieces, events and output are the same.
//!
//! ```
//! use std::sync::Arc;
//! use postern_proto_smtp::server::{Config, Event, Server};
//! let mut server = Server::new(Arc::new(Config::new("mx.example.org")));
//! server.greet();
//! server.input(b"EHLO client.example.net\r\nMAIL FROM:<a@example.net>\r\n");
//! while let Some(event) = server.next() {
//!     assert!(matches!(event, Event::Hello { .. } | Event::Mail { .. }));
//!     server.accept();
//! }
//! assert!(server.output().ends_with(b"250 2.1.0 Sender OK\r\n"));
//! ```

pub mod client;
pub mod command;
pub mod dialogue;
pub mod limits;
mod line;
pub mod params;
pub mod path;
pub mod reply;
pub mod server;
pub mod stuffing;

pub use command::{Command, CommandError};
pub use params::{MailParams, RcptParams};
pub use path::{ForwardPath, PathError};
pub use reply::Reply;
