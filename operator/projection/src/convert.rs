//! Resource → record, one kind a file. Every rule that CEL has stands here too, and those that CEL cannot see.
//!
//! A function gives a record only when nothing speaks against it; claims are decided before, in `project`.

mod alias;
mod assets;
mod brand;
mod domain;
mod mailbox;
mod pool;
mod value;

pub(crate) use alias::alias;
pub(crate) use brand::brand;
pub(crate) use domain::domain;
pub(crate) use mailbox::mailbox;
pub(crate) use pool::{allows, pool};
pub(crate) use value::Values;
pub use value::parse_duration;
