//! Domain: a mail domain, from its records in DNS to the limits of its boxes.

mod status;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    reference::{DeletionPolicy, IssuerRef, LocalRef, SharedRef, ninety_days, thirty_days, yes},
    text::{ByteQuantity, Duration, Extension, HostName, HostPort, MailAddress, MailtoUri},
};

pub use status::{
    CertificateState, CertificateStatus, DkimKeyState, DkimKeyStatus, DnsStatus, DomainStatus, RecordState, RecordStatus, Verification,
};

/// What a mail domain shall be.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "postern.dev",
    version = "v1alpha1",
    kind = "Domain",
    namespaced,
    status = "DomainStatus",
    derive = "PartialEq",
    shortname = "md",
    category = "postern",
    category = "mail",
    doc = "A mail domain: what it does, who administers it, what its boxes may use.",
    printcolumn(name = "DOMAIN", type_ = "string", json_path = ".spec.domain"),
    printcolumn(name = "OWNED", type_ = "string", json_path = ".status.conditions[?(@.type==\"OwnershipVerified\")].status"),
    printcolumn(name = "DNS", type_ = "string", json_path = ".status.conditions[?(@.type==\"DNSReady\")].status"),
    printcolumn(name = "CERT", type_ = "string", json_path = ".status.conditions[?(@.type==\"CertificatesReady\")].status"),
    printcolumn(name = "BOXES", type_ = "integer", json_path = ".status.mailboxes"),
    printcolumn(name = "READY", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "REASON", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason"),
    printcolumn(name = "POOL", type_ = "string", json_path = ".spec.ipPoolRef.name", priority = 1),
    printcolumn(name = "BRAND", type_ = "string", json_path = ".spec.brandingRef.name", priority = 1),
    printcolumn(name = "MX", type_ = "string", json_path = ".spec.hosts.mail", priority = 1),
    printcolumn(name = "AGE", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[x_kube(
    validation = Rule::new("!has(self.aliases) || !(self.domain in self.aliases)").message("aliases may not repeat the domain itself").field_path(".aliases"),
    validation = Rule::new("(self.mode == 'Split') == has(self.splitTo)").message("splitTo goes with mode Split, and mode Split needs it").field_path(".mode")
)]
pub struct DomainSpec {
    /// The domain, lower case, A-labels. It cannot change: make a new Domain and move the boxes.
    #[x_kube(validation = Rule::new("self == oldSelf").message("domain is immutable; make a new Domain and move its boxes"))]
    pub domain: HostName,
    /// Alias domains: `x@alias` is `x@domain`. Each is proven like the domain itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub aliases: Vec<HostName>,
    /// What the domain does.
    #[serde(default)]
    pub mode: Mode,
    /// With mode Split: the server that takes recipients unknown here, `host` or `host:port`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_to: Option<HostPort>,
    /// What its DNS shall say.
    #[serde(default)]
    pub dns: Dns,
    /// Signing keys.
    #[serde(default)]
    pub dkim: Dkim,
    /// The names under which it is served.
    #[serde(default)]
    pub hosts: Hosts,
    /// Certificates for the hosts; left out, the installation's default issuer serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificates: Option<Certificates>,
    /// Brand of its pages and system mails; left out, the tenant's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branding_ref: Option<LocalRef>,
    /// Pool that its mail leaves from; left out, the default pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_pool_ref: Option<SharedRef>,
    /// Who gets what nobody else does; left out, unknown recipients are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catch_all: Option<CatchAll>,
    /// What a domain admin cannot exceed.
    #[serde(default)]
    pub limits: Limits,
    /// For boxes that do not say.
    #[serde(default)]
    pub defaults: Defaults,
    /// Spam policy.
    #[serde(default)]
    pub spam: Spam,
    /// Addresses with the domain-admin role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub admins: Vec<MailAddress>,
    /// What becomes of it when this object is deleted.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,
    /// With Retain: how long everything can be had back.
    #[serde(default = "thirty_days")]
    pub deletion_grace_period: Duration,
}

/// What a domain does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Mode {
    /// Receives and sends.
    #[default]
    Full,
    /// Receives nothing.
    SendOnly,
    /// Sends nothing.
    ReceiveOnly,
    /// Recipients that are unknown here are relayed to another server.
    Split,
}

/// DNS records that we ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dns {
    /// Who writes them.
    #[serde(default)]
    pub management: DnsManagement,
    /// DMARC policy to publish.
    #[serde(default)]
    pub dmarc: Dmarc,
    /// Third parties that send for the domain, put into its SPF record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub spf_includes: Vec<HostName>,
    /// MTA-STS policy (RFC 8461).
    #[serde(default)]
    pub mta_sts: MtaSts,
    /// Whether TLS reports are asked for (RFC 8460).
    #[serde(default = "yes")]
    pub tls_rpt: bool,
}

impl Default for Dns {
    fn default() -> Self {
        Self {
            management: DnsManagement::Manual,
            dmarc: Dmarc::default(),
            spf_includes: Vec::new(),
            mta_sts: MtaSts::default(),
            tls_rpt: true,
        }
    }
}

