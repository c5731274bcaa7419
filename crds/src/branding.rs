//! Branding: a tenant's own name and looks.

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Condition,
    reference::ContentRef,
    text::{Color, HostName, Line, Url},
};

/// What a brand shall be.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "postern.dev",
    version = "v1alpha1",
    kind = "Branding",
    plural = "brandings",
    namespaced,
    status = "BrandingStatus",
    derive = "PartialEq",
    shortname = "mbr",
    category = "postern",
    category = "mail",
    doc = "A tenant's own name and looks: webmail, panel, set-up pages, system mails.",
    printcolumn(name = "PRODUCT", type_ = "string", json_path = ".spec.productName"),
    printcolumn(name = "READY", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "REASON", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason", priority = 1),
    printcolumn(name = "AGE", type_ = "date", json_path = ".metadata.creationTimestamp", priority = 1)
)]
pub struct BrandingSpec {
    /// What the product is called.
    #[schemars(length(min = 1))]
    pub product_name: Line,
    /// Where help is.
    #[serde(default)]
    pub support: Support,
    /// Logos, at most 256 KiB each.
    #[serde(default)]
    pub logos: Logos,
    /// Colours.
    #[serde(default)]
    pub colors: Colors,
    /// Host names that show this brand; a CNAME to ours each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub hosts: Vec<HostName>,
    /// Legal links by name: `imprintUrl`, `privacyUrl`, `termsUrl`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 16))]
    pub legal: BTreeMap<String, Url>,
    /// Texts of system mails.
    #[serde(default)]
    pub email_templates: EmailTemplates,
}

/// Where help is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Support {
    /// Link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Url>,
    /// Whether no link is shown at all.
    #[serde(default)]
    pub hidden: bool,
}

/// Logos.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Logos {
    /// On light ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub light: Option<ContentRef>,
    /// On dark ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dark: Option<ContentRef>,
    /// In the browser's tab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub favicon: Option<ContentRef>,
}

/// Colours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Colors {
    /// Buttons and links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent: Option<Color>,
    /// Text on the accent; its contrast must be 4.5 to 1 (WCAG 2.2 §1.4.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_accent: Option<Color>,
}

/// Texts of system mails.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EmailTemplates {
    /// Below each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footer: Option<ContentRef>,
}

/// What is known of a brand.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BrandingStatus {
    /// The generation that this describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Where to see it before it goes live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_url: Option<String>,
    /// Each host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<HostStatus>,
    /// Ready, Reconciling, Stalled, Accepted, AssetsReady, HostsReady, CertificatesReady, Programmed.
    #[serde(default)]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}

/// What is known of one host of a brand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostStatus {
    /// The host.
    pub host: String,
    /// Its CNAME: `ok` or what is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cname: Option<String>,
    /// Its certificate: `ok` or what is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Whether every process serves it.
    pub loaded: bool,
}
