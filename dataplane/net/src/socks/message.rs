//! The few octets that both sides exchange.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
};

use super::{IPV4, IPV6, VERSION};

/// Answer to a login (RFC 1929 §2: 0 is success, every other value a failure).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// The source is ours, and so is the token.
    Welcome = 0,
    /// The token is not.
    Unknown = 1,
    /// The source is not.
    NotHere = 2,
}

/// Answer to a request (RFC 1928 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Connected.
    Succeeded = 0,
    /// The proxy's own fault.
    Fault = 1,
    /// Not to this address or port.
    NotAllowed = 2,
    /// No route.
    Unreachable = 4,
    /// Nobody listens there.
    Refused = 5,
    /// No answer in time; of the code's meanings, "TTL expired" comes nearest.
    TimedOut = 6,
    /// Another command than CONNECT.
    Command = 7,
    /// A name, or another kind of address.
    AddressType = 8,
}

impl Reply {
    const ALL: [Self; 8] = [
        Self::Succeeded,
        Self::Fault,
        Self::NotAllowed,
        Self::Unreachable,
        Self::Refused,
        Self::TimedOut,
        Self::Command,
        Self::AddressType,
    ];

    /// Of its code; what is not known is a fault.
    pub(super) fn of(code: u8) -> Self {
        Self::ALL.into_iter().find(|reply| *reply as u8 == code).unwrap_or(Self::Fault)
    }

    /// Of what the system says to a connection that did not come about.
    #[must_use]
    pub fn of_error(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::TimedOut => Self::TimedOut,
            io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => Self::Unreachable,
            _ => Self::Fault,
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Succeeded => "connected",
            Self::Fault => "it failed by itself",
            Self::NotAllowed => "it may not go there",
            Self::Unreachable => "no route",
            Self::Refused => "nobody listens there",
            Self::TimedOut => "no answer in time",
            Self::Command => "it does not know the command",
            Self::AddressType => "it does not know the kind of address",
        })
    }
}

/// `VER`, a code, `RSV`, then the address: a request (RFC 1928 §4) or an answer (§6).
pub(super) fn frame(code: u8, address: SocketAddr) -> Vec<u8> {
    let mut frame = vec![VERSION, code, 0];
    match address.ip() {
        IpAddr::V4(v4) => {
            frame.push(IPV4);
            frame.extend(v4.octets());
        }
        IpAddr::V6(v6) => {
            frame.push(IPV6);
            frame.extend(v6.octets());
        }
    }
    frame.extend(address.port().to_be_bytes());
    frame
}
