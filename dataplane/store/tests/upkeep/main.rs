//! What the janitor promises, on both databases: what is over goes, and nothing else.

#![cfg(test)]

#[path = "../support/mod.rs"]
mod support;

#[expect(dead_code, reason = "made for the directory's own tests")]
#[path = "../directory/world.rs"]
mod world;

mod counters;
mod fixture;
mod index;
mod office;
mod pointers;
mod retention;
