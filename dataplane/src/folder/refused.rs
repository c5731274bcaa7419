//! What the directory did not take, in the words of the projection, so that both are told alike.

use std::collections::HashMap;

use postern_core::directory::SourceKey;
use postern_crds::condition::reason;
use postern_projection::{Manifest, ObjectId, Problem, Projection, Refusal};
use postern_store::directory::{self, Reason};

use super::{
    object::{field_of, source},
    parse::source_of,
};

/// Adds the directory's refusals to the judgements and the problems.
///
/// `unhashed` says of an account why its password has no verifiers.
pub(super) fn tell(
    projection: &mut Projection,
    refused: Vec<directory::Refusal>,
    manifests: &[Manifest],
    unhashed: &HashMap<SourceKey, String>,
) {
    if refused.is_empty() {
        return;
    }
    let by_source: HashMap<SourceKey, &Manifest> = manifests.iter().map(|manifest| (source(&manifest.object), manifest)).collect();
    for refusal in refused {
        let Some(manifest) = by_source.get(&refusal.source) else { continue };
        let field = match refusal.reason {
            Reason::CredentialMissing => "spec.auth".to_owned(),
            _ => field_of(&manifest.object, &refusal.name),
        };
        let told = in_words(&refusal, field, unhashed.get(&refusal.source));
        let SourceKey { kind, namespace, name, .. } = refusal.source.clone();
        projection.problems.push(Problem {
            file: manifest.place.file.to_string(),
            line: manifest.place.line_of(&told.field),
            field: told.field.clone(),
            message: told.message.clone(),
            fix: told.fix.clone(),
            object: Some(Box::new(ObjectId { kind, namespace, name })),
        });
        projection.reports.entry(refusal.source).or_default().refusals.push(told);
    }
}

/// The judgement of documents that are broken in themselves and yet known by name.
pub(super) fn tell_broken(projection: &mut Projection, problems: &[Problem]) {
    for problem in problems {
        let Some(id) = &problem.object else { continue };
        let refusal = Refusal {
            reason: reason::INVALID_SPEC,
            field: problem.field.clone(),
            message: problem.message.clone(),
            fix: problem.fix.clone(),
        };
        projection.reports.entry(source_of(id)).or_default().refusals.push(refusal);
    }
}

fn in_words(refusal: &directory::Refusal, field: String, unhashed: Option<&String>) -> Refusal {
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
