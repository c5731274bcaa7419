//! What lies between a projection and the directory, the same for a folder's operator and a cluster's: passwords become
//! verifiers, domains get their keys, and what the directory did not take is said in the projection's words.
//!
//! Nothing here reads a manifest or an API server, and nothing decides what a manifest means.

pub mod confirm;
pub mod keys;
pub mod passwords;
pub mod refused;
