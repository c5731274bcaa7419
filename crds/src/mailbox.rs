//! Mailbox: an address with storage.
//!
//! Three classes of fields: `spec.*` is enforced, `spec.initial.*` is applied once, everything else is the user's.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Condition,
    reference::{ConfigMapKeyRef, DeletionPolicy, SecretKeyRef, ninety_days, thirty_days, yes},
    text::{ByteQuantity, Duration, LanguageTag, Line, MailAddress, PhcString},
};

/// What a box shall be.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "postern.dev",
    version = "v1alpha1",
    kind = "Mailbox",
    plural = "mailboxes",
    namespaced,
    status = "MailboxStatus",
    derive = "PartialEq",
    shortname = "mbx",
    category = "postern",
    category = "mail",
    doc = "An address with storage.",
    printcolumn(name = "ADDRESS", type_ = "string", json_path = ".spec.address"),
    printcolumn(name = "USED", type_ = "string", json_path = ".status.used"),
    printcolumn(name = "QUOTA", type_ = "string", json_path = ".spec.quota"),
    printcolumn(name = "LASTLOGIN", type_ = "string", json_path = ".status.lastLogin"),
    printcolumn(name = "READY", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "REASON", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason", priority = 1),
    printcolumn(name = "AGE", type_ = "date", json_path = ".metadata.creationTimestamp", priority = 1)
)]
#[x_kube(validation = Rule::new("!has(self.aliases) || !(self.address in self.aliases)").message("aliases may not repeat the address itself").field_path(".aliases"))]
pub struct MailboxSpec {
    /// The address. Its Domain is found by the right part; changing it renames the box, mail and all.
    pub address: MailAddress,
    /// Further addresses of the same box.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub aliases: Vec<MailAddress>,
    /// Storage; left out, the domain's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<ByteQuantity>,
    /// Which doors are open.
    #[serde(default)]
    pub protocols: Protocols,
    /// Role of the person behind it.
    #[serde(default)]
    pub role: Role,
    /// How to log in; left out, an administrator sets a password in the panel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// Applied once, when the box is made; the user's own afterwards.
    #[serde(default)]
    pub initial: Initial,
    /// Filters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sieve: Option<Sieve>,
    /// Mail is received, but nobody may log in or send.
    #[serde(default)]
    pub suspended: bool,
    /// How long the old address stays an alias after a rename.
    #[serde(default = "ninety_days")]
    pub rename_alias_for: Duration,
    /// What becomes of the mail when this object is deleted.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,
    /// With Retain: how long everything can be had back.
    #[serde(default = "thirty_days")]
    pub deletion_grace_period: Duration,
}

/// Which doors are open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Protocols {
    /// IMAP.
    #[serde(default = "yes")]
    pub imap: bool,
    /// POP3.
    #[serde(default = "yes")]
    pub pop3: bool,
    /// Submission.
    #[serde(default = "yes")]
    pub smtp: bool,
    /// Exchange ActiveSync.
    #[serde(default = "yes")]
    pub active_sync: bool,
}

impl Default for Protocols {
    fn default() -> Self {
        Self { imap: true, pop3: true, smtp: true, active_sync: true }
    }
}

/// Role of the person behind a box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Role {
    /// Sees only their own.
    #[default]
    User,
    /// Administers the domain of the address.
    DomainAdmin,
}

/// How to log in: exactly one of the fields.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "(has(self.passwordSecretRef) ? 1 : 0) + (has(self.passwordHash) ? 1 : 0) + (has(self.oidc) ? 1 : 0) + (has(self.generate) && self.generate ? 1 : 0) == 1"
).message("set exactly one of passwordSecretRef, passwordHash, generate and oidc"))]
pub struct Auth {
    /// A Secret's key that holds the password, clear or as PHC string (`$argon2id$…`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_secret_ref: Option<SecretKeyRef>,
    /// A PHC string, where no Secret is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<PhcString>,
    /// The operator makes a password and puts it into the Secret `<name>-credentials`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generate: Option<bool>,
    /// Log in by an OpenID provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oidc: Option<Oidc>,
}

/// Who the person is at the OpenID provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Oidc {
    /// The `sub` claim.
    #[schemars(length(min = 1, max = 255))]
    pub subject: String,
}

/// Applied once, when the box is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Initial {
    /// Name shown in From.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Line>,
    /// Language tag (BCP 47).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<LanguageTag>,
    /// For password recovery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_email: Option<MailAddress>,
    /// Whether a new password must be chosen at the first web login.
    #[serde(default)]
    pub must_change_password: bool,
}

/// Filters that come before the user's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sieve {
    /// A script that runs first; the user's own stays the user's.
    pub prepend_config_map_ref: ConfigMapKeyRef,
}

/// What is known of a box.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MailboxStatus {
    /// The generation that this describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Its storage's id, which outlives a rename.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailbox_id: Option<String>,
    /// Bytes used, in steps of 1 % of the quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<ByteQuantity>,
    /// Messages stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<u64>,
    /// Day of the last login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_login: Option<String>,
    /// Second factor in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub two_factor: Option<String>,
    /// When `spec.initial` was applied, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_applied_at: Option<String>,
    /// Ready, Reconciling, Stalled, Accepted, CredentialsReady, Programmed, QuotaExceeded, Suspended.
    #[serde(default)]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}
