//! A file of manifests as objects, each fault with its line and its cure.
//!
//! Three steps, each of which stops only what it found broken: the text is cut into documents (`split`), a document
//! becomes a tree that knows its lines (`node`), the tree is held against the very schema that the API server uses
//! (`schema`). So a document that is not even YAML hides neither its neighbours nor other files, and one read names
//! every fault of a document. What the schema cannot say is the projection's part.

mod node;
mod object;
mod schema;
mod split;

use std::{collections::BTreeMap, sync::Arc};

pub use object::{Kind, Object};

use self::{
    node::Node,
    schema::{Fault, Schemas},
};
use crate::{ObjectId, Problem};

/// Largest file that is read, in bytes.
pub const MAX_FILE: usize = 4 << 20;

/// Where an object was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as the caller named it.
    pub file: Arc<str>,
    /// Line of the document's first field, from 1.
    pub line: u32,
    lines: BTreeMap<String, u32>,
}

impl Place {
    /// Line of a field, or of the nearest field around it that was written.
    #[must_use]
    pub fn line_of(&self, field: &str) -> u32 {
        let mut path = field;
        loop {
            if let Some(line) = self.lines.get(path) {
                return *line;
            }
            match path.rfind(['.', '[']) {
                Some(at) => path = path.get(..at).unwrap_or_default(),
                None => return self.line,
            }
        }
    }
}

/// An object and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Where it stands.
    pub place: Place,
    /// The object.
    pub object: Object,
}

/// Reads every document of a file. Documents that hold nothing but comments are passed over; a broken document gives
/// one `Err` for each of its faults.
#[must_use]
pub fn parse_documents(path: &str, text: &str) -> Vec<Result<Manifest, Problem>> {
    let file: Arc<str> = path.into();
    if text.len() > MAX_FILE {
        let fault = Fault::new("", 0, format!("the file has {} bytes", text.len()), format!("split it: at most {MAX_FILE} bytes are read"));
        return vec![Err(fault.into_problem(&file, None))];
    }
    let mut out = Vec::new();
    for document in split::documents(text) {
        for tree in node::parse(document.text, document.line) {
            match tree {
                Ok(tree) if tree.is_null() => {}
                Ok(tree) => read(&file, &tree, &mut out),
                Err(fault) => out.push(Err(fault.into_problem(&file, None))),
            }
        }
    }
    out
}

/// One document: an object, or its faults.
fn read(file: &Arc<str>, tree: &Node, out: &mut Vec<Result<Manifest, Problem>>) {
    let (schemas, id) = (Schemas::get(), identify(tree));
    let result = object::kind_of(tree).and_then(|kind| {
        let faults = schemas.check(kind, tree);
        if faults.is_empty() { object::from_tree(kind, tree).map_err(|f| vec![f]) } else { Err(faults) }
    });
    match result {
        Ok(object) => {
            let mut lines = BTreeMap::new();
            tree.lines("", &mut lines);
            out.push(Ok(Manifest { place: Place { file: file.clone(), line: tree.line, lines }, object }));
        }
        Err(faults) => out.extend(faults.into_iter().map(|f| Err(f.into_problem(file, id.clone())))),
    }
}

/// What the document says it is, so that even a broken one is known by name.
fn identify(tree: &Node) -> Option<Box<ObjectId>> {
    let metadata = tree.get("metadata")?;
    Some(Box::new(ObjectId {
        kind: tree.get("kind")?.text()?.to_owned(),
        namespace: metadata.get("namespace").and_then(Node::text).unwrap_or_default().to_owned(),
        name: metadata.get("name")?.text()?.to_owned(),
    }))
}

#[cfg(test)]
mod tests;
