//! OAUTHBEARER (RFC 7628) and XOAUTH2: a token in place of a password.
//!
//! What the token is worth the issuer says, or its signature; here it is a text of a certain shape. XOAUTH2 is what mail
//! clients spoke before the RFC and still speak: another header, the same pairs, another refusal.

use postern_core::Secret;

use crate::{Failure, saslname};

/// Between the fields of a message: `kvsep`, RFC 7628 §3.1.
const SEPARATOR: char = '\u{1}';
/// Longest message that is looked at, in octets: what SMTP's longest AUTH line holds (RFC 4954 §4).
const MAX_MESSAGE: usize = 12 * 1024;

/// What the client shows.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// Whom it wants to be: RFC 7628's authorization identity, XOAUTH2's user.
    pub user: Option<String>,
    /// The token. Empty when the client only asks where to get one (RFC 7628 §4.2).
    pub token: Secret<String>,
}

/// What the client is told of a token that will not do (RFC 7628 §3.2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenRefused {
    /// The scope that a token needs, if one is asked for.
    pub scope: Option<String>,
    /// Where the issuer describes itself: the address of its OpenID configuration.
    pub configuration: Option<String>,
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    Rfc7628,
    XOAuth2,
}

impl Flavour {
    /// Reads a client's message.
    pub(crate) fn parse(self, message: &[u8]) -> Result<Bearer, Failure> {
        let text = std::str::from_utf8(message).map_err(|_| Failure::Malformed)?;
        if text.len() > MAX_MESSAGE {
            return Err(Failure::Malformed);
        }
        let (user, pairs) = match self {
            Self::Rfc7628 => gs2(text)?,
            Self::XOAuth2 => user(text)?,
        };
        Ok(Bearer { user, token: token(pairs)? })
    }

    /// The refusal as JSON; the client answers it with a dummy, and only then the exchange has failed.
    pub(crate) fn refusal(self, refused: &TokenRefused) -> Vec<u8> {
        let mut fields = serde_json::Map::new();
        let mut say = |name: &str, value: &str| fields.insert(name.to_owned(), value.into());
        match self {
            Self::Rfc7628 => say("status", "invalid_token"),
            Self::XOAuth2 => say("status", "401"),
        };
        if self == Self::XOAuth2 {
            say("schemes", "bearer");
        }
        if let Some(scope) = &refused.scope {
            say("scope", scope);
        }
        if let (Self::Rfc7628, Some(configuration)) = (self, &refused.configuration) {
            say("openid-configuration", configuration);
        }
        serde_json::Value::Object(fields).to_string().into_bytes()
    }
}

/// `gs2-header kvsep`, RFC 7628 §3.1: `n,a=user@example.com,^A`.
fn gs2(text: &str) -> Result<(Option<String>, &str), Failure> {
    let (header, pairs) = text.split_once(SEPARATOR).ok_or(Failure::Malformed)?;
    let mut parts = header.split(',');
    let (Some(flag), Some(authzid), Some(""), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(Failure::Malformed);
    };
    match flag {
        // RFC 7628 §3.1: there is no channel binding, so a client that has "y" misses nothing.
        "n" | "y" => {}
        flag if flag.starts_with("p=") => return Err(Failure::ChannelBinding),
        _ => return Err(Failure::Malformed),
    }
    let user = match authzid {
        "" => None,
        name => Some(saslname::unescape(name.strip_prefix("a=").ok_or(Failure::Malformed)?)?),
    };
    Ok((user, pairs))
}

/// XOAUTH2's beginning: `user=name^A`.
fn user(text: &str) -> Result<(Option<String>, &str), Failure> {
    let (user, pairs) = text.split_once(SEPARATOR).ok_or(Failure::Malformed)?;
    let user = user.strip_prefix("user=").filter(|user| !user.is_empty() && !user.contains('\0')).ok_or(Failure::Malformed)?;
    Ok((Some(user.to_owned()), pairs))
}

