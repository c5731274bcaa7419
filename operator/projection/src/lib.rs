//! What manifests mean: resource → directory record. Pure: no file, no network, no clock, no chance, no hashing of
//! passwords. The operator uses it with what an API server sent, the standalone server with a folder.
//!
//! ```text
//! text ──manifest──► Manifest ──► Objects ──project──► Projection { records · held · reports · problems }
//!                                                          │ + facts of the dataplane
//!                                                          └──status──► conditions ──table──► what `get` prints
//! ```
//!
//! What DNS shall say of a domain, and what it says instead, is judged in [`dns`].
//!
//! All defaulting beyond the schema and all validation happen here; the CEL rules of the definitions are a copy for
//! users of `kubectl`, and the same bad examples (`tests/bad`) are held against both.

mod claims;
mod convert;
pub mod dns;
pub mod manifest;
mod objects;
mod options;
mod problem;
mod project;
mod report;
pub mod status;
pub mod table;
mod world;

pub use convert::parse_duration;
pub use manifest::{Kind, Manifest, Object, Place, parse_documents};
pub use objects::{Located, Objects};
pub use options::{Options, PoolNamespaces, Preverified};
pub use problem::{ObjectId, Problem};
pub use project::{Projection, project};
pub use report::{Refusal, Report};
