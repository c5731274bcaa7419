//! What is wrong with a manifest, and what to write instead: file, line, field, cause, cure.

use std::fmt;

/// (kind, namespace, name): what an object is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// `Domain`, `Secret`, ….
    pub kind: String,
    /// Its namespace; empty for a Namespace.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
    }
}

/// One fault. It stops the object that has it and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, as the caller named it; empty when the object did not come from one.
    pub file: String,
    /// Line within it, from 1; 0 when there is none.
    pub line: u32,
    /// Path of the field, `spec.aliases[2]`; empty when the fault is in the document as a whole.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What to write or do instead.
    pub fix: String,
    /// The object, when that much could be read.
    pub object: Option<Box<ObjectId>>,
}

/// `domains.yaml:12: spec.mode: "Fulll" is not a mode; write one of Full, SendOnly, ReceiveOnly, Split`.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&*self.file, self.line, &self.object) {
            ("", _, Some(object)) => write!(f, "{object}: ")?,
            ("", _, None) => {}
            (file, 0, _) => write!(f, "{file}: ")?,
            (file, line, _) => write!(f, "{file}:{line}: ")?,
        }
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.message)?;
        if self.fix.is_empty() { Ok(()) } else { write!(f, "; {}", self.fix) }
    }
}
