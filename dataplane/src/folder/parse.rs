//! A scanned folder as objects, with everything that is wrong in it. No database: `postern config check` uses it too.

use std::{collections::BTreeSet, path::Path};

use postern_core::{Secret, directory::SourceKey};
use postern_crds::condition::reason;
use postern_projection::{Manifest, ObjectId, Objects, Options, Problem, parse_documents, project};

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
        self.problems.iter().filter_map(|problem| problem.object.as_deref()).map(source_of).collect()
    }
}

/// The source of an object of a folder.
#[must_use]
pub fn source_of(id: &ObjectId) -> SourceKey {
    SourceKey { cluster: CLUSTER.to_owned(), kind: id.kind.clone(), namespace: id.namespace.clone(), name: id.name.clone() }
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
    let mut projection = project(&Objects::from_manifests(manifests), &options);
    if problems.iter().any(|problem| problem.object.as_ref().is_some_and(|id| id.kind == "Domain")) {
        // That a box has no Domain may be due to the broken one: said once, there.
        let refusals = projection.reports.values().flat_map(|report| &report.refusals);
        let orphans: BTreeSet<&str> = refusals.filter(|r| r.reason == reason::DOMAIN_NOT_FOUND).map(|r| &*r.message).collect();
        projection.problems.retain(|problem| !orphans.contains(&*problem.message));
    }
    problems.append(&mut projection.problems);
    problems.sort();
    problems.dedup();
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crds/examples");

    #[test]
    fn the_examples_are_sound() {
        assert_eq!(check(Path::new(EXAMPLES)), []);
    }

    #[test]
    fn a_broken_domain_is_one_problem_and_not_one_more_for_each_box() {
        let folder = postern_tests::temp::TempFolder::new();
        for name in ["domains.yaml", "mailboxes.yaml", "secrets.yaml", "ip-pool.yaml", "branding.yaml"] {
            let text = std::fs::read_to_string(Path::new(EXAMPLES).join(name)).unwrap();
            std::fs::write(folder.path().join(name), text.replace("mode: Full", "mode: Fulll")).unwrap();
        }
        let problems = check(folder.path());
        assert_eq!(problems.iter().map(|p| &*p.field).collect::<Vec<_>>(), ["spec.mode"]);
    }
}
