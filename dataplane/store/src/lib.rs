//! Everything in SQL and blobs: directory, mail, queue, trail. Nobody else writes SQL.
//!
//! One suite of tests, one SQL text, two databases. A module per noun holds its records and its
//! statements; [`db`] and [`dialect`] know the databases and nothing of mail.
//!
//! # How to add a table
//! 1. A migration for both databases (`migrations/README.md`), its line in [`migrations`], and its columns in `backup/table.rs`.
//! 2. A module named after the noun: the record, then the functions on [`db::Tx`] (writes) and
//!    [`db::Db`] (reads). Every key of an account's data begins with the account; every query of
//!    the directory names the tenant where a tenant asks.
//! 3. Its behaviour in the suite under `tests/`, which runs on both databases.

pub mod backup;
pub mod blob;
pub mod changes;
mod compress;
pub mod db;
pub mod dialect;
pub mod directory;
pub mod error;
pub mod ingest;
pub mod mail;
pub mod migrations;
pub mod queue;
mod store;
pub mod trail;
pub mod upkeep;

pub use error::{Result, StoreError};
pub use store::{Options, Schema, Store, raise_epoch};
