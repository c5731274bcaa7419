//! The API server's schema, applied here: unknown fields, types, enumerations, lengths, bounds and patterns, every
//! fault with the line it stands on and with what to write instead. CEL is not evaluated; the projection knows those
//! rules by heart.

use std::{collections::BTreeMap, sync::LazyLock};

use regex::Regex;
use serde_json::{Value as Json, json};

use super::{
    node::{Node, Value, join},
    object::Kind,
};
use crate::{ObjectId, Problem};

/// Faults beyond this many in one document are not told: who wrote it has enough to do.
const MAX_FAULTS: usize = 20;

/// A fault before file and object are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    field: String,
    line: u32,
    message: String,
    fix: String,
}

impl Fault {
    pub fn new(field: &str, line: u32, message: String, fix: String) -> Self {
        Self { field: field.to_owned(), line, message, fix }
    }

    pub fn into_problem(self, file: &str, object: Option<Box<ObjectId>>) -> Problem {
        Problem { file: file.to_owned(), line: self.line, field: self.field, message: self.message, fix: self.fix, object }
    }
}

/// The schemas of all kinds, made once from the definitions.
pub(super) struct Schemas(BTreeMap<Kind, Schema>);

impl Schemas {
    pub fn get() -> &'static Self {
        static SCHEMAS: LazyLock<Schemas> = LazyLock::new(|| {
            let definitions: BTreeMap<_, _> = postern_crds::all().into_iter().map(|crd| (crd.spec.names.kind.clone(), crd)).collect();
            let schema_of = |kind: Kind| {
                let found = definitions
                    .get(kind.as_str())
                    .and_then(|crd| crd.spec.versions.first())
                    .and_then(|v| serde_json::to_value(&v.schema).ok());
                let fields = match kind {
                    Kind::Secret => json!({"type": STRING, "immutable": BOOLEAN, "data": MAP, "stringData": MAP}),
                    Kind::ConfigMap => json!({"immutable": BOOLEAN, "data": MAP, "binaryData": MAP}),
                    Kind::Namespace => json!({"spec": ANY, "status": ANY}),
                    _ => {
                        json!({"status": ANY, "spec": found.as_ref().map_or(&Json::Null, |f| &f["openAPIV3Schema"]["properties"]["spec"])})
                    }
                };
                Schema::new(&object(kind, fields))
            };
            Schemas(Kind::ALL.into_iter().map(|kind| (kind, schema_of(kind))).collect())
        });
        &SCHEMAS
    }

    /// Every fault of a document of that kind.
    pub fn check(&self, kind: Kind, tree: &Node) -> Vec<Fault> {
        let mut faults = Vec::new();
        if let Some(schema) = self.0.get(&kind) {
            schema.check("", tree, &mut faults);
        }
        faults.truncate(MAX_FAULTS);
        faults
    }
}