/// Who writes the DNS records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DnsManagement {
    /// You do; status lists them.
    #[default]
    Manual,
}

/// What to publish as DMARC record (RFC 7489 §6.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dmarc {
    /// What receivers shall do with mail that fails.
    #[serde(default)]
    pub policy: DmarcPolicy,
    /// Where aggregate reports go, `mailto:` URIs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub rua: Vec<MailtoUri>,
}

/// DMARC policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DmarcPolicy {
    /// Report only.
    None,
    /// To the spam folder.
    #[default]
    Quarantine,
    /// Refuse.
    Reject,
}

/// MTA-STS (RFC 8461).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MtaSts {
    /// Mode of the policy.
    #[serde(default)]
    pub mode: MtaStsMode,
}

/// Mode of an MTA-STS policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MtaStsMode {
    /// No policy.
    None,
    /// Report, but deliver.
    #[default]
    Testing,
    /// Deliver only over TLS that checks.
    Enforce,
}

/// DKIM keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dkim {
    /// One key of each.
    #[serde(default = "both_algorithms")]
    #[schemars(length(min = 1, max = 2))]
    pub algorithms: Vec<DkimAlgorithm>,
    /// Age at which a key is replaced, with an overlap.
    #[serde(default = "ninety_days")]
    pub rotate_every: Duration,
}

impl Default for Dkim {
    fn default() -> Self {
        Self { algorithms: both_algorithms(), rotate_every: ninety_days() }
    }
}

fn both_algorithms() -> Vec<DkimAlgorithm> {
    vec![DkimAlgorithm::Rsa2048, DkimAlgorithm::Ed25519]
}

/// Type of a DKIM key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DkimAlgorithm {
    /// RFC 6376.
    Rsa2048,
    /// RFC 8463.
    Ed25519,
}

/// The names under which a domain is served.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hosts {
    /// MX, IMAP, submission, webmail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<HostName>,
    /// Open and click tracking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track: Option<HostName>,
    /// Domain of the return path, one address a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_path: Option<HostName>,
}

/// Where certificates come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Certificates {
    /// An issuer that the MailCluster permits.
    pub issuer_ref: IssuerRef,
}

/// Who gets what nobody else does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CatchAll {
    /// The address.
    pub to: MailAddress,
}

/// What a domain admin cannot exceed; what is left out has no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Boxes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailboxes: Option<u32>,
    /// Aliases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aliases: Option<u32>,
    /// Bytes of all boxes together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<ByteQuantity>,
    /// Bytes of one box.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_per_mailbox: Option<ByteQuantity>,
    /// Recipients an hour, outbound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_per_hour: Option<u32>,
}

/// For boxes that do not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Defaults {
    /// Storage of a box; left out, there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<ByteQuantity>,
    /// Recipients an hour that one box may send to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_per_hour: Option<u32>,
    /// When mail expires.
    #[serde(default)]
    pub retention: Retention,
    /// What users may change themselves.
    #[serde(default)]
    pub permissions: Permissions,
}

/// When mail in special folders expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Retention {
    /// In Trash.
    #[serde(default = "thirty_days")]
    pub trash: Duration,
    /// In Junk.
    #[serde(default = "thirty_days")]
    pub junk: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self { trash: thirty_days(), junk: thirty_days() }
    }
}

/// What users may change themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Permissions {
    /// Their password.
    #[serde(default = "yes")]
    pub password: bool,
    /// Their auto-reply.
    #[serde(default = "yes")]
    pub vacation: bool,
    /// Redirects to elsewhere.
    #[serde(default)]
    pub redirect: bool,
    /// Their aliases.
    #[serde(default)]
    pub aliases: bool,
    /// Their filters.
    #[serde(default = "yes")]
    pub sieve: bool,
}

impl Default for Permissions {
    fn default() -> Self {
        Self { password: true, vacation: true, redirect: false, aliases: false, sieve: true }
    }
}

/// Spam policy of a domain.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.junkAbove <= self.rejectAbove").message("junkAbove may not be greater than rejectAbove").field_path(".junkAbove"))]
pub struct Spam {
    /// Score above which mail goes to Junk.
    #[serde(default = "junk_above")]
    #[schemars(range(min = 0, max = 1000))]
    pub junk_above: i32,
    /// Score above which mail is refused.
    #[serde(default = "reject_above")]
    #[schemars(range(min = 0, max = 1000))]
    pub reject_above: i32,
    /// Whether unknown senders are asked to come again.
    #[serde(default)]
    pub greylist: bool,
    /// Block lists to ask for the client's address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub dnsbl: Vec<HostName>,
    /// Extensions of attachments that are refused, also inside archives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 128))]
    pub forbidden_types: Vec<Extension>,
}

const fn junk_above() -> i32 {
    5
}

const fn reject_above() -> i32 {
    15
}

impl Default for Spam {
    fn default() -> Self {
        Self { junk_above: 5, reject_above: 15, greylist: false, dnsbl: Vec::new(), forbidden_types: Vec::new() }
    }
}
