//! The operator against an API server of our own making and a real PostgreSQL: what a user sees in statuses, and what
//! comes to stand in the directory.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of a test have nobody to report to")]

mod api_server;
mod deletion;
mod fence;
mod lab;
mod name_server;
mod outage;
mod readiness;
mod secrets;
