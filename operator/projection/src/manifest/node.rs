//! A YAML document as a tree whose every value knows its line. Plain scalars are typed by YAML 1.2's core schema.
//!
//! Bounded in depth, in values and in bytes, what aliases repeat included, so that no file can grow beyond its size.

use std::{borrow::Cow, collections::BTreeMap};

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span};
use serde_json::{Map, Number};

use super::schema::Fault;

const MAX_DEPTH: usize = 64;
const MAX_VALUES: usize = 400_000;
/// Bytes of all scalars together.
const MAX_BYTES: usize = 16 << 20;

/// A value and the line on which it begins.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// From 1.
    pub line: u32,
    /// What it is.
    pub value: Value,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(Number),
    /// Text, and whether it was written without quotes.
    Text(String, bool),
    List(Vec<Node>),
    /// Keys with their lines, in the order of the file.
    Map(Vec<(String, u32, Node)>),
}

impl Node {
    /// Whether nothing stands there, which a manifest means as "left out".
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// A field of a map.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Map(fields) => fields.iter().find(|(k, ..)| k == key).map(|(_, _, node)| node),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text, _) => Some(text),
            _ => None,
        }
    }

    /// As JSON; fields that are null are left out, as the API server prunes them.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(b) => (*b).into(),
            Value::Number(n) => n.clone().into(),
            Value::Text(t, _) => t.as_str().into(),
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Map(fields) => {
                let kept = fields.iter().filter(|(_, _, node)| !node.is_null());
                kept.map(|(k, _, node)| (k.clone(), node.to_json())).collect::<Map<_, _>>().into()
            }
        }
    }

    /// Lines of all fields by path.
    pub fn lines(&self, path: &str, out: &mut BTreeMap<String, u32>) {
        match &self.value {
            Value::Map(fields) => {
                for (key, line, node) in fields {
                    let path = join(path, key);
                    node.lines(&path, out);
                    out.insert(path, *line);
                }
            }
            Value::List(items) => {
                for (i, node) in items.iter().enumerate() {
                    let path = format!("{path}[{i}]");
                    node.lines(&path, out);
                    out.insert(path, node.line);
                }
            }
            _ => {}
        }
    }
}

/// `path.key`.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Every document of a text that begins on `first_line` of its file. A fault ends the text.
pub(super) fn parse(text: &str, first_line: u32) -> Vec<Result<Node, Fault>> {
    let mut builder = Builder { first_line, ..Builder::default() };
    let mut out = Vec::new();
    for event in Parser::new_from_str(text) {
        match builder.take(event) {
            Ok(Some(root)) => out.push(Ok(root)),
            Ok(None) => {}
            Err(fault) => {
                out.push(Err(fault));
                break;
            }
        }
    }
    out
}

/// A collection whose end has not been seen.
struct Open {
    node: Node,
    anchor: usize,
    key: Option<(String, u32)>,
}

#[derive(Default)]
struct Builder {
    first_line: u32,
    stack: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    root: Option<Node>,
    values: usize,
    bytes: usize,
}

