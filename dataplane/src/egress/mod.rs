//! The process on a node that owns addresses which mail leaves from: a SOCKS proxy for the senders of the installation and
//! for nobody else. It has no database, no key of the store, and sees mail only as what passes between two servers.

mod serve;

use std::net::{IpAddr, SocketAddr};

pub use self::serve::serve;

/// Ports that mail is sent to: RFC 5321 §4.5.4.2, and the submission ports of smart hosts (RFC 6409 §3.1, RFC 8314 §3.3).
pub const PORTS: [u16; 3] = [25, 465, 587];

/// What the process is told.
#[derive(Clone, Debug)]
pub struct Egress {
    /// A digest of what whoever asks must know: two of them are compared in a time that tells nothing.
    pub token: blake3::Hash,
    /// Where it may connect to.
    pub ports: Vec<u16>,
    /// Whether it may connect to loopback and private addresses. Only for tests: the token opens a way into the node's network.
    pub allow_private: bool,
    /// Connections at once.
    pub connections: usize,
}

impl Egress {
    fn may_go_to(&self, to: SocketAddr) -> bool {
        self.ports.contains(&to.port()) && (self.allow_private || !postern_mailflow::deliver::remote::private::is_private(to.ip()))
    }
}

/// Whether an address is this machine's: only the system can say, and it does so when a socket is bound.
fn is_here(address: IpAddr) -> bool {
    !address.is_unspecified() && std::net::UdpSocket::bind(SocketAddr::new(address, 0)).is_ok()
}
