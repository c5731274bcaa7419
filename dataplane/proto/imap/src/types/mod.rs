//! Values of the protocol that cannot be invalid: once built, nobody checks them again.
//!
//! Every type names its ABNF production in its doc comment. Bytes become these values in
//! [`crate::parse`] and become bytes again in [`crate::encode`]; nothing here knows the wire.

mod acl;
mod code;
mod command;
mod date;
mod dialect;
mod fetch;
mod filter;
mod flag;
mod list;
mod mailbox;
mod metadata;
mod modseq;
mod multisearch;
mod notify;
mod object_id;
mod partial;
mod pattern;
mod quota;
mod search;
mod sequence;
mod sort;
mod status;
mod tag;
mod urlauth;

pub use acl::ModifyRights;
pub use code::{Code, Condition, Reply};
pub use command::{AppendLiteral, AppendMessage, CatenatePart, Command, Extension, Mechanism, Replaced};
pub use date::{Date, DateTime};
pub use dialect::Dialect;
pub use fetch::{FetchItem, MAX_PART_DEPTH, Part, Partial, Rfc822, Section, SectionText};
pub use filter::{FilterName, NotAFilterName};
pub use flag::{Flag, Flags, Keyword, NotAKeyword, StoreMode, StoreOp, SystemFlags};
pub use list::{ListArgs, ListReturn, ListSelect, MailboxAttributes, SpecialUse};
pub use mailbox::{DELIMITER, MailboxName, NotAMailboxName};
pub use metadata::{Depth, EntryName, MetadataQuery, NotAnEntryName};
pub use modseq::{FetchModifiers, Resync, SelectParams};
pub use multisearch::{MultiSearchArgs, SearchSource};
pub use notify::{EventGroup, Notify, NotifyEvents, NotifyMailboxes, NotifySet};
pub use object_id::{NotAnObjectId, ObjectId};
pub use partial::PartialRange;
pub use pattern::Pattern;
pub use quota::{Quota, QuotaResource};
pub use search::{DateField, EnvelopeField, MAX_SEARCH_DEPTH, MAX_SEARCH_KEYS, SearchArgs, SearchKey, SearchReturn};
pub use sequence::{SequenceNumber, SequenceRange, SequenceSet, UidSet};
pub use sort::{Forest, SortArgs, SortCriterion, SortKey, ThreadAlgorithm, ThreadArgs, ThreadNode};
pub use status::{StatusItem, StatusValue};
pub use tag::{NotATag, Tag};
pub use urlauth::{UrlFetchArgs, UrlItem, UrlRump};
