//! SMTP doors: bytes of a connection joined to what happens to mail.
//!
//! ```text
//!  net's driver ◄─bytes─► Session ── Event ──► one file a command ──► mailflow (values) ──► reply
//! ```
//!
//! A [`Smtp`] is one listener's service: [`Kind::Exchanger`] for strangers, [`Kind::Submission`] for our own users, in the
//! clear with STARTTLS or under TLS from the beginning. The protocol's rules are the machine's (`postern-proto-smtp`),
//! what becomes of mail is `postern-mailflow`'s, who may is `postern-access`'s: here is only who is asked when. No SQL,
//! no socket, no decision about mail.

mod auth;
mod connection;
mod data;
mod mail;
mod memory;
mod rcpt;
mod service;
mod session;
mod settings;

pub use memory::Memory;
pub use service::Smtp;
pub use session::Session;
pub use settings::{Kind, Settings};
