//! What a client of IMAP sees, over loopback, with a real store behind.

mod client;
mod room;

mod append;
mod fetch;
mod logins;
mod mailboxes;
mod malformed;
mod model;
mod search;
mod store;
mod transfer;
mod two_sessions;
