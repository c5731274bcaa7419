//! A tenant's own name and looks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::DomainName;

/// A brand as web pages and system mails show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrandRecord {
    /// The tenant (namespace).
    pub tenant: String,
    /// Its name there.
    pub name: String,
    /// What the product is called.
    pub product_name: String,
    /// Where help is.
    pub support_url: Option<String>,
    /// Whether the support link is hidden.
    pub support_hidden: bool,
    /// Accent colour, `#rrggbb`.
    pub accent: Option<String>,
    /// Text on the accent colour, `#rrggbb`.
    pub on_accent: Option<String>,
    /// Host names that show this brand.
    pub hosts: Vec<DomainName>,
    /// Legal links by name.
    pub legal: BTreeMap<String, String>,
    /// Footer of system mails.
    pub mail_footer: Option<String>,
    /// Logos by name (`light`, `dark`, `favicon`), base64 as a ConfigMap's binaryData has it.
    pub logos: BTreeMap<String, String>,
    /// Used by domains that name none.
    pub is_default: bool,
}
