//! A scanned folder as objects, with everything that is wrong in it. No database: `postern config check` uses it too.

use std::{collections::BTreeSet, path::Path};

use postern_core::{Secret, directory::SourceKey};
use postern_projection::{Manifest, Objects, Options, Problem, parse_documents, project};

use super::scan::{self, Scan, Stamp};

/// First part of every source key of a folder, as [`Options::standalone`] has it.
pub const CLUSTER: &str = "folder";

/// A folder, read and parsed.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// Every document that is sound in itself.
    pub manifests: Vec<Manifest>,
    /// Files and documents that are not.
    pub problems: Vec<Problem>,
    /// The state that was read.
    pub stamp: Stamp,
}

impl Parsed {
    /// Whether the folder could be read to its end, so that what is missing from it is meant to be gone.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.problems.is_empty()
    }

    /// Objects that are broken and yet known by name: their rows stay as they are.
    #[must_use]
    pub fn broken(&self) -> BTreeSet<SourceKey> {
        let known = self.problems.iter().filter_map(|problem| problem.object.as_deref());
        let source = |kind: &str, namespace: &str, name: &str| SourceKey {
            cluster: CLUSTER.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        known.map(|id| source(&id.kind, &id.namespace, &id.name)).collect()
    }
}

/// Reads and parses a folder. It blocks.
#[must_use]
pub fn parse(root: &Path) -> Parsed {
    let Scan { files, mut problems, stamp } = scan::read(root);
    let mut manifests = Vec::new();
    for file in files {
        for document in parse_documents(&file.path, &file.text) {
            match document {
                Ok(manifest) => manifests.push(manifest),
                Err(problem) => problems.push(problem),
            }
        }
    }
    Parsed { manifests, problems, stamp }
}

/// All that can be said about a folder without a database. It blocks.
#[must_use]
pub fn check(root: &Path) -> Vec<Problem> {
    let Parsed { manifests, mut problems, .. } = parse(root);
    // Nothing is kept, so the key of its digests is nobody's concern.
    let options = Options::standalone(Secret::new(Vec::new()));
    problems.extend(project(&Objects::from_manifests(manifests), &options).problems);
    problems.sort();
    problems.dedup();
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_are_sound() {
        assert_eq!(check(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../crds/examples"))), []);
    }
}
