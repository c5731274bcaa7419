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
mod deletion;
pub mod dns;
pub mod manifest;
mod objects;
mod options;
mod problem;
mod project;
mod references;
mod report;
pub mod status;
pub mod table;
mod world;

pub use convert::parse_duration;
pub use deletion::{deletion_of_domain, deletion_of_mailbox};
pub use manifest::{Kind, Manifest, Object, Place, parse_documents};
pub use objects::{Located, Objects};
pub use options::{Generated, Options, PoolNamespaces, Preverified};
pub use problem::{ObjectId, Problem};
pub use project::{Projection, Selection, project, project_selected};
pub use references::{Reference, Referred, Refers, credentials_of, references};
pub use report::{Refusal, Report};
