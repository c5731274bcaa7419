//! Issuers of tokens, as the configuration names them, asked over HTTPS.

use std::{collections::BTreeMap, fs, io, sync::Arc};

use async_trait::async_trait;
use postern_access::bearer::{Client, Issuer, Issuers, Settings, Unreachable, Web};
use postern_core::Clock;
use postern_net::{
    https::{Basic, Bounds, HttpError, HttpsClient},
    tls::{ClientTls, Roots},
};

use crate::config::Oidc;

/// Octets of an issuer's answer at most.
const LARGEST: usize = 256 << 10;

/// The issuers, if anybody is trusted.
///
/// # Errors
/// When the file of certificates cannot be used, or there is none to begin a chain with.
pub fn issuers(config: &Oidc, clock: Arc<dyn Clock>) -> io::Result<Option<Arc<Issuers>>> {
    if config.trust.is_empty() {
        return Ok(None);
    }
    let roots = match &config.ca {
        Some(path) => {
            let unusable = |error: &dyn std::fmt::Display| io::Error::other(format!("{}: {error}", path.display()));
            Roots::from_pem(&fs::read(path).map_err(|error| unusable(&error))?).map_err(|error| unusable(&error))?
        }
        None => {
            Roots::of_system().ok_or_else(|| io::Error::other("the system has no root certificates; name a file of them in oidc.ca"))?
        }
    };
    let tls = ClientTls::verified(roots, clock.clone())?;
    let client = HttpsClient::new(&tls, Bounds { time: config.timeout, body: LARGEST })?;
    Ok(Some(Arc::new(Issuers::new(settings(config), Arc::new(Https(client)), clock))))
}

fn settings(config: &Oidc) -> Settings {
    let mut issuers: BTreeMap<&str, Issuer> = BTreeMap::new();
    for trust in &config.trust {
        let client = config.clients.iter().find(|client| client.issuer == trust.issuer);
        let new = || Issuer {
            url: trust.issuer.clone(),
            domains: [].into(),
            client: client.map(|client| Client { id: client.id.clone(), secret: client.secret.clone() }),
        };
        issuers.entry(&trust.issuer).or_insert_with(new).domains.insert(trust.domain.clone());
    }
    Settings {
        issuers: issuers.into_values().collect(),
        audiences: config.audience.clone(),
        claim: config.claim.clone(),
        scope: config.scope.clone(),
        skew: config.skew,
    }
}

struct Https(HttpsClient);

#[async_trait]
impl Web for Https {
    async fn get(&self, url: &str) -> Result<Vec<u8>, Unreachable> {
        self.0.get(url).await.map_err(|error| unreachable(url, &error))
    }

    async fn post(&self, url: &str, client: &Client, form: &[(&str, &str)]) -> Result<Vec<u8>, Unreachable> {
        let login = Basic { user: &client.id, password: client.secret.expose() };
        self.0.post_form(url, login, form).await.map_err(|error| unreachable(url, &error))
    }
}

/// The addresses are the issuer's own documents and hold no secret.
fn unreachable(url: &str, error: &HttpError) -> Unreachable {
    Unreachable(format!("{url}: {error}"))
}
