//! Alias: an address without storage.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Condition,
    text::{MailAddress, Moment},
};

/// What an alias shall be.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "postern.dev",
    version = "v1alpha1",
    kind = "Alias",
    plural = "aliases",
    namespaced,
    status = "AliasStatus",
    derive = "PartialEq",
    shortname = "mal",
    category = "postern",
    category = "mail",
    doc = "An address without storage: a redirect, a group, or one that throws mail away.",
    printcolumn(name = "ADDRESS", type_ = "string", json_path = ".spec.address"),
    printcolumn(name = "KIND", type_ = "string", json_path = ".spec.kind"),
    printcolumn(name = "EXPIRES", type_ = "string", json_path = ".spec.expiresAt"),
    printcolumn(name = "READY", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "REASON", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason", priority = 1),
    printcolumn(name = "AGE", type_ = "date", json_path = ".metadata.creationTimestamp", priority = 1)
)]
#[x_kube(
    validation = Rule::new("(self.kind == 'NoReply') != (has(self.targets) && size(self.targets) > 0)")
        .message("a NoReply alias has no targets, every other kind has at least one").field_path(".kind"),
    validation = Rule::new("!has(self.targets) || !(self.address in self.targets)").message("targets may not hold the address itself").field_path(".targets")
)]
pub struct AliasSpec {
    /// The address. Its Domain is found by the right part.
    pub address: MailAddress,
    /// What it is for.
    #[serde(default)]
    pub kind: AliasKind,
    /// Where its mail goes, here or elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub targets: Vec<MailAddress>,
    /// Reserved: an alias has no storage to keep a copy in. Name a Mailbox among the targets instead.
    #[serde(default)]
    #[x_kube(validation = Rule::new("!self").message("an alias keeps no copy; name a Mailbox among the targets"))]
    pub keep_copy: bool,
    /// No longer valid from then on; left out, it never ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Moment>,
}

/// What an alias is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AliasKind {
    /// Mail goes on to the targets.
    #[default]
    Redirect,
    /// The same, named a group.
    Group,
    /// Mail is accepted and thrown away.
    NoReply,
}

/// What is known of an alias.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AliasStatus {
    /// The generation that this describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Reconciling, Stalled, Accepted, Programmed.
    #[serde(default)]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}
