//! What a client of IMAP sees, over loopback, with a real store behind.

mod client;
mod room;

mod first;
