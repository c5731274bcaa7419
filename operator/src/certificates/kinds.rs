//! cert-manager's kinds, as far as they matter here: what is asked for and what is heard. Unknown fields are not ours.

use std::collections::BTreeMap;

use kube::CustomResource;
use serde::{Deserialize, Serialize};

/// A certificate that cert-manager keeps in a Secret.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(group = "cert-manager.io", version = "v1", kind = "Certificate", namespaced, status = "CertificateStatus", schema = "disabled")]
#[serde(rename_all = "camelCase")]
pub struct CertificateSpec {
    /// Where it is kept.
    pub secret_name: String,
    /// What becomes of that Secret's metadata.
    #[serde(default)]
    pub secret_template: SecretTemplate,
    /// For which hosts.
    pub dns_names: Vec<String>,
    /// By whom.
    pub issuer_ref: Issuer,
    /// With which key.
    #[serde(default)]
    pub private_key: PrivateKey,
    /// How many requests of the past are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision_history_limit: Option<i32>,
}

/// Metadata of the Secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretTemplate {
    /// Its labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// A reference to an issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuer {
    /// `Issuer` or `ClusterIssuer`.
    #[serde(default)]
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// The key that is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrivateKey {
    /// `ECDSA`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// Bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<i32>,
    /// `Always`: a new key at each renewal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation_policy: Option<String>,
}

/// What cert-manager says of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateStatus {
    /// `Ready` and others.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// When the one in the Secret ends, RFC 3339.
    #[serde(default)]
    pub not_after: Option<String>,
    /// Counts issuances.
    #[serde(default)]
    pub revision: Option<i64>,
}

/// A condition of cert-manager's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Its type.
    #[serde(rename = "type")]
    pub type_: String,
    /// `True`, `False`, `Unknown`.
    pub status: String,
    /// Why, for people.
    #[serde(default)]
    pub message: String,
}

/// What an ACME server wants to see (RFC 8555 §8).
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(group = "acme.cert-manager.io", version = "v1", kind = "Challenge", namespaced, status = "ChallengeStatus", schema = "disabled")]
#[serde(rename_all = "camelCase")]
pub struct ChallengeSpec {
    /// `HTTP-01` or `DNS-01`.
    #[serde(rename = "type")]
    pub type_: String,
    /// The host.
    #[serde(default)]
    pub dns_name: String,
    /// What is asked for.
    #[serde(default)]
    pub token: String,
    /// What is to be answered: the key authorization.
    #[serde(default)]
    pub key: String,
}

/// How far a challenge has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeStatus {
    /// `pending`, `valid`, `invalid`, …
    #[serde(default)]
    pub state: String,
}

impl Certificate {
    /// Whether the Secret holds a certificate that serves.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.status.as_ref().is_some_and(|status| status.conditions.iter().any(|c| c.type_ == "Ready" && c.status == "True"))
    }

    /// Why it is not ready, in cert-manager's words.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        let status = self.status.as_ref()?;
        let failing = status.conditions.iter().find(|c| c.type_ != "Ready" && !c.message.is_empty());
        let not_ready = || status.conditions.iter().find(|c| c.type_ == "Ready" && c.status != "True");
        failing.or_else(not_ready).map(|c| c.message.as_str()).filter(|message| !message.is_empty())
    }
}
