//! What boxes promise, on both databases: counters that agree, clocks that grow, races that lose nothing.

#![cfg(test)]

mod answers;
mod batches;
mod bodies;
mod fixture;
mod folders;
mod messages;
mod races;
mod sharing;
mod snapshots;
mod totals;