impl Builder {
    /// Takes an event; the root when its document is complete.
    fn take(&mut self, event: Result<(Event<'_>, Span), ScanError>) -> Result<Option<Node>, Fault> {
        let (event, span) = event.map_err(|e| {
            let line = self.line(e.marker().line());
            Fault::new(
                "",
                line,
                format!("this is not YAML: {}", e.info()),
                "check indentation, colons and quotes here and just above".to_owned(),
            )
        })?;
        let line = self.line(span.start.line());
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.count(1, text.len(), line)?;
                let as_text = tag.is_some_and(|t| t.suffix() == "str");
                let value = scalar(text, style == ScalarStyle::Plain, as_text);
                self.place(Node { line, value }, anchor)?;
            }
            Event::SequenceStart(_, anchor, _) => self.open(Value::List(Vec::new()), line, anchor)?,
            Event::MappingStart(_, anchor, _) => self.open(Value::Map(Vec::new()), line, anchor)?,
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.stack.pop() {
                    self.place(open.node, open.anchor)?;
                }
            }
            Event::Alias(anchor) => {
                let target = self.anchors.get(&anchor).cloned();
                let node =
                    target.ok_or_else(|| Fault::new("", line, "an alias names itself".to_owned(), "write the value out".to_owned()))?;
                let (values, bytes) = weigh(&node);
                self.count(values, bytes, line)?;
                self.place(Node { line, ..node }, 0)?;
            }
            Event::DocumentStart(..) => {
                self.anchors.clear();
                (self.values, self.bytes) = (0, 0);
            }
            Event::DocumentEnd => return Ok(self.root.take()),
            _ => {}
        }
        Ok(None)
    }

    fn line(&self, within: usize) -> u32 {
        // The parser counts from 1; an error at the very start says 0.
        self.first_line.saturating_add(u32::try_from(within.saturating_sub(1)).unwrap_or(u32::MAX))
    }

    fn count(&mut self, values: usize, bytes: usize, line: u32) -> Result<(), Fault> {
        self.values += values;
        self.bytes += bytes;
        if self.values > MAX_VALUES || self.bytes > MAX_BYTES {
            return Err(Fault::new(
                "",
                line,
                "the document is too large, what its aliases repeat included".to_owned(),
                "split it, or write fewer aliases".to_owned(),
            ));
        }
        Ok(())
    }

    fn open(&mut self, value: Value, line: u32, anchor: usize) -> Result<(), Fault> {
        self.count(1, 0, line)?;
        if self.stack.len() >= MAX_DEPTH {
            return Err(Fault::new(
                "",
                line,
                format!("nested deeper than {MAX_DEPTH} levels"),
                "no manifest needs that; check the indentation".to_owned(),
            ));
        }
        self.stack.push(Open { node: Node { line, value }, anchor, key: None });
        Ok(())
    }

    /// Puts a finished value where it belongs.
    fn place(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        if anchor != 0 {
            let (values, bytes) = weigh(&node);
            self.count(values, bytes, node.line)?;
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.stack.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut open.node.value {
            Value::List(items) => items.push(node),
            Value::Map(fields) => match open.key.take() {
                Some((key, line)) => fields.push((key, line, node)),
                None => {
                    let key = key_text(&node)?;
                    if fields.iter().any(|(k, ..)| *k == key) {
                        return Err(Fault::new("", node.line, format!("the field {key} stands here twice"), "keep one of them".to_owned()));
                    }
                    open.key = Some((key, node.line));
                }
            },
            _ => {}
        }
        Ok(())
    }
}

/// Values and bytes below a node, itself included. The tree's depth is bounded when it is built, or by an alias's
/// target that was.
fn weigh(node: &Node) -> (usize, usize) {
    let add = |(v, b): (usize, usize), (v2, b2): (usize, usize)| (v + v2, b + b2);
    match &node.value {
        Value::Text(text, _) => (1, text.len()),
        Value::List(items) => items.iter().map(weigh).fold((1, 0), add),
        Value::Map(fields) => fields.iter().map(|(k, _, n)| add(weigh(n), (1, k.len()))).fold((1, 0), add),
        _ => (1, 0),
    }
}

fn key_text(node: &Node) -> Result<String, Fault> {
    match &node.value {
        Value::Text(text, _) => Ok(text.clone()),
        Value::Bool(b) => Ok(b.to_string()),
        Value::Number(n) => Ok(n.to_string()),
        _ => Err(Fault::new("", node.line, "a field's name is not text".to_owned(), "write name: value".to_owned())),
    }
}

/// YAML 1.2.2 §10.3.2, without octal and hexadecimal, which no field of ours takes.
fn scalar(text: Cow<'_, str>, plain: bool, as_text: bool) -> Value {
    if !plain || as_text {
        return Value::Text(text.into_owned(), false);
    }
    match &*text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    if let Ok(n) = text.parse::<i64>() {
        return Value::Number(n.into());
    }
    if let Ok(n) = text.parse::<u64>() {
        return Value::Number(n.into());
    }
    let numeric =
        text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')) && text.bytes().any(|b| b.is_ascii_digit());
    match text.parse::<f64>().ok().filter(|_| numeric).and_then(Number::from_f64) {
        Some(n) => Value::Number(n),
        None => Value::Text(text.into_owned(), true),
    }
}