const STRING: Atom = Atom(r#"{"type":"string"}"#);
const BOOLEAN: Atom = Atom(r#"{"type":"boolean"}"#);
const MAP: Atom = Atom(r#"{"type":"object","additionalProperties":{"type":"string"}}"#);
const ANY: Atom = Atom("{}");

/// A schema as text, so that it can be a constant.
#[derive(Clone, Copy)]
struct Atom(&'static str);

impl serde::Serialize for Atom {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value: Json = serde_json::from_str(self.0).map_err(serde::ser::Error::custom)?;
        value.serialize(serializer)
    }
}

/// A whole object: its own fields beside `apiVersion`, `kind` and `metadata`.
fn object(kind: Kind, mut fields: Json) -> Json {
    let name = |max: u32, pattern: &str, example: &str| json!({"type": "string", "maxLength": max, "pattern": pattern, "example": example});
    let mut metadata = json!({
        "name": name(253, "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", "example-org"),
        "namespace": name(63, "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "acme"),
        "labels": MAP, "annotations": MAP, "creationTimestamp": STRING, "generation": {"type": "integer"}, "uid": STRING,
    });
    // What `kubectl get -o yaml` adds; read past.
    for ignored in [
        "finalizers",
        "managedFields",
        "ownerReferences",
        "resourceVersion",
        "generateName",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
    ] {
        metadata[ignored] = json!({});
    }
    let required = if kind == Kind::Namespace { json!(["name"]) } else { json!(["name", "namespace"]) };
    fields["apiVersion"] = json!({});
    fields["kind"] = json!({});
    fields["metadata"] = json!({"type": "object", "properties": metadata, "required": required});
    let required = if kind.api_version() == "v1" { json!(["metadata"]) } else { json!(["metadata", "spec"]) };
    json!({"type": "object", "properties": fields, "required": required})
}

/// One schema, read once: patterns compiled, bounds as numbers.
#[derive(Default)]
struct Schema {
    shape: Shape,
    choices: Vec<String>,
    pattern: Option<Regex>,
    example: Option<String>,
    /// `minLength`, `minItems` or `minimum`, and the same for the most.
    least: Option<i64>,
    most: Option<i64>,
}

#[derive(Default)]
enum Shape {
    #[default]
    Any,
    Text,
    Whole,
    Number,
    Bool,
    List(Box<Schema>),
    Map(Box<Schema>),
    Fields(BTreeMap<String, Schema>, Vec<String>),
}

impl Schema {
    fn new(json: &Json) -> Self {
        let texts = |key: &str| json[key].as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect::<Vec<_>>();
        let bound = |keys: [&str; 4]| keys.iter().find_map(|k| json[*k].as_f64()).map(|n| n as i64);
        Self {
            shape: match json["type"].as_str() {
                Some("string") => Shape::Text,
                Some("integer") => Shape::Whole,
                Some("number") => Shape::Number,
                Some("boolean") => Shape::Bool,
                Some("array") => Shape::List(Box::new(Self::new(&json["items"]))),
                Some("object") => match (json["properties"].as_object(), json.get("additionalProperties")) {
                    (Some(fields), _) => Shape::Fields(fields.iter().map(|(k, v)| (k.clone(), Self::new(v))).collect(), texts("required")),
                    (None, Some(values)) => Shape::Map(Box::new(Self::new(values))),
                    (None, None) => Shape::Any,
                },
                _ => Shape::Any,
            },
            choices: texts("enum"),
            pattern: json["pattern"].as_str().and_then(|p| Regex::new(p).ok()),
            example: json["example"].as_str().map(str::to_owned),
            least: bound(["minLength", "minItems", "minProperties", "minimum"]),
            most: bound(["maxLength", "maxItems", "maxProperties", "maximum"]),
        }
    }

    fn check(&self, path: &str, node: &Node, faults: &mut Vec<Fault>) {
        if faults.len() >= MAX_FAULTS {
            return;
        }
        let mut fault = |message: String, fix: String| faults.push(Fault::new(path, node.line, message, fix));
        match (&self.shape, &node.value) {
            // A field without a value counts as left out; whether it may be is asked where the fields are.
            (Shape::Any, _) | (_, Value::Null) => {}
            (Shape::Fields(fields, required), Value::Map(given)) => check_fields(path, node, (fields, required), given, faults),
            (Shape::Map(values), Value::Map(given)) => {
                self.check_bounds(given.len(), "entries", &mut fault);
                given.iter().for_each(|(key, _, value)| values.check(&join(path, key), value, faults));
            }
            (Shape::List(items), Value::List(given)) => {
                self.check_bounds(given.len(), "entries", &mut fault);
                given.iter().enumerate().for_each(|(i, item)| items.check(&format!("{path}[{i}]"), item, faults));
            }
            (Shape::Text, Value::Text(text, plain)) => self.check_text(path, text, *plain, &mut fault),
            (Shape::Text, Value::Number(_) | Value::Bool(_)) => {
                fault("is not text: YAML reads it as a number or a truth value".to_owned(), "put it in quotes".to_owned());
            }
            (Shape::Whole, Value::Number(n)) => match n.as_i64() {
                Some(n) if self.least.is_some_and(|least| n < least) => fault(format!("{n} is too small"), self.range()),
                Some(n) if self.most.is_some_and(|most| n > most) => fault(format!("{n} is too large"), self.range()),
                Some(_) => {}
                None => fault(format!("{n} is not a whole number"), self.range()),
            },
            (Shape::Number, Value::Number(_)) | (Shape::Bool, Value::Bool(_)) => {}
            (Shape::Whole | Shape::Number, _) => fault(format!("{} is not a number", show(node)), self.range()),
            (Shape::Bool, _) => {
                fault(format!("{} is neither true nor false", show(node)), "write true or false, without quotes".to_owned());
            }
            (Shape::Text, _) => fault(format!("{} is not text", show(node)), self.model()),
            (Shape::List(_), _) => fault(format!("{} is not a list", show(node)), "write [a, b] or a line \"- a\" for each".to_owned()),
            (Shape::Map(_) | Shape::Fields(..), _) => {
                fault(format!("{} has no fields", show(node)), "write name: value lines below it, indented".to_owned());
            }
        }
    }

    fn check_text(&self, path: &str, text: &str, plain: bool, fault: &mut impl FnMut(String, String)) {
        let length = text.chars().count() as i64;
        if !self.choices.is_empty() {
            if !self.choices.iter().any(|c| c == text) {
                fault(format!("\"{text}\" {}", misfit(path)), format!("write one of {}", self.choices.join(", ")));
            }
        } else if plain && ["yes", "no", "on", "off"].contains(&text.to_ascii_lowercase().as_str()) {
            fault(format!("a cluster reads {text} as a truth value, not as text"), "put it in quotes".to_owned());
        } else if self.most.is_some_and(|most| length > most) {
            fault(format!("has {length} characters"), format!("write at most {}", self.most.unwrap_or_default()));
        } else if self.least.is_some_and(|least| length < least) {
            fault("is empty".to_owned(), self.model());
        } else if self.pattern.as_ref().is_some_and(|p| !p.is_match(text)) {
            fault(format!("\"{text}\" {}", misfit(path)), self.model());
        }
    }

    fn check_bounds(&self, count: usize, what: &str, fault: &mut impl FnMut(String, String)) {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        if self.most.is_some_and(|most| count > most) {
            fault(format!("has {count} {what}"), format!("write at most {}", self.most.unwrap_or_default()));
        } else if self.least.is_some_and(|least| count < least) {
            fault(format!("has {count} {what}"), format!("write at least {}", self.least.unwrap_or_default()));
        }
    }

    fn range(&self) -> String {
        match (self.least, self.most) {
            (Some(least), Some(most)) => format!("write a whole number from {least} to {most}"),
            (Some(least), None) => format!("write a whole number of at least {least}"),
            (None, Some(most)) => format!("write a whole number of at most {most}"),
            (None, None) => "write a whole number".to_owned(),
        }
    }

    fn model(&self) -> String {
        self.example.as_ref().map_or_else(|| "write text".to_owned(), |e| format!("write it like {e}"))
    }
}

/// The fields of a map: unknown ones, missing ones, each known one by its own schema.
fn check_fields(
    path: &str,
    node: &Node,
    (fields, required): (&BTreeMap<String, Schema>, &[String]),
    given: &[(String, u32, Node)],
    faults: &mut Vec<Fault>,
) {
    for (key, line, value) in given {
        match fields.get(key) {
            Some(schema) => schema.check(&join(path, key), value, faults),
            None => {
                let fix = match nearest(key, fields.keys()) {
                    Some(near) => format!("write {near}, or remove it"),
                    None => format!("remove it; known here are {}", fields.keys().map(String::as_str).collect::<Vec<_>>().join(", ")),
                };
                faults.push(Fault::new(&join(path, key), *line, "there is no such field".to_owned(), fix));
            }
        }
    }
    for name in required {
        if node.get(name).is_none_or(Node::is_null) {
            let fix =
                fields.get(name).map(Schema::model).filter(|m| m != "write text").unwrap_or_else(|| format!("write {name}: with a value"));
            faults.push(Fault::new(&join(path, name), node.line, "is missing".to_owned(), fix));
        }
    }
}

/// "is not a mode", "cannot stand in aliases": what is wrong with a value, by the last name of its path.
fn misfit(path: &str) -> String {
    let last = path.rsplit('.').next().unwrap_or(path);
    match last.split_once('[') {
        Some((list, _)) => format!("cannot stand in {list}"),
        None if last.starts_with(['a', 'e', 'i', 'o', 'u']) => format!("is not an {last}"),
        None => format!("is not a {last}"),
    }
}

/// A value in a message, short.
fn show(node: &Node) -> String {
    match &node.value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::Text(t, _) if t.chars().count() <= 40 => format!("\"{t}\""),
        Value::Text(..) => "this text".to_owned(),
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a map".to_owned(),
    }
}

/// The known name that a wrong one was probably meant to be: equal but for case, or two edits away.
fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    known.map(|name| (distance(&wrong.to_lowercase(), &name.to_lowercase()), name)).filter(|(d, _)| *d <= 2).min().map(|(_, name)| name)
}

/// Edits between two words; names longer than 64 characters are far from everything.
fn distance(a: &str, b: &str) -> usize {
    if a.len() > 64 || b.len() > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((j, cb), pair) in b.chars().enumerate().zip(row.windows(2)) {
            let substituted = pair.first().copied().unwrap_or_default() + usize::from(ca != cb);
            let removed = pair.last().copied().unwrap_or_default() + 1;
            let added = next.get(j).copied().unwrap_or_default() + 1;
            next.push(substituted.min(removed).min(added));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
