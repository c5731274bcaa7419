//! DNS as the sender and the checks ask it: four questions, and answers that tell "there is none" from
//! "nobody could say", for the one bounces a message and the other defers it.

mod hickory;
mod static_zone;

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use async_trait::async_trait;
pub use hickory::HickoryResolver;
use postern_core::DomainName;
pub use static_zone::{StaticResolver, ZoneError};

/// A mail exchanger (RFC 5321 §5.1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mx {
    /// Lower is tried first.
    pub preference: u16,
    /// The host; `None` is the root, that is a null MX (RFC 7505): the domain takes no mail.
    pub exchange: Option<DomainName>,
}

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<T> {
    /// At least one record, in the order of the server (MX: by preference).
    Found {
        /// The records.
        records: Vec<T>,
        /// Whether DNSSEC proved every one of them; `false` also when nobody validated.
        authenticated: bool,
    },
    /// The name exists, records of this type do not.
    NoRecords,
    /// The name does not exist.
    NxDomain,
    /// Nobody could say; try again later. The reason is for logs and the trail.
    Temporary(String),
}

impl<T> Answer<T> {
    /// The records; none unless found.
    #[must_use]
    pub fn records(&self) -> &[T] {
        match self {
            Self::Found { records, .. } => records,
            _ => &[],
        }
    }

    /// Whether asking again may give something else soon.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Temporary(_))
    }
}

/// Where DNS answers come from.
#[async_trait]
pub trait Resolver: Send + Sync + fmt::Debug {
    /// MX records by preference. The implicit MX (RFC 5321 §5.1) is the caller's to apply on [`Answer::NoRecords`].
    async fn mx(&self, domain: &DomainName) -> Answer<Mx>;

    /// A and AAAA records, IPv4 first. [`Answer::Temporary`] only if no family gave an address.
    async fn ip(&self, host: &DomainName) -> Answer<IpAddr>;

    /// TXT records, the strings of each joined (RFC 7208 §3.3); what is not UTF-8 is replaced.
    async fn txt(&self, name: &DomainName) -> Answer<String>;

    /// Names of an address.
    async fn ptr(&self, address: IpAddr) -> Answer<DomainName>;
}

/// Where the hickory resolver asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Servers {
    /// Those of `/etc/resolv.conf`.
    #[default]
    System,
    /// These, by UDP and TCP.
    Listed(Vec<SocketAddr>),
}

/// Joins the answers for two address families into one.
fn join(four: Answer<IpAddr>, six: Answer<IpAddr>) -> Answer<IpAddr> {
    match (four, six) {
        (Answer::Found { mut records, authenticated }, Answer::Found { records: more, authenticated: also }) => {
            records.extend(more);
            Answer::Found { records, authenticated: authenticated && also }
        }
        (found @ Answer::Found { .. }, _) | (_, found @ Answer::Found { .. }) => found,
        (temporary @ Answer::Temporary(_), _) | (_, temporary @ Answer::Temporary(_)) => temporary,
        (Answer::NxDomain, _) | (_, Answer::NxDomain) => Answer::NxDomain,
        (Answer::NoRecords, Answer::NoRecords) => Answer::NoRecords,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_family_is_enough_and_doubt_defers() {
        let found = Answer::Found { records: vec!["192.0.2.1".parse().unwrap()], authenticated: true };
        let temporary = Answer::Temporary("timeout".to_owned());
        assert_eq!(join(found.clone(), temporary.clone()), found);
        assert_eq!(join(Answer::NoRecords, temporary.clone()), temporary);
        assert_eq!(join(Answer::NxDomain, Answer::NoRecords), Answer::NxDomain);
    }
}
