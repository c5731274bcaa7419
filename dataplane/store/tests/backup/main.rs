//! What backup and restore promise, on both databases and from each to the other.

#![cfg(test)]

#[path = "../support/mod.rs"]
mod support;

#[expect(dead_code, reason = "made for the directory's own tests")]
#[path = "../directory/world.rs"]
mod world;

mod damage;
mod fixture;
mod live;
mod round_trip;
mod schema;
