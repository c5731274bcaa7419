//! To another server, over SMTP: which hosts take a domain's mail ([`mx`]), whom we never connect to
//! ([`private`]), where we come from ([`source`]), on whose node ([`egress`]), and the session itself ([`session`]).
//!
//! Nothing here knows the queue: what became of each recipient is a value for the caller to settle.

pub mod egress;
pub mod mx;
pub mod private;
pub mod session;
pub mod source;
