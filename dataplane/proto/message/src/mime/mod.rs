//! MIME taken apart (RFC 2045–2049): where parts begin and end, and what their header fields say.
//!
//! Our own walk, because IMAP needs octet offsets and part numbers that are never wrong, and one pass
//! over a message of any shape. Nothing is decoded here.

mod boundaries;
mod node;
mod params;
mod walk;

pub(crate) use node::{Envelope, Node};
pub use params::{ContentType, Param, Valued, parse_content_type, parse_valued};
pub(crate) use walk::walk;

/// How deep multiparts and messages may nest; what lies deeper is one opaque leaf.
pub const MAX_DEPTH: usize = 100;
/// How many parts a message may have; boundaries after the last are text of the last part.
pub const MAX_PARTS: usize = 1000;
/// How many parameters one field may have; the rest is left out.
pub const MAX_PARAMS: usize = 128;
/// Longest boundary that is obeyed. RFC 2046 §5.1.1 allows 70; some write more.
pub const MAX_BOUNDARY: usize = 250;
