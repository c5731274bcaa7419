//! What is reported of a Domain. It may be lost at any time: nothing reads it back but people.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DkimAlgorithm;
use crate::{
    Condition,
    text::{ByteQuantity, Line},
};

/// What is known of a domain.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DomainStatus {
    /// The generation that this describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Boxes, whoever made them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailboxes: Option<u64>,
    /// Bytes of all boxes; at most hourly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_used: Option<ByteQuantity>,
    /// The DNS records to set, and what was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns: Option<DnsStatus>,
    /// Signing keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dkim: Vec<DkimKeyStatus>,
    /// Certificates of the hosts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<CertificateStatus>,
    /// Ready, Reconciling, Stalled, Accepted, OwnershipVerified, DKIMReady, CertificatesReady, DNSReady, BulkSenderReady, Programmed.
    #[serde(default)]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}

/// What DNS says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DnsStatus {
    /// The record that proves ownership.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
    /// When it was last looked up, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<String>,
    /// Every record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<RecordStatus>,
}

/// The record that proves ownership.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verification {
    /// Where to put it.
    pub name: String,
    /// `TXT`.
    #[serde(rename = "type")]
    pub type_: String,
    /// What to write.
    pub value: String,
}

/// Judgement of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RecordState {
    /// As expected.
    Ok,
    /// Not there.
    Missing,
    /// There, but different.
    Wrong,
    /// There, and in the way.
    Interferes,
    /// Not looked up yet.
    Unknown,
}

/// One DNS record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordStatus {
    /// Owner name with a trailing dot.
    pub name: String,
    /// `MX`, `TXT`, ….
    #[serde(rename = "type")]
    pub type_: String,
    /// Judgement.
    pub state: RecordState,
    /// What should be there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expected: Vec<String>,
    /// What was seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observed: Vec<String>,
    /// One line saying what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Line>,
}

/// Where a DKIM key stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DkimKeyState {
    /// In DNS, not signing yet.
    Published,
    /// Signing.
    Active,
    /// No longer signing, still in DNS.
    Retired,
}

/// One DKIM key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DkimKeyStatus {
    /// Its selector.
    pub selector: String,
    /// Its type.
    pub algorithm: DkimAlgorithm,
    /// Where it stands.
    pub state: DkimKeyState,
    /// When it begins to sign, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activates_at: Option<String>,
}

/// One certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CertificateStatus {
    /// Its host.
    pub host: String,
    /// When it ends, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<String>,
    /// Whether every process uses it.
    pub loaded: bool,
    /// How it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<CertificateState>,
    /// One line saying what is waited for, or what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Line>,
}

/// Where a certificate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CertificateState {
    /// Its host does not lead here yet; it is asked for once it does.
    #[serde(rename = "WaitingForDNS")]
    WaitingForDns,
    /// It was asked for.
    WaitingForIssuer,
    /// The issuer is none that the MailCluster permits.
    NotPermitted,
    /// Not every process uses it yet.
    Programming,
    /// It serves.
    Serving,
}
