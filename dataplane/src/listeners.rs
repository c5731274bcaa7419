//! From the configuration to sockets: what all listeners of a process have in common.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use postern_core::Network;
use postern_net::{Driving, Gate, Listener, Settings, gate::Limits, tls::ServerTls};

use crate::config::{Config, Name};

/// What every listener of a process shares: one gate for all, the proxies, the certificates.
#[derive(Clone, Debug)]
pub struct Listeners {
    gate: Arc<Gate>,
    proxies: Arc<[Network]>,
    driving: Driving,
}

impl Listeners {
    /// Without `tls` there is no STARTTLS, and listeners with implicit TLS cannot be bound.
    #[must_use]
    pub fn new(config: &Config, tls: Option<ServerTls>) -> Self {
        let limits = &config.limits;
        let gate = Gate::new(Limits {
            total: limits.connections,
            per_client: limits.per_client,
            loopback_free: true,
            v4_prefix: limits.v4_prefix,
            v6_prefix: limits.v6_prefix,
        });
        let driving = Driving {
            tls,
            handshake_timeout: config.tls.handshake_timeout,
            // Half of the grace: whoever is told last has the other half to finish.
            drain_spread: Duration::min(config.drain.grace / 2, Duration::from_secs(15)),
            ..Driving::default()
        };
        Self { gate, proxies: config.proxy_protocol.trusted.clone().into(), driving }
    }

    /// Binds one.
    ///
    /// # Errors
    /// When the address is taken or not ours.
    pub fn bind(&self, name: Name, address: SocketAddr) -> io::Result<Listener> {
        let spec = name.spec();
        let settings = Settings {
            name: spec.name.into(),
            implicit_tls: spec.implicit_tls,
            proxies: self.proxies.clone(),
            gate: self.gate.clone(),
            driving: self.driving.clone(),
        };
        Listener::bind(address, settings)
    }
}
