//! Values to bytes, straight into the output: no intermediate strings, no formatting machinery.
//!
//! Every function appends whole responses or whole items to a `Vec<u8>`, so that an answer to
//! FETCH 1:* over a hundred thousand messages costs one growing buffer. What is written is always
//! well formed: texts become quoted strings or literals as [`Dialect`](crate::types::Dialect) allows, and nothing
//! from a message or a user can end a line.

mod acl;
mod context;
mod envelope;
mod fetch;
mod mailbox;
mod metadata;
mod quota;
mod search;
mod section;
mod sort;
mod status;
mod structure;
mod text;
mod urlauth;
mod vanished;

pub use acl::{acl, list_rights, my_rights};
pub use context::{ContextUpdate, Placed, context_update};
pub use fetch::FetchWriter;
pub use mailbox::{ListItem, list, lsub, namespace, status};
pub use metadata::metadata;
pub use quota::{quota, quota_root};
pub use search::{SearchAnswer, SearchedMailbox, esearch, search};
pub use section::section;
pub use sort::{sort, thread};
pub use status::{capability, continuation, enabled, exists, expunge, flags, id, recent, tagged, untagged};
pub use text::{mailbox_name, number, sequence_set, set, string};
pub use urlauth::{UrlFetchWriter, gen_url_auth};
pub use vanished::vanished;
