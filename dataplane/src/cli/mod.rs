//! One verb, one file: its arguments, what it does, what it prints.
//!
//! A new verb is a file here and a line in [`crate::args`]. Verbs that ask a running server build a
//! [`crate::control::Request`] and hand it to [`remote::run`].

pub mod backup;
pub mod config;
pub mod egress;
pub mod get;
pub mod index;
pub mod migrate;
pub mod options;
pub mod queue;
pub mod remote;
pub mod restore;
pub mod serve;
pub mod trace;
pub mod welcome;

use std::error::Error;

/// What a verb ends with: the error is printed as it is, so it says what to do.
pub type Done = Result<(), Box<dyn Error + Send + Sync>>;
