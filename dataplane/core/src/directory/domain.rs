//! A mail domain.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::DeletionPolicy;
use crate::{Address, ByteSize, DomainName};

/// What a domain does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DomainMode {
    /// Receives and sends.
    #[default]
    Full,
    /// Receives nothing.
    SendOnly,
    /// Sends nothing.
    ReceiveOnly,
    /// Recipients that are not here are relayed to another server.
    Split,
}

/// The names under which a domain is served.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hosts {
    /// MX, IMAP, submission, webmail.
    pub mail: Option<DomainName>,
    /// Open and click tracking.
    pub track: Option<DomainName>,
    /// Domain of the VERP return path.
    pub return_path: Option<DomainName>,
}

/// A DKIM key type (RFC 6376, RFC 8463).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DkimAlgorithm {
    /// rsa-sha256 with 2048 bits.
    Rsa2048,
    /// ed25519-sha256.
    Ed25519,
}

/// Which keys sign, and how long each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DkimPolicy {
    /// One key each.
    pub algorithms: Vec<DkimAlgorithm>,
    /// Age at which a key is replaced; `None` is never.
    pub rotate_every: Option<Duration>,
}

/// What a domain admin cannot exceed. `None` is no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainLimits {
    /// Boxes.
    pub mailboxes: Option<u64>,
    /// Aliases.
    pub aliases: Option<u64>,
    /// Bytes of all boxes together.
    pub storage: Option<ByteSize>,
    /// Bytes of one box.
    pub storage_per_mailbox: Option<ByteSize>,
    /// Recipients an hour, outbound.
    pub send_per_hour: Option<u64>,
}

/// For boxes that do not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoxDefaults {
    /// Storage of a box.
    pub quota: Option<ByteSize>,
    /// Age at which Trash expires.
    pub trash_retention: Option<Duration>,
    /// Age at which Junk expires.
    pub junk_retention: Option<Duration>,
    /// Recipients an hour that one box may send to.
    pub send_per_hour: Option<u64>,
}

/// A domain as the dataplane serves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainRecord {
    /// The tenant (namespace).
    pub tenant: String,
    /// The domain itself.
    pub name: DomainName,
    /// Alias domains: `x@alias` is `x@name`.
    pub aliases: Vec<DomainName>,
    /// What it does.
    pub mode: DomainMode,
    /// With [`DomainMode::Split`]: where unknown recipients go, `host` or `host:port`.
    pub split_to: Option<String>,
    /// Host names.
    pub hosts: Hosts,
    /// Who gets what nobody else does.
    pub catch_all: Option<Address>,
    /// Pool that sends, as (namespace, name).
    pub pool: Option<(String, String)>,
    /// Brand, as a name in the same tenant.
    pub brand: Option<String>,
    /// Signing keys.
    pub dkim: DkimPolicy,
    /// Limits.
    pub limits: DomainLimits,
    /// Defaults of its boxes.
    pub defaults: BoxDefaults,
    /// Addresses with the domain-admin role.
    pub admins: Vec<Address>,
    /// What becomes of it when its resource goes.
    pub deletion: DeletionPolicy,
    /// Whether ownership counts as proven without a TXT record (standalone: always).
    pub preverified: bool,
    /// What later parts read and this version does not: DNS, DMARC, spam policy, certificates, as the spec gave them.
    #[serde(default)]
    pub extra: Option<String>,
}

impl DomainRecord {
    /// A domain that receives and sends and says nothing else: no names of hosts, no keys, no limits, and proof of ownership is not
    /// asked for.
    #[must_use]
    pub fn new(tenant: impl Into<String>, name: DomainName) -> Self {
        Self {
            tenant: tenant.into(),
            name,
            aliases: Vec::new(),
            mode: DomainMode::Full,
            split_to: None,
            hosts: Hosts::default(),
            catch_all: None,
            pool: None,
            brand: None,
            dkim: DkimPolicy { algorithms: Vec::new(), rotate_every: None },
            limits: DomainLimits::default(),
            defaults: BoxDefaults::default(),
            admins: Vec::new(),
            deletion: DeletionPolicy::default(),
            preverified: true,
            extra: None,
        }
    }
}
