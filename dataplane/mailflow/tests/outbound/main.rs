//! Mail on its way out: a real store, a scripted server at the other end, a clock that is moved by hand.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod bounces;
mod connections;
mod egress;
mod retries;
mod sink;
mod world;
