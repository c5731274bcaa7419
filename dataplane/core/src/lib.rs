//! The words of the dataplane, without I/O.
//!
//! Addresses, names, ids, sizes, the clock, outcomes and the directory's records: what every other
//! crate says to the next. Nothing here opens a socket, a file or a database, reads the clock or
//! rolls dice; [`clock::SystemClock`] is the one exception, and the only place in the workspace
//! that may ask the operating system for the time.

pub mod address;
pub mod clock;
pub mod directory;
pub mod domain_name;
pub mod envelope;
pub mod ids;
pub mod mta_sts;
pub mod network;
pub mod outcome;
pub mod rights;
pub mod role;
pub mod secret;
pub mod size;
pub mod table;

pub use address::{Address, AddressError};
pub use clock::{Clock, SystemClock, TestClock, Timestamp};
pub use domain_name::{DomainName, DomainNameError};
pub use envelope::{Envelope, Recipient, ReversePath};
pub use ids::{AccountId, BlobId, FolderId, IdSource, MessageId, QueueId, TraceId};
pub use network::{Network, NotANetwork};
pub use outcome::{EnhancedCode, Outcome, Permanence};
pub use rights::{NotARight, Rights};
pub use secret::Secret;
pub use size::ByteSize;
