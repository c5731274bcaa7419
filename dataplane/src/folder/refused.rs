//! What the directory did not take, in the words of the projection, so that both are told alike.

use std::collections::HashMap;

use postern_apply::refused::in_words;
use postern_core::directory::SourceKey;
use postern_crds::condition::reason;
use postern_projection::{Manifest, ObjectId, Problem, Projection, Refusal};
use postern_store::directory;

use super::{object::source, parse::source_of};

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
        let spec = manifest.object.to_json().get("spec").cloned().unwrap_or_default();
        let told = in_words(&refusal, &spec, unhashed.get(&refusal.source).map(String::as_str));
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
