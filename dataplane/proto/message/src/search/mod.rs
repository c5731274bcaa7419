//! What SEARCH, SORT and THREAD look at in a message, in the form in which it is compared ([`crate::casemap`]).
//!
//! Whoever scans a message and whoever indexes it ask here, so that the index holds all that a scan would find.

mod field;
pub mod sort;
pub mod text;

pub use field::Field;
