//! What happens to a message: accepted, routed, submitted and signed on its way in; queued, sent, delayed and bounced on
//! its way out.
//!
//! Decisions are values over looked-up facts; the store commits, a door ([`postern_net`]'s sessions, in `serve/`) speaks.
//! Nothing here listens, parses a protocol's bytes or writes SQL.

pub mod accept;
pub mod bounce;
pub mod deliver;
pub mod dkim;
pub mod queue;
pub mod route;
pub mod schedule;
mod submit;
