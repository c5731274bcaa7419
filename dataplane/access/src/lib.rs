//! Who may: from a name and a proof to a [`Login`], or to a refusal that tells a guesser nothing.
//!
//! ```text
//!  attempt ─► throttle(network) ─► account? ─► remembered? ─► throttle(account) ─► argon2 ─► suspended? door? ─► Login
//!                                     └ unknown: the same way, against hashes that nothing matches
//! ```
//!
//! A token of an issuer goes another way ([`bearer`]): what it is worth its signature says, or the issuer.
//! Accounts come through the trait [`Accounts`]; nothing here knows a database, a socket or a protocol.
//! Every answer is a [`Decision`], which the caller also records in the trail.

pub mod authenticate;
pub mod bearer;
pub mod budget;
pub mod password;
pub mod throttle;
pub mod verified;

pub use authenticate::{Accounts, Attempt, Authenticator, Decision, Door, Login, LoginAccount, Refusal, Settings, Unavailable};
pub use bearer::{Fault, Issuers};
pub use budget::{Budgets, Exhausted};
pub use password::{PasswordError, Passwords, Verifiers, make_verifiers};
pub use throttle::Throttle;
pub use verified::Verified;
