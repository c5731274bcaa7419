//! What the trail promises, on both databases.

#![cfg(test)]

mod buffer;
mod fixture;
mod lookups;
mod retention;
#[path = "../support/mod.rs"]
mod support;
