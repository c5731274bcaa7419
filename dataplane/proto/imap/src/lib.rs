//! IMAP4rev2 (RFC 9051) and IMAP4rev1 (RFC 3501): bytes to events, values to bytes.
//!
//! ```text
//!  bytes ─▶ fragment ─▶ parse ─▶ server ─▶ Event ─▶ the caller, who has store and socket
//!           lines and   Command   state,             │
//!           literals              limits             ▼
//!  bytes ◀──────────────────────────────────────── encode
//! ```
//!
//! Nothing here opens a socket, reads a clock or knows of a store. [`server::Server`] eats input and
//! yields one command at a time; [`encode`] writes answers straight into its output. What a session
//! has told its client is the caller's to keep. An extension is a file in [`types`], one in [`parse`],
//! one in [`encode`] and a line in [`server::Capabilities`].

pub mod encode;
pub mod fragment;
pub mod listing;
pub mod parse;
pub mod server;
pub mod types;
pub mod url;
pub mod utf7;
