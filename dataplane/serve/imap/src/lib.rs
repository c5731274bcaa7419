//! IMAP over the store: what each command does, and what one session has told its client.
//!
//! ```text
//!  net::drive ─ bytes ─► Session ─► proto::imap::Server ─► Event
//!                           │                               │
//!                           │            command/<name> ◄───┘  applies it to the store, writes the answer
//!                           ▼
//!                        Selected: the snapshot that the client has been told of
//!                           ▲
//!                  changes ─┘ FolderCell, shared by all sessions of the folder
//! ```
//!
//! Grammar, states and limits of a line are the machine's (`postern-proto-imap`); SQL and bodies are
//! the store's. What is here knows no bytes of the wire but through [`postern_proto_imap::encode`].
//!
//! # How to add a command
//! 1. Its grammar and its answer in `postern-proto-imap`.
//! 2. A file in `command/` with one function that takes the session and returns `Answer`, and its line in
//!    `command/mod.rs`.
//! 3. A transcript in `tests/`.

mod command;
mod config;
mod context;
mod filters;
mod limit;
mod login_event;
mod message;
mod notify;
mod object_id;
mod people;
mod place;
mod progress;
mod refused;
mod search;
mod selected;
mod service;
mod session;
mod sort;
mod thread;
mod url;
mod words;

pub use config::Config;
pub use people::People;
pub use service::{Imap, Observer, Parts};
pub use session::ImapSession;
