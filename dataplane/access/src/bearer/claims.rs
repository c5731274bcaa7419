//! What a token says (RFC 7519 §4.1, RFC 7662 §2.2), read strictly: a claim of the wrong type is a fault, never an absent one.

use std::{fmt, time::Duration};

use postern_core::{Address, Timestamp};
use serde_json::{Map, Value};

/// Why a token will not do. For the trail and for logs; the client hears `invalid_token`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No token of a form that we read.
    Malformed,
    /// Of an issuer that is not configured.
    UnknownIssuer,
    /// Signed in a way that we do not take, or not at all.
    Algorithm,
    /// Signed with a key that the issuer does not publish.
    UnknownKey,
    /// The signature does not fit.
    Signature,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYet,
    /// Meant for somebody else.
    Audience,
    /// It does not allow mail.
    Scope,
    /// The issuer says that it is not active.
    Inactive,
    /// It names no mailbox.
    NoMailbox,
    /// The issuer has not verified that the address is theirs.
    Unverified,
    /// The issuer does not speak for this domain.
    OtherDomain,
    /// The mailbox is tied to another subject.
    OtherSubject,
}

impl Fault {
    /// The name in logs and in the trail.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "token_malformed",
            Self::UnknownIssuer => "token_unknown_issuer",
            Self::Algorithm => "token_algorithm",
            Self::UnknownKey => "token_unknown_key",
            Self::Signature => "token_signature",
            Self::Expired => "token_expired",
            Self::NotYet => "token_not_yet_valid",
            Self::Audience => "token_audience",
            Self::Scope => "token_scope",
            Self::Inactive => "token_inactive",
            Self::NoMailbox => "token_names_no_mailbox",
            Self::Unverified => "token_address_unverified",
            Self::OtherDomain => "token_other_domain",
            Self::OtherSubject => "token_other_subject",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A token's claims.
#[derive(Clone, Debug)]
pub(super) struct Claims(Map<String, Value>);

impl Claims {
    pub(super) fn read(json: &[u8]) -> Result<Self, Fault> {
        serde_json::from_slice(json).map(Self).map_err(|_| Fault::Malformed)
    }

    /// A claim that is a text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// A claim that is `true`.
    pub(super) fn yes(&self, name: &str) -> bool {
        self.0.get(name) == Some(&Value::Bool(true))
    }

    /// Whether it has an end at all.
    pub(super) fn ends(&self) -> bool {
        self.0.contains_key("exp")
    }

    /// Between `nbf` and `exp`, so far as it has them (RFC 7519 §4.1.4, §4.1.5).
    pub(super) fn in_time(&self, now: Timestamp, skew: Duration) -> Result<(), Fault> {
        if self.time("exp")?.is_some_and(|end| now >= end + skew) {
            return Err(Fault::Expired);
        }
        match self.time("nbf")? {
            Some(begin) if now + skew < begin => Err(Fault::NotYet),
            _ => Ok(()),
        }
    }

    /// `aud`, a text or a list of them, must hold one of ours (RFC 7519 §4.1.3).
    pub(super) fn meant_for(&self, ours: &[String]) -> Result<(), Fault> {
        let ours = |value: &Value| value.as_str().is_some_and(|audience| ours.iter().any(|our| our == audience));
        let meant = match self.0.get("aud") {
            Some(Value::Array(audiences)) => audiences.iter().any(ours),
            Some(audience) => ours(audience),
            None => false,
        };
        if meant { Ok(()) } else { Err(Fault::Audience) }
    }

    /// `scope` holds words between spaces (RFC 9068 §2.2.3); some issuers call it `scp`, or write a list.
    pub(super) fn allows(&self, scope: &str) -> Result<(), Fault> {
        let holds = |value: &Value| match value {
            Value::String(words) => words.split(' ').any(|word| word == scope),
            Value::Array(words) => words.iter().any(|word| word.as_str() == Some(scope)),
            _ => false,
        };
        if ["scope", "scp"].iter().filter_map(|name| self.0.get(*name)).any(holds) { Ok(()) } else { Err(Fault::Scope) }
    }

