//! The sender role: takes what is due from the store's queue, hands it to other servers, settles what came of it.
//!
//! ```text
//!             ┌──────────── Sender (one task: leases, due rows, heartbeat) ────────────┐
//! store.queue │ lease ─▶ due ─▶ jobs by message and source ─▶ lane (pool, domain, source)│
//!             └──────▲──────────────────────────────────────────────│─────────────────┘
//!                    │ done                          courier … courier (a connection each)
//!                 settler ◀── settlements, events, notices ◀────────┘
//! ```
//! What keeps a mail from going out twice: a slot's rows are one worker's while its lease lasts, and no final dot is sent
//! with less of it left than the answer may take (`lease`). What keeps it from being lost: a row goes only in the
//! transaction that tells what became of it. What keeps others friendly: limits for each set of MX hosts, which shrink
//! when they push back (`rollup`).

mod bodies;
mod config;
mod courier;
mod crew;
mod finish;
mod lane;
mod lease;
mod report;
mod rollup;
mod worker;

pub use self::{
    bodies::Bodies,
    config::{Config, Observer, Relay, Routing},
    report::{Decided, Told, attempt_event, decide},
    worker::{Parts, Sender},
};
