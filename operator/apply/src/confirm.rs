//! A word from the manifests themselves that many objects are meant to go.

use std::collections::BTreeMap;

/// On a Namespace: how many objects may go at once, though they are more than a twentieth of all. It must be their very
/// number, so that a word said once is no leave for ever.
pub const ANNOTATION: &str = "postern.dev/confirm-mass-delete";

/// Whether a Namespace, by its annotations, confirms that so many go.
#[must_use]
pub fn is_given(annotations: Option<&BTreeMap<String, String>>, going: usize) -> bool {
    annotations.and_then(|all| all.get(ANNOTATION)).is_some_and(|number| number.trim().parse() == Ok(going))
}
