//! Who may say who somebody is: issuers of the tokens that clients log in with (OAUTHBEARER, XOAUTH2).

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    reference::SecretKeyRef,
    text::{ClientId, HostName, Issuer, OidcWord},
};

/// Issuers of tokens. Without any, tokens are neither offered nor taken.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!has(self.clients) || self.clients.all(c, self.trust.exists(t, t.issuer == c.issuer))")
    .message("a client's issuer must be trusted with a domain; name it in trust").field_path(".clients"))]
pub struct Oidc {
    /// Which issuer speaks for which domain; it speaks for no other.
    #[schemars(length(min = 1, max = 200))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["domain".into()]))]
    pub trust: Vec<Trust>,
    /// What a token must be meant for, one of them (`aud`): one that was given to another service would do otherwise.
    #[schemars(length(min = 1, max = 16))]
    pub audience: Vec<OidcWord>,
    /// Which claim names the mailbox.
    #[serde(default = "email")]
    pub claim: OidcWord,
    /// A word that a token's `scope` must hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<OidcWord>,
    /// Issuers that are asked about every token (RFC 7662), and as whom. The JWTs of the others are verified by the keys that
    /// they publish.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["issuer".into()]))]
    pub clients: Vec<IntrospectionClient>,
    /// A Secret's key that holds the certificates (PEM) with which issuers' chains begin; those that every system trusts when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_secret_ref: Option<SecretKeyRef>,
}

fn email() -> OidcWord {
    "email".into()
}

/// Which issuer speaks for a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trust {
    /// The domain.
    pub domain: HostName,
    /// The issuer's identifier, as it stands in tokens.
    pub issuer: Issuer,
}

/// As whom an issuer is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IntrospectionClient {
    /// The issuer's identifier.
    pub issuer: Issuer,
    /// Our id there.
    pub client_id: ClientId,
    /// A Secret's key that holds our secret there; it may hold no comma.
    pub client_secret_ref: SecretKeyRef,
}