    /// The address that a claim names. One that the issuer itself has not verified is nobody's (OpenID Connect Core §5.7).
    pub(super) fn mailbox(&self, claim: &str) -> Result<Address, Fault> {
        if claim == "email" {
            match self.0.get("email_verified") {
                None | Some(Value::Bool(true)) => {}
                Some(Value::String(text)) if text == "true" => {}
                Some(_) => return Err(Fault::Unverified),
            }
        }
        self.text(claim).and_then(|text| Address::parse(text).ok()).ok_or(Fault::NoMailbox)
    }

    /// Seconds since 1970, fractions allowed (RFC 7519 §2, `NumericDate`).
    fn time(&self, name: &str) -> Result<Option<Timestamp>, Fault> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        /// The year 9999: what is later is no time.
        const LATEST: f64 = 253_402_300_800.0;
        let seconds = value.as_f64().filter(|seconds| (0.0..LATEST).contains(seconds)).ok_or(Fault::Malformed)?;
        Ok(Some(Timestamp::from_secs(0) + Duration::from_secs_f64(seconds)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(json: &str) -> Claims {
        Claims::read(json.as_bytes()).unwrap()
    }

    #[test]
    fn time_is_judged_with_some_skew_and_never_guessed() {
        let (now, skew) = (Timestamp::from_secs(1_000), Duration::from_secs(60));
        for (json, outcome) in [
            (r#"{"exp": 1001}"#, Ok(())),
            (r#"{"exp": 941}"#, Ok(())),
            (r#"{"exp": 940.0}"#, Err(Fault::Expired)),
            (r#"{}"#, Ok(())),
            (r#"{"exp": "2000"}"#, Err(Fault::Malformed)),
            (r#"{"exp": -1}"#, Err(Fault::Malformed)),
            (r#"{"exp": 1e300}"#, Err(Fault::Malformed)),
            (r#"{"exp": 2000, "nbf": 1060}"#, Ok(())),
            (r#"{"exp": 2000, "nbf": 1061}"#, Err(Fault::NotYet)),
            (r#"{"exp": 2000, "nbf": "soon"}"#, Err(Fault::Malformed)),
            (r#"{"exp": 2000, "nbf": null}"#, Err(Fault::Malformed)),
        ] {
            assert_eq!(claims(json).in_time(now, skew), outcome, "{json}");
            assert_eq!(claims(json).ends(), json != "{}");
        }
    }

    #[test]
    fn audience_and_scope_in_both_their_forms() {
        let ours = ["mail".to_owned(), "postern".to_owned()];
        for (json, outcome) in [
            (r#"{"aud": "postern"}"#, Ok(())),
            (r#"{"aud": ["other", "mail"]}"#, Ok(())),
            (r#"{"aud": "other"}"#, Err(Fault::Audience)),
            (r#"{"aud": ["mai", 7]}"#, Err(Fault::Audience)),
            (r#"{"aud": []}"#, Err(Fault::Audience)),
            (r#"{}"#, Err(Fault::Audience)),
        ] {
            assert_eq!(claims(json).meant_for(&ours), outcome, "{json}");
        }
        for json in [r#"{"scope": "openid mail"}"#, r#"{"scp": "mail"}"#, r#"{"scp": ["openid", "mail"]}"#] {
            assert_eq!(claims(json).allows("mail"), Ok(()), "{json}");
        }
        assert_eq!(claims(r#"{"scope": "email mail.read"}"#).allows("mail"), Err(Fault::Scope));
    }

    #[test]
    fn an_address_that_the_issuer_doubts_is_nobodys() {
        for (json, fault) in [
            (r#"{"email": "a@x.example", "email_verified": false}"#, Fault::Unverified),
            (r#"{"email": "a@x.example", "email_verified": "no"}"#, Fault::Unverified),
            (r#"{"email": "not an address"}"#, Fault::NoMailbox),
            (r#"{"email": ["a@x.example"]}"#, Fault::NoMailbox),
            (r#"{"upn": "a@x.example"}"#, Fault::NoMailbox),
        ] {
            assert_eq!(claims(json).mailbox("email").err(), Some(fault), "{json}");
        }
        for json in [r#"{"email": "a@x.example"}"#, r#"{"email": "a@x.example", "email_verified": true}"#] {
            assert_eq!(claims(json).mailbox("email").unwrap().to_string(), "a@x.example");
        }
        let other = claims(r#"{"upn": "b@x.example", "email": "a@x.example", "email_verified": false}"#);
        assert_eq!(other.mailbox("upn").unwrap().to_string(), "b@x.example");
    }
}
