//! Messages as bytes: what stands in them, where it stands, and the few that Postern writes itself.
//!
//! A message is read once, when it is accepted: [`summary::Summary::of`] makes the small record from
//! which IMAP answers ENVELOPE, BODYSTRUCTURE, PREVIEW and every BODY section for as long as the
//! message is kept. Everything is pure: time, ids and boundaries come in as arguments, nothing is read
//! or sent. Input is hostile: every parser is linear in the message, bounded in depth, parts, fields and
//! parameters, and makes the best of what is malformed instead of refusing it.
//!
//! ```
//! use postern_message::{section::{Section, resolve}, summary::{Summary, SummaryRef}};
//!
//! let mail = b"From: Ann <ann@example.org>\r\nSubject: Tea\r\n\r\nAt five?\r\n";
//! let stored = Summary::of(mail).encode();
//!
//! let summary = SummaryRef::new(&stored).unwrap();
//! assert_eq!(summary.envelope().subject, Some(&b"Tea"[..]));
//! assert_eq!(summary.preview(), "At five?");
//! assert_eq!(resolve(&summary, mail, &Section::text(&[])).unwrap(), &b"At five?\r\n"[..]);
//! ```

pub mod address_list;
pub mod attachment;
pub mod casemap;
pub mod charset;
pub mod date;
pub mod dsn;
pub mod encoded_word;
pub mod header;
pub mod mime;
pub mod received;
pub mod search;
pub mod section;
pub mod subject;
pub mod submit;
pub mod summary;
pub mod transfer;

pub use summary::{Summary, SummaryRef};
