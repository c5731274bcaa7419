//! What the directory promises, on both databases.

#![cfg(test)]

#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod addresses;
mod certificates;
mod claims;
mod position;
mod processes;
mod projection;
mod secrets;
mod world;
