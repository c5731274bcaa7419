//! What black-box tests stand on: real databases, made when asked for and gone with the process.
//!
//! Depends on no crate that it tests, so that each of them may take it as a dev-dependency. It fails
//! by panicking, for nobody can do anything else about a test that cannot begin.

#![expect(clippy::expect_used, clippy::panic, reason = "a test harness has nobody to report to")]

pub mod database;
pub mod postgres;
pub mod temp;

pub use database::TestDatabase;
