//! The server itself: configuration, command line, health, the control socket, and the wiring of all
//! parts into one process. A library, so that a test can run a server inside itself.
//!
//! ```text
//!  args ─► config ─► server ─┬─ health (readiness, metrics, drain)
//!   cli ─► control ──────────┼─ control socket
//!                            └─ the roles: listeners, sender, janitor, manifests
//! ```
//!
//! What mail is, and what becomes of it, is told in the crates below; nothing here decides about a message.

pub mod answers;
pub mod args;
pub mod certificates;
pub mod cli;
pub mod config;
pub mod control;
pub mod egress;
pub mod folder;
pub mod health;
pub mod listeners;
pub mod metrics;
pub mod names;
pub mod readiness;
pub mod server;
pub mod signal;
pub mod spare_memory;
pub mod telemetry;
pub mod wire;

pub use postern_core::table;
