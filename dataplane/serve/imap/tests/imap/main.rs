//! What a client of IMAP sees, over loopback, with a real store behind.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's helper may fail loudly")]

mod client;
mod room;

mod append;
mod away;
mod catenate;
mod charsets;
mod codes;
mod condstore;
mod context;
mod fetch;
mod figures;
mod filters;
mod index;
mod logins;
mod mailboxes;
mod malformed;
mod message_limit;
mod metadata;
mod model;
mod multisearch;
mod notify;
mod object_ids;
mod progress;
mod qresync;
mod quota;
mod replace;
mod rev2;
mod scram;
mod search;
mod seen;
mod sharing;
mod sort;
mod store;
mod transfer;
mod two_sessions;
mod uid_only;
mod urlauth;