/// `*kvpair kvsep`: what `auth` says. Host and port are for signatures that nobody makes; unknown keys are skipped (RFC 7628 §3.1).
fn token(pairs: &str) -> Result<Secret<String>, Failure> {
    let pairs = pairs.strip_suffix("\u{1}\u{1}").ok_or(Failure::Malformed)?;
    let mut found = None;
    for pair in pairs.split(SEPARATOR) {
        let (key, value) = pair.split_once('=').ok_or(Failure::Malformed)?;
        if key.is_empty() || !key.bytes().all(|b| b.is_ascii_alphabetic()) {
            return Err(Failure::Malformed);
        }
        if key == "auth" && found.replace(value).is_some() {
            return Err(Failure::Malformed);
        }
    }
    let value = found.ok_or(Failure::Malformed)?;
    // RFC 6750 §2.1: the scheme in any case (RFC 9110 §11.1), then a b64token.
    let token = match value.split_once(' ') {
        None if value.is_empty() => "",
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => token.trim_start_matches(' '),
        _ => return Err(Failure::Malformed),
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    if token.bytes().all(plain) { Ok(Secret::new(token.to_owned())) } else { Err(Failure::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(flavour: Flavour, message: &str) -> Result<(Option<String>, String), Failure> {
        flavour.parse(message.replace('^', "\u{1}").as_bytes()).map(|bearer| (bearer.user, bearer.token.expose().clone()))
    }

    /// RFC 7628 §4.1, and the empty header of §4.2.
    #[test]
    fn the_message_of_the_rfc() {
        let message = "n,a=user@example.com,^host=server.example.com^port=143^auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==^^";
        let expected = (Some("user@example.com".to_owned()), "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==".to_owned());
        assert_eq!(told(Flavour::Rfc7628, message), Ok(expected));
        assert_eq!(told(Flavour::Rfc7628, "n,,^host=server.example.com^port=143^auth=^^"), Ok((None, String::new())));
        assert_eq!(told(Flavour::Rfc7628, "y,a=a=2Cb,^auth=bearer x^^"), Ok((Some("a,b".to_owned()), "x".to_owned())));
    }

    #[test]
    fn the_message_of_older_clients() {
        let expected = (Some("someuser@example.com".to_owned()), "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg".to_owned());
        let message = "user=someuser@example.com^auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg^^";
        assert_eq!(told(Flavour::XOAuth2, message), Ok(expected));
        assert_eq!(told(Flavour::XOAuth2, "user=^auth=Bearer x^^"), Err(Failure::Malformed));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for bad in [
            "",
            "^",
            "n,,^^",
            "n,,^auth=Bearer x^",
            "n,^auth=Bearer x^^",
            "n,,,^auth=Bearer x^^",
            "n,u=x,^auth=Bearer x^^",
            "z,,^auth=Bearer x^^",
            "n,,^auth=Basic eDp5^^",
            "n,,^auth=Bearer x^auth=Bearer y^^",
            "n,,^auth=Bearer a b^^",
            "n,,^auth=Bearer x\r\n^^",
            "n,,^1=2^auth=Bearer x^^",
            "n,,^auth^^",
        ] {
            assert_eq!(told(Flavour::Rfc7628, bad), Err(Failure::Malformed), "{bad:?}");
        }
        assert_eq!(told(Flavour::Rfc7628, "p=tls-exporter,,^auth=Bearer x^^"), Err(Failure::ChannelBinding));
        let long = format!("n,,^auth=Bearer {}^^", "x".repeat(MAX_MESSAGE));
        assert_eq!(told(Flavour::Rfc7628, &long), Err(Failure::Malformed));
    }

    #[test]
    fn a_refusal_says_what_to_bring_and_where_to_get_it() {
        let refused = TokenRefused {
            scope: Some("example_scope".into()),
            configuration: Some("https://example.com/.well-known/openid-configuration".into()),
        };
        let said: serde_json::Value = serde_json::from_slice(&Flavour::Rfc7628.refusal(&refused)).unwrap();
        assert_eq!(
            said,
            serde_json::json!({
                "status": "invalid_token",
                "scope": "example_scope",
                "openid-configuration": "https://example.com/.well-known/openid-configuration"
            })
        );
        let said: serde_json::Value = serde_json::from_slice(&Flavour::XOAuth2.refusal(&refused)).unwrap();
        assert_eq!(said, serde_json::json!({"status": "401", "schemes": "bearer", "scope": "example_scope"}));
    }
}
