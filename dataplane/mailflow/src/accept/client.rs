//! What is known of the other side.

use std::{net::IpAddr, sync::Arc};

use postern_message::received::Protocol;

/// A connected client, as far as it has introduced itself.
#[derive(Clone, Debug)]
pub struct Client {
    /// Name of the listener.
    pub listener: Arc<str>,
    /// Where it comes from.
    pub ip: IpAddr,
    /// Its word for itself in HELO or EHLO; not to be trusted.
    pub name: String,
    /// Whether it said EHLO.
    pub extended: bool,
    /// Version and suite when the channel is encrypted, such as `TLSv1.3 TLS13_AES_256_GCM_SHA384`.
    pub tls: Option<Box<str>>,
}

impl Client {
    /// For `with` in `Received`.
    pub(super) const fn protocol(&self, authenticated: bool, utf8: bool) -> Protocol {
        Protocol { extended: self.extended, tls: self.tls.is_some(), authenticated, utf8 }
    }
}
