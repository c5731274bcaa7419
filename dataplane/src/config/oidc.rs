//! Issuers of tokens: who may say who somebody is, and for which domains (OAUTHBEARER, XOAUTH2).

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use postern_core::{DomainName, Secret};

use super::{
    reader::Reader,
    value::{Value, quoted},
};

/// Section `oidc`. Without trust in anybody tokens are neither offered nor taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oidc {
    /// Which issuer speaks for which domain; it speaks for no other.
    pub trust: Vec<Trust>,
    /// What a token must be meant for, one of them (`aud`).
    pub audience: Vec<String>,
    /// Which claim names the mailbox.
    pub claim: String,
    /// A word that a token's `scope` must hold.
    pub scope: Option<String>,
    /// Issuers that are asked about every token (RFC 7662), and as whom. The JWTs of the others are verified here.
    pub clients: Vec<IntrospectionClient>,
    /// How far clocks may differ.
    pub skew: Duration,
    /// The longest that an issuer may take to answer.
    pub timeout: Duration,
    /// A PEM file of the certificates that issuers' chains begin with, in place of the system's.
    pub ca: Option<PathBuf>,
}

/// `example.org=https://id.example.org/realms/acme`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// The domain.
    pub domain: DomainName,
    /// The issuer's identifier.
    pub issuer: String,
}

/// `https://id.example.org/realms/acme=ID:SECRET`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntrospectionClient {
    /// The issuer's identifier.
    pub issuer: String,
    /// Our id there.
    pub id: String,
    /// Our secret there.
    pub secret: Secret<String>,
}

impl Oidc {
    pub(super) fn read(from: &mut Reader<'_>) -> Self {
        let mut section = from.section("oidc");
        let oidc = Self {
            trust: section.list("trust", Vec::new()),
            audience: section.list("audience", Vec::new()),
            claim: section.value("claim", "email".to_owned()),
            scope: section.optional("scope"),
            clients: section.list("clients", Vec::new()),
            skew: section.between("skew", Duration::from_mins(1), Duration::ZERO..=Duration::from_mins(10)),
            timeout: section.between("timeout", Duration::from_secs(5), Duration::from_millis(100)..=Duration::from_secs(30)),
            ca: section.optional("ca"),
        };
        if !oidc.trust.is_empty() && oidc.audience.is_empty() {
            section.refuse("audience", "name what tokens must be meant for: without, one that was given to any other service would do");
        }
        let mut domains: BTreeMap<&DomainName, &str> = BTreeMap::new();
        for Trust { domain, issuer } in &oidc.trust {
            if domains.insert(domain, issuer).is_some_and(|other| other != issuer) {
                section.refuse("trust", format!("{domain} has two issuers; one may speak for it"));
            }
        }
        if let Some(client) = oidc.clients.iter().find(|client| oidc.trust.iter().all(|trust| trust.issuer != client.issuer)) {
            section.refuse("clients", format!("{} is trusted with no domain; name one in oidc.trust", client.issuer));
        }
        oidc
    }
}

impl Value for Trust {
    fn parse(text: &str) -> Result<Self, String> {
        let (domain, url) = text
            .split_once('=')
            .ok_or_else(|| format!("`{text}` is no trust; write domain=issuer, as example.org=https://id.example.org/realms/acme"))?;
        let domain = DomainName::parse(domain.trim()).map_err(|error| format!("`{text}`: {error}"))?;
        Ok(Self { domain, issuer: issuer(url)? })
    }
    fn literal(&self) -> String {
        quoted(&format!("{}={}", self.domain, self.issuer))
    }
}

impl Value for IntrospectionClient {
    fn parse(text: &str) -> Result<Self, String> {
        // The text may hold a secret: it is not repeated.
        let wrong = || "that is no client; write issuer=id:secret, as https://id.example.org/realms/acme=postern:…".to_owned();
        let (url, login) = text.split_once('=').ok_or_else(wrong)?;
        let (id, secret) = login.split_once(':').filter(|(id, secret)| !id.is_empty() && !secret.is_empty()).ok_or_else(wrong)?;
        Ok(Self { issuer: issuer(url)?, id: id.to_owned(), secret: Secret::new(secret.to_owned()) })
    }
    fn literal(&self) -> String {
        quoted(&format!("{}={}:[secret]", self.issuer, self.id))
    }
}

/// An issuer's identifier: an https URL without query and fragment (OpenID Connect Discovery 1.0 §3), or on this machine http.
fn issuer(text: &str) -> Result<String, String> {
    let text = text.trim();
    let near = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    let near = near.iter().any(|near| text.strip_prefix(near).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/'])));
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && !b"?#@\"<>\\^`{|}".contains(&b));
    let named = text.strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', ':']));
    if (named || near) && plain {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is no issuer; write its identifier as it stands in tokens, an https URL without query"))
    }
}
