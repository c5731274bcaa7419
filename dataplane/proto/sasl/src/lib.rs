//! SASL, the server's half: PLAIN (RFC 4616), LOGIN, SCRAM-SHA-256 with and without channel binding (RFC 5802, RFC 7677),
//! OAUTHBEARER (RFC 7628) and XOAUTH2, as machines without I/O. Names and passwords are prepared by SASLprep (RFC 4013).
//!
//! ```text
//! client's bytes ─▶ Exchange ─▶ Step: Challenge │ Verify │ ScramLookup │ Token │ Done │ Failed
//! ```
//!
//! The crate never looks an account up, checks a clear password or a token, reads a clock or rolls dice: nonces, channel-binding
//! data and verifiers come in as arguments. Bytes are decoded; [`encoding`] has the base64 that SMTP and IMAP share.
//!
//! ```
//! use postern_proto_sasl::{ChannelBinding, Credentials, Exchange, Mechanism, Step};
//! let (_, step) = Exchange::start(Mechanism::Plain, Some(b"\0tim\0tanstaaftanstaaf"), "nonce", ChannelBinding::Unavailable);
//! let Step::Verify(Credentials { authcid, .. }) = step else { panic!("PLAIN needs one message") };
//! assert_eq!(authcid, "tim");
//! ```

pub mod bearer;
pub mod encoding;
pub mod exchange;
mod login;
pub mod mechanism;
pub mod plain;
pub mod prep;
mod saslname;
pub mod scram;

pub use bearer::{Bearer, TokenRefused};
pub use exchange::{Credentials, Exchange, Failure, Step};
pub use mechanism::{Mechanism, UnknownMechanism};
pub use scram::{ChannelBinding, ScramVerifier};
