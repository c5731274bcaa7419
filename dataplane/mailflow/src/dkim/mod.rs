//! DKIM (RFC 6376, RFC 8463): keys made, shown in DNS, and used on what our users send.
//!
//! Keys are kept by the store, sealed; when one is made and when it signs is the janitor's to decide. Signatures cover
//! the whole body (no `l=`), relaxed/relaxed, with the fields that readers see signed once more than they occur, so
//! that none can be added.

mod key;
mod record;
mod sign;
mod signers;
#[cfg(test)]
mod tests;

pub use key::{KeyError, generate, selector};
pub use record::{record_name, record_text};
pub use sign::Signer;
pub use signers::Signers;
