//! What the queue promises, on both databases.

#![cfg(test)]

mod fixture;
mod gone;
mod interleavings;
mod leases;
mod operators;
mod postgres;
mod settlements;
#[path = "../support/mod.rs"]
mod support;
