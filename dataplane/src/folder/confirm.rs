//! A word from the folder itself that many objects are meant to go.

use postern_projection::{Manifest, Object};

/// On a Namespace: how many objects may go at once, though they are more than a twentieth of all. It must be their very
/// number, so that a word said once is no leave for ever.
pub(super) const ANNOTATION: &str = "postern.dev/confirm-mass-delete";

/// Whether a Namespace of the folder confirms that so many go.
pub(super) fn is_given<'a>(manifests: impl IntoIterator<Item = &'a Manifest>, going: usize) -> bool {
    manifests.into_iter().any(|manifest| {
        let Object::Namespace(namespace) = &manifest.object else { return false };
        let said = namespace.metadata.annotations.as_ref().and_then(|all| all.get(ANNOTATION));
        said.is_some_and(|number| number.trim().parse() == Ok(going))
    })
}
