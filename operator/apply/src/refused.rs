//! What the directory did not take, in the words of the projection, so that both are told alike.

use postern_crds::condition::reason;
use postern_projection::Refusal;
use postern_store::directory::{self, Reason};
use serde_json::Value as Json;

/// The directory's refusal of an object. `spec` is the object's, to name the field; `unhashed` says why an account's
/// password has no verifiers.
#[must_use]
pub fn in_words(refusal: &directory::Refusal, spec: &Json, unhashed: Option<&str>) -> Refusal {
    let field = match refusal.reason {
        Reason::CredentialMissing => "spec.auth".to_owned(),
        _ => field_of(spec, &refusal.name),
    };
    words(refusal, field, unhashed)
}

/// Whether the record was not written at all, other than kept and not served.
#[must_use]
pub const fn is_unwritten(reason: Reason) -> bool {
    matches!(reason, Reason::AddressTaken | Reason::CredentialMissing)
}

/// Path of the field of `spec` that holds this text: `spec.aliases[1]`; `spec` when none does.
#[must_use]
pub fn field_of(spec: &Json, text: &str) -> String {
    fn find(at: &Json, path: &str, text: &str) -> Option<String> {
        match at {
            Json::String(found) if found.eq_ignore_ascii_case(text) => Some(path.to_owned()),
            Json::Array(items) => items.iter().enumerate().find_map(|(i, item)| find(item, &format!("{path}[{i}]"), text)),
            Json::Object(fields) => fields.iter().find_map(|(name, field)| find(field, &format!("{path}.{name}"), text)),
            _ => None,
        }
    }
    find(spec, "spec", text).unwrap_or_else(|| "spec".to_owned())
}

fn words(refusal: &directory::Refusal, field: String, unhashed: Option<&str>) -> Refusal {
    let name = &refusal.name;
    let (reason, message, fix) = match refusal.reason {
        Reason::AddressTaken => (
            reason::ADDRESS_TAKEN,
            format!("{name} belongs to another record of this tenant"),
            "remove it here, or delete the other first".to_owned(),
        ),
        Reason::DomainClaimedElsewhere => (
            reason::DOMAIN_CLAIMED_ELSEWHERE,
            format!("another tenant holds {name}"),
            "remove it here, or delete the other first; it is served here once it is free".to_owned(),
        ),
        Reason::TokenNotFound => {
            (reason::TOKEN_NOT_FOUND, format!("{name} is not proven yet"), "set the TXT record that proves it".to_owned())
        }
        Reason::CredentialMissing => (
            reason::INVALID_SPEC,
            unhashed.map_or_else(|| "the password changed while it was being hashed".to_owned(), |why| format!("the password: {why}")),
            if unhashed.is_some() { "give another" } else { "nothing: it is tried again" }.to_owned(),
        ),
    };
    Refusal { reason, field, message, fix }
}
