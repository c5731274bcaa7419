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
//! What office documents and their like say that are attached ([`postern_message::attachment`]) is in it too. Segments that an older
//! version wrote lack that: the janitor adds it ([`renew`]), and until then what asks looks at all their messages.
//!
//! What [`Index`] says of a text is a superset: each candidate is to be looked at. What it says of a header field is
//! exact. Everything can be dropped at any time and is made again.

pub mod build;
pub mod compact;
mod look;
mod query;
pub mod renew;
mod segment;
mod token;

use postern_core::Timestamp;

use self::build::Behind;
pub use self::query::{Found, Index, Question};
use super::boxes::Boxes;
use crate::{db::Db, error::Result};

/// A slice of what a folder lacks: the messages behind its watermark, then what is attached to those before it. How many messages
/// were looked at; 0 when nothing is missing.
///
/// # Errors
/// As [`build::slice`] and [`renew::slice`].
pub async fn slice(db: &Db, boxes: &Boxes, at: Behind, now: Timestamp) -> Result<u64> {
    match build::slice(db, boxes, at, now).await? {
        0 => renew::slice(db, boxes, at, now).await,
        done => Ok(done),
    }
}
