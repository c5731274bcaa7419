//! YAML in, projection out.

use postern_projection::{Objects, Options, Preverified, Problem, Projection, parse_documents, project};

/// A standalone folder's options.
pub fn standalone() -> Options {
    Options::standalone(b"test key".to_vec().into())
}

/// A cluster's options, in which nothing is proven.
pub fn cluster() -> Options {
    Options { cluster: "main".to_owned(), preverified: Preverified::Pairs(Default::default()), ..standalone() }
}

/// Objects of one text, and the problems of reading it.
pub fn read(file: &str, text: &str) -> (Objects, Vec<Problem>) {
    let (mut manifests, mut problems) = (Vec::new(), Vec::new());
    for result in parse_documents(file, text) {
        match result {
            Ok(manifest) => manifests.push(manifest),
            Err(problem) => problems.push(problem),
        }
    }
    (Objects::from_manifests(manifests), problems)
}

/// The projection of a text that can be read.
pub fn projected(text: &str, options: &Options) -> Projection {
    let (objects, problems) = read("m.yaml", text);
    assert_eq!(problems, [], "{text}");
    project(&objects, options)
}

/// A Domain.
pub fn domain(namespace: &str, name: &str, spec: &str) -> String {
    object("Domain", namespace, name, spec)
}

/// A Mailbox.
pub fn mailbox(namespace: &str, name: &str, spec: &str) -> String {
    object("Mailbox", namespace, name, spec)
}

/// Any of our kinds.
pub fn object(kind: &str, namespace: &str, name: &str, spec: &str) -> String {
    format!("---\napiVersion: postern.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{{spec}}}\n")
}

/// `name: reason` of every refused object.
pub fn refused(projection: &Projection) -> Vec<String> {
    projection
        .reports
        .iter()
        .filter(|(_, r)| !r.is_accepted())
        .map(|(s, r)| format!("{}/{}: {}", s.namespace, s.name, r.reason()))
        .collect()
}
