//! Settings given on the command line: the strongest source.

use super::source::{Found, Key, Origin, Source, Text};

/// Settings by dotted name.
#[derive(Clone, Debug, Default)]
pub struct Flags(Vec<(String, Found)>);

impl Flags {
    /// None given.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more; `flag` is how the user wrote it. A later one of the same name wins.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>, flag: impl Into<String>) -> Self {
        let found = Found { text: Text::One(value.into()), origin: Origin::Flag(flag.into()) };
        self.0.push((name.into(), found));
        self
    }
}

impl Source for Flags {
    fn get(&self, key: Key) -> Option<Found> {
        let name = key.to_string();
        self.0.iter().rev().find(|(held, _)| *held == name).map(|(_, found)| found.clone())
    }

    fn names(&self) -> Vec<(String, Origin)> {
        self.0.iter().map(|(name, found)| (name.clone(), found.origin.clone())).collect()
    }
}
