//! The trail: what happened to every message, and to every stranger who tried.
//!
//! A message's facts are rows of the transaction that they tell of, one packed row a stage, all
//! with the message's trace id ([`insert`]). What is told of strangers (refusals, connections,
//! failed logins) goes through the bounded [`Trail`] instead: an attacker must not turn a guess
//! into an fsync. Rows are kept by day; [`retention`] makes days ahead and lets old ones go.
//!
//! This module must not know what a detail says: that is JSON of the caller's.

mod buffer;
mod event;
mod insert;
mod key;
mod read;
pub mod retention;

pub use buffer::{Trail, TrailLimits};
pub use event::{Dialogue, Event, EventRow, Stage};
pub use insert::{batches, insert};
pub use key::Key;
pub use read::{LogCursor, LogQuery, by_key, log, timeline};
