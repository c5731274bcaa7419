//! How an issuer describes itself: OpenID Connect Discovery 1.0 §3, RFC 8414 §2.

use serde::Deserialize;

use super::Unreachable;

/// What we need of the description.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    pub(super) jwks_uri: Option<String>,
    pub(super) introspection_endpoint: Option<String>,
}

/// Where it stands (OpenID Connect Discovery 1.0 §4).
pub(super) fn address(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

impl Metadata {
    pub(super) fn read(issuer: &str, json: &[u8]) -> Result<Self, Unreachable> {
        let wrong = |what: &str| Unreachable(format!("the configuration of {issuer} {what}"));
        let read: Self = serde_json::from_slice(json).map_err(|_| wrong("is not what it should be"))?;
        // OpenID Connect Discovery 1.0 §4.3: exactly the same, or somebody else answers in its place.
        if read.issuer != issuer {
            return Err(wrong("is another issuer's"));
        }
        let private = |url: &Option<String>| url.as_ref().is_none_or(|url| url.starts_with("https://") || is_loopback(issuer));
        if private(&read.jwks_uri) && private(&read.introspection_endpoint) { Ok(read) } else { Err(wrong("leads out of TLS")) }
    }
}

/// Whether an issuer may be spoken to in the clear: it is on this machine.
#[must_use]
pub(super) fn is_loopback(issuer: &str) -> bool {
    let Some(rest) = issuer.strip_prefix("http://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.strip_prefix("[::1]").map_or_else(|| authority.split(':').next().unwrap_or_default(), |_| "::1");
    ["localhost", "127.0.0.1", "::1"].contains(&host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_describes_itself_and_nobody_else() {
        let issuer = "https://id.example.org/realms/acme";
        assert_eq!(address(issuer), "https://id.example.org/realms/acme/.well-known/openid-configuration");
        let read = |json: &str| Metadata::read(issuer, json.as_bytes()).map(|read| read.jwks_uri);
        let keys = "https://keys.example.org/jwks";
        assert_eq!(read(&format!(r#"{{"issuer":"{issuer}","jwks_uri":"{keys}"}}"#)), Ok(Some(keys.to_owned())));
        for bad in [
            format!(r#"{{"issuer":"{issuer}/","jwks_uri":"{keys}"}}"#),
            format!(r#"{{"issuer":"{issuer}","jwks_uri":"http://keys.example.org/"}}"#),
            format!(r#"{{"issuer":"{issuer}","introspection_endpoint":"http://127.0.0.1/"}}"#),
            format!(r#"{{"jwks_uri":"{keys}"}}"#),
            "<html>".to_owned(),
        ] {
            assert!(read(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_this_machine_is_spoken_to_in_the_clear() {
        for near in ["http://127.0.0.1:8080", "http://localhost/realm", "http://[::1]:80/"] {
            assert!(is_loopback(near), "{near}");
        }
        for far in ["https://127.0.0.1", "http://127.0.0.1.example.org", "http://id.example.org", "http://localhost@evil.example/"] {
            assert!(!is_loopback(far), "{far}");
        }
    }
}
