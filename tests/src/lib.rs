//! What black-box tests stand on: real databases, the real program as a process of its own, small clients
//! and a scriptable server on the other end. All of it is made when asked for and gone with the test.
//!
//! Depends on no crate that it tests, so that each of them may take it as a dev-dependency. It fails
//! by panicking, for nobody can do anything else about a test that cannot begin.

#![expect(clippy::expect_used, clippy::panic, reason = "a test harness has nobody to report to")]

pub mod archive;
pub mod binary;
pub mod chance;
pub mod database;
pub mod imap;
pub mod issuer;
pub mod load;
pub mod log;
pub mod manifests;
pub mod postfix;
pub mod postgres;
pub mod server;
pub mod sink;
pub mod site;
pub mod smtp;
pub mod temp;
pub mod tools;
pub mod transcript;

pub use database::TestDatabase;
pub use server::{PATIENCE, Server, eventually};
pub use site::Site;
