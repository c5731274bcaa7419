//! The configuration file: TOML, a few settings at the top and sections one level deep.

use std::{collections::HashMap, ops::Range, sync::Arc};

use toml::de::{DeTable, DeValue};

use super::{
    problem::Problem,
    source::{Found, Key, Origin, Source, Text},
};

/// A file that has been read and parsed; what it means is not known yet.
#[derive(Clone, Debug, Default)]
pub struct File {
    settings: HashMap<String, Found>,
}

impl File {
    /// Parses the text of a file; `path` is for messages.
    ///
    /// # Errors
    /// The first place that is no TOML, or is nested deeper than a section.
    pub fn parse(path: &str, text: &str) -> Result<Self, Problem> {
        let place = Place { path: path.into(), text };
        let table = DeTable::parse(text).map_err(|error| place.problem(error.span(), "", error.message()))?;
        let mut settings = HashMap::new();
        for (name, value) in table.get_ref() {
            let key = name.get_ref().as_ref();
            if let DeValue::Table(section) = value.get_ref() {
                for (name, value) in section {
                    let key = format!("{key}.{}", name.get_ref());
                    let found = place.found(&key, name.span(), value.get_ref())?;
                    settings.insert(key, found);
                }
            } else {
                settings.insert(key.to_owned(), place.found(key, name.span(), value.get_ref())?);
            }
        }
        Ok(Self { settings })
    }
}

impl Source for File {
    fn get(&self, key: Key) -> Option<Found> {
        self.settings.get(&key.to_string()).cloned()
    }

    fn names(&self) -> Vec<(String, Origin)> {
        let mut names: Vec<_> = self.settings.iter().map(|(name, found)| (name.clone(), found.origin.clone())).collect();
        names.sort_by_key(|(name, origin)| (line_of(origin), name.clone()));
        names
    }
}

fn line_of(origin: &Origin) -> usize {
    if let Origin::File { line, .. } = origin { *line } else { 0 }
}

struct Place<'a> {
    path: Arc<str>,
    text: &'a str,
}

impl Place<'_> {
    fn origin(&self, at: Option<Range<usize>>) -> Origin {
        let before = at.and_then(|at| self.text.get(..at.start));
        Origin::File { path: self.path.clone(), line: before.map_or(0, |before| before.matches('\n').count() + 1) }
    }

    fn problem(&self, at: Option<Range<usize>>, key: &str, message: &str) -> Problem {
        Problem { origin: self.origin(at), key: key.to_owned(), message: message.to_owned() }
    }

    fn found(&self, key: &str, at: Range<usize>, value: &DeValue<'_>) -> Result<Found, Problem> {
        let text = match value {
            DeValue::Array(items) => {
                let items: Option<Vec<_>> = items.iter().map(|item| scalar(item.get_ref())).collect();
                Text::Many(items.ok_or_else(|| self.problem(Some(at.clone()), key, "a list holds plain values only"))?)
            }
            value => {
                let one = scalar(value).ok_or_else(|| self.problem(Some(at.clone()), key, "sections are one level deep"))?;
                Text::One(one)
            }
        };
        Ok(Found { text, origin: self.origin(Some(at)) })
    }
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().replace('_', "")),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(yes) => Some(yes.to_string()),
        DeValue::Datetime(at) => Some(at.to_string()),
        DeValue::Array(_) | DeValue::Table(_) => None,
    }
}
