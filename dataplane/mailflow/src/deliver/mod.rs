//! Handing a message to where it belongs. Local recipients are placed by the commit that accepts the message, so what
//! is left is [`remote`].

pub mod remote;
