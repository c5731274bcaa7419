//! SMTP doors as clients meet them: real sockets, a real store, real argon2.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod client;
mod directory;
mod exchanger;
mod relay;
mod room;
mod session;
mod submission;
