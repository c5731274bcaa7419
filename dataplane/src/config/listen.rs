//! The sockets, by name. Defaults are loopback only; in a cluster the same names get the real ports.

use std::{collections::BTreeMap, fmt, net::SocketAddr};

use postern_core::role::Role;

use super::{
    reader::Reader,
    value::{Value, quoted},
};

/// A listener's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// SMTP from other servers.
    Mx,
    /// SMTP from users, STARTTLS.
    Submission,
    /// SMTP from users, implicit TLS (RFC 8314 §3.3).
    Submissions,
    /// IMAP, STARTTLS.
    Imap,
    /// IMAP, implicit TLS (RFC 8314 §3.2).
    Imaps,
    /// POP3, STLS.
    Pop3,
    /// POP3, implicit TLS.
    Pop3s,
    /// ManageSieve, STARTTLS.
    Managesieve,
    /// HTTP.
    Web,
    /// HTTPS.
    Webs,
    /// Health and metrics.
    Health,
}

/// What is fixed about a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The name in flags, files and metrics.
    pub name: &'static str,
    /// The port on 127.0.0.1 unless somebody says otherwise.
    pub port: u16,
    /// Whether the TLS handshake comes first.
    pub implicit_tls: bool,
    /// The role that opens it; `None` for every process, and for what is not served yet.
    pub role: Option<Role>,
    /// Whether this version speaks the protocol. Otherwise the name may be configured, and no socket is opened.
    pub served: bool,
}

impl Name {
    /// Every name, in the order of help texts.
    pub const ALL: [Self; 11] = [
        Self::Mx,
        Self::Submission,
        Self::Submissions,
        Self::Imap,
        Self::Imaps,
        Self::Pop3,
        Self::Pop3s,
        Self::Managesieve,
        Self::Web,
        Self::Webs,
        Self::Health,
    ];

    /// What is fixed about it.
    #[must_use]
    pub const fn spec(self) -> Spec {
        match self {
            Self::Mx => spec("mx", 2525, false, Some(Role::Mx)),
            Self::Submission => spec("submission", 2587, false, Some(Role::Submission)),
            Self::Submissions => spec("submissions", 2465, true, Some(Role::Submission)),
            Self::Imap => spec("imap", 2143, false, Some(Role::Imap)),
            Self::Imaps => spec("imaps", 2993, true, Some(Role::Imap)),
            Self::Pop3 => later("pop3", 2110, false),
            Self::Pop3s => later("pop3s", 2995, true),
            Self::Managesieve => later("managesieve", 2419, false),
            Self::Web => spec("web", 8080, false, Some(Role::Web)),
            Self::Webs => spec("webs", 8443, true, Some(Role::Web)),
            Self::Health => spec("health", 9090, false, None),
        }
    }
}

const fn spec(name: &'static str, port: u16, implicit_tls: bool, role: Option<Role>) -> Spec {
    Spec { name, port, implicit_tls, role, served: true }
}

const fn later(name: &'static str, port: u16, implicit_tls: bool) -> Spec {
    Spec { name, port, implicit_tls, role: None, served: false }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.spec().name)
    }
}

/// Addresses by name; a name that is off is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen(BTreeMap<Name, SocketAddr>);

impl Listen {
    pub(super) fn read(from: &mut Reader<'_>) -> Self {
        let mut section = from.section("listen");
        let sockets = Name::ALL.into_iter().filter_map(|name| {
            let default = Socket(Some(SocketAddr::from(([127, 0, 0, 1], name.spec().port))));
            section.value(name.spec().name, default).0.map(|address| (name, address))
        });
        Self(sockets.collect())
    }

    /// The address of a name, unless it is off.
    #[must_use]
    pub fn address(&self, name: Name) -> Option<SocketAddr> {
        self.0.get(&name).copied()
    }

    /// The sockets that a process of these roles opens.
    pub fn opened(&self, roles: impl Fn(Role) -> bool) -> impl Iterator<Item = (Name, SocketAddr)> {
        self.0.iter().map(|(name, address)| (*name, *address)).filter(move |(name, _)| {
            let spec = name.spec();
            spec.served && spec.role.is_none_or(&roles)
        })
    }
}

/// An address, or `off`.
struct Socket(Option<SocketAddr>);

impl Value for Socket {
    fn parse(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self(None));
        }
        <SocketAddr as Value>::parse(text).map(|address| Self(Some(address))).map_err(|error| format!("{error}; or off"))
    }
    fn literal(&self) -> String {
        self.0.map_or_else(|| quoted("off"), |address| address.literal())
    }
}
