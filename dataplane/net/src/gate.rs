//! How many connections there may be, in all and from one client's network.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use postern_core::Network;

/// Why a connection is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The process, or this listener, has all the connections it may have.
    Full,
    /// This client's network has.
    ClientFull,
}

/// Limits of a [`Gate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections in all.
    pub total: usize,
    /// Connections of one client's network.
    pub per_client: usize,
    /// This machine's own clients (a webmail, a script, a test) are not one stranger: `per_client` is not for them.
    pub loopback_free: bool,
    /// Prefix length that makes an IPv4 client's network.
    pub v4_prefix: u8,
    /// The same for IPv6.
    pub v6_prefix: u8,
}

impl Default for Limits {
    /// 20 000 in all, 500 from one /32 or /64.
    fn default() -> Self {
        Self { total: 20_000, per_client: 500, loopback_free: false, v4_prefix: 32, v6_prefix: 64 }
    }
}

/// Counts connections and refuses what is too many. Several listeners may share one.
#[derive(Debug)]
pub struct Gate {
    limits: Limits,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    per_client: HashMap<Network, usize>,
}

impl Gate {
    /// A gate that nobody has passed yet.
    #[must_use]
    pub fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, open: Mutex::default() })
    }

    /// How many are inside.
    #[must_use]
    pub fn open(&self) -> usize {
        self.lock().total
    }

    /// Lets one more in. The client is not known yet when a proxy stands before it.
    ///
    /// # Errors
    /// [`Refusal::Full`].
    pub fn enter(self: &Arc<Self>) -> Result<Ticket, Refusal> {
        let mut open = self.lock();
        if open.total >= self.limits.total {
            return Err(Refusal::Full);
        }
        open.total += 1;
        Ok(Ticket { gate: self.clone(), client: None })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection that is inside, until it is dropped.
#[derive(Debug)]
pub struct Ticket {
    gate: Arc<Gate>,
    client: Option<Network>,
}

impl Ticket {
    /// Counts the connection for its client.
    ///
    /// # Errors
    /// [`Refusal::ClientFull`]; the connection must go then.
    pub fn name(&mut self, client: IpAddr) -> Result<(), Refusal> {
        let limits = self.gate.limits;
        if limits.loopback_free && client.is_loopback() {
            return Ok(());
        }
        let network = Network::of_client(client, limits.v4_prefix, limits.v6_prefix);
        let mut open = self.gate.lock();
        if open.per_client.get(&network).copied().unwrap_or(0) >= limits.per_client {
            return Err(Refusal::ClientFull);
        }
        *open.per_client.entry(network).or_default() += 1;
        drop(open);
        self.leave_network();
        self.client = Some(network);
        Ok(())
    }

    fn leave_network(&mut self) {
        let Some(network) = self.client.take() else { return };
        let mut open = self.gate.lock();
        if let Some(count) = open.per_client.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                open.per_client.remove(&network);
            }
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.leave_network();
        self.gate.lock().total -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn counts_in_all_and_per_client() {
        let gate = Gate::new(Limits { total: 3, per_client: 1, ..Limits::default() });
        let mut first = gate.enter().unwrap();
        first.name(ip("2001:db8::1")).unwrap();
        let mut second = gate.enter().unwrap();
        assert_eq!(second.name(ip("2001:db8::2")), Err(Refusal::ClientFull), "one /64 is one client");
        second.name(ip("2001:db8:0:1::2")).unwrap();
        let third = gate.enter().unwrap();
        assert_eq!(gate.enter().err(), Some(Refusal::Full));
        drop((first, second, third));
        assert_eq!(gate.open(), 0);
        assert!(gate.lock().per_client.is_empty(), "nothing is kept of clients that left");
    }
}
