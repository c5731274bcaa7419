//! Asks the sources for each setting, once, and keeps the books: what exists, what holds, what is wrong.
//!
//! Sections ask by name and default; so the list of known names, the printed configuration and the
//! messages all come from the code that reads, and cannot disagree with it.

use std::{collections::BTreeSet, ops::RangeInclusive};

use super::{
    problem::{Problem, Problems},
    source::{Found, Key, Origin, Source, Text},
    value::Value,
};

/// A setting as it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub key: Key,
    /// As TOML; `None` when it is not set and has no default.
    pub literal: Option<String>,
    /// Who said so.
    pub origin: Origin,
}

/// Reads settings from sources, the strongest first.
pub struct Reader<'a> {
    sources: &'a [&'a dyn Source],
    settings: Vec<Setting>,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    /// Nothing read yet.
    #[must_use]
    pub const fn new(sources: &'a [&'a dyn Source]) -> Self {
        Self { sources, settings: Vec::new(), problems: Vec::new() }
    }

    /// A section; `""` is the top.
    pub const fn section<'r>(&'r mut self, name: &'static str) -> Section<'r, 'a> {
        Section { reader: self, name }
    }

    /// All that was read.
    ///
    /// # Errors
    /// Every problem, names that nobody asked for among them.
    pub fn finish(mut self) -> Result<Vec<Setting>, Problems> {
        let known: BTreeSet<String> = self.settings.iter().map(|setting| setting.key.to_string()).collect();
        let unknown = self.sources.iter().flat_map(|source| source.names()).filter(|(name, _)| !known.contains(name));
        let unknown: Vec<_> = unknown.map(|(key, origin)| Problem { message: self.instead(&key), origin, key }).collect();
        self.problems.extend(unknown);
        if self.problems.is_empty() { Ok(self.settings) } else { Err(Problems(self.problems)) }
    }

    /// What there is in place of an unknown name.
    fn instead(&self, unknown: &str) -> String {
        let section = unknown.split_once('.').map_or("", |(section, _)| section);
        let names: Vec<_> = self.settings.iter().map(|s| s.key).filter(|key| key.section == section).map(|key| key.name).collect();
        if names.is_empty() {
            let sections: BTreeSet<_> = self.settings.iter().map(|s| s.key.section).filter(|name| !name.is_empty()).collect();
            return format!("there is no section `{section}`; there are {}", list(sections));
        }
        format!("there is no such setting; {} has {}", if section.is_empty() { "the top" } else { section }, list(names))
    }
}

/// One section being read.
pub struct Section<'r, 'a> {
    reader: &'r mut Reader<'a>,
    name: &'static str,
}

impl Section<'_, '_> {
    /// A setting with a default.
    pub fn value<T: Value>(&mut self, name: &'static str, default: T) -> T {
        let (value, origin) = match self.ask(name) {
            Some(found) => (self.one(name, &found).unwrap_or(default), found.origin),
            None => (default, Origin::Default),
        };
        self.note(name, Some(value.literal()), origin);
        value
    }

    /// A setting with a default and bounds.
    pub fn between<T: Value + PartialOrd + Clone>(&mut self, name: &'static str, default: T, bounds: RangeInclusive<T>) -> T {
        let value = self.value(name, default.clone());
        if bounds.contains(&value) {
            return value;
        }
        self.refuse(name, format!("{} is not from {} to {}", value.literal(), bounds.start().literal(), bounds.end().literal()));
        default
    }

    /// A setting that need not be there.
    pub fn optional<T: Value>(&mut self, name: &'static str) -> Option<T> {
        let found = self.ask(name);
        let value = found.as_ref().and_then(|found| self.one::<T>(name, found));
        self.note(name, value.as_ref().map(Value::literal), found.map_or(Origin::Default, |found| found.origin));
        value
    }

    /// A list: in the file an array, elsewhere with commas.
    pub fn list<T: Value>(&mut self, name: &'static str, default: Vec<T>) -> Vec<T> {
        let (values, origin) = match self.ask(name) {
            Some(found) => (self.many(name, &found).unwrap_or(default), found.origin),
            None => (default, Origin::Default),
        };
        let literals: Vec<_> = values.iter().map(Value::literal).collect();
        self.note(name, Some(format!("[{}]", literals.join(", "))), origin);
        values
    }

    /// Says that a setting that was read does not fit with another.
    pub fn refuse(&mut self, name: &'static str, message: impl Into<String>) {
        let key = self.key(name);
        let origin = self.reader.settings.iter().find(|s| s.key == key).map_or(Origin::Default, |s| s.origin.clone());
        self.reader.problems.push(Problem { origin, key: key.to_string(), message: message.into() });
    }

    const fn key(&self, name: &'static str) -> Key {
        Key { section: self.name, name }
    }

    fn ask(&self, name: &'static str) -> Option<Found> {
        let key = self.key(name);
        self.reader.sources.iter().find_map(|source| source.get(key))
    }

    fn one<T: Value>(&mut self, name: &'static str, found: &Found) -> Option<T> {
        match &found.text {
            Text::One(text) => self.parsed(name, found, text),
            Text::Many(_) => self.wrong(name, found, "one value, not a list".to_owned()),
        }
    }

    fn many<T: Value>(&mut self, name: &'static str, found: &Found) -> Option<Vec<T>> {
        let texts: Vec<&str> = match &found.text {
            Text::One(text) => text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect(),
            Text::Many(items) => items.iter().map(String::as_str).collect(),
        };
        let values: Vec<Option<T>> = texts.into_iter().map(|text| self.parsed(name, found, text)).collect();
        values.into_iter().collect()
    }

    fn parsed<T: Value>(&mut self, name: &'static str, found: &Found, text: &str) -> Option<T> {
        match T::parse(text) {
            Ok(value) => Some(value),
            Err(message) => self.wrong(name, found, message),
        }
    }

    fn wrong<T>(&mut self, name: &'static str, found: &Found, message: String) -> Option<T> {
        let problem = Problem { origin: found.origin.clone(), key: self.key(name).to_string(), message };
        self.reader.problems.push(problem);
        None
    }

    fn note(&mut self, name: &'static str, literal: Option<String>, origin: Origin) {
        let setting = Setting { key: self.key(name), literal, origin };
        self.reader.settings.push(setting);
    }
}

fn list<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}
