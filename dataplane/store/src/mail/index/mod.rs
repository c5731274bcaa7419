//! The text index: which messages of a folder can contain a text at all, and what their headers say.
//!
//! ```text
//!  folder, by UID   ├── segment ──┼── segment ──┼─ open one ─┤ tail: not indexed yet, scanned
//!                                                            ▲ last_uid, the watermark
//! ```
//! The janitor adds the messages behind the watermark, a slice at a time ([`build`]), in its passes over all boxes and at once where
//! somebody searches a long tail ([`super::boxes::Boxes::want_index`]); a delivery writes nothing here.
//! UIDs ascend in the order of commits, so a watermark misses none. Messages that are expunged stay in their segment
//! until it is written again, which it is when a folder has twice the segments that it needs ([`compact`]): what asks goes
//! by the placements that there are.
//!
//! What [`Index`] says of a text is a superset: each candidate is to be looked at. What it says of a header field is
//! exact. Everything can be dropped at any time and is made again.

pub mod build;
pub mod compact;
mod look;
mod query;
mod segment;
mod token;

pub use self::query::{Found, Index, Question};
