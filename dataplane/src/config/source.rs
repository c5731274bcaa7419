//! Where settings come from, behind one trait, so that tests need neither environment nor files.

use std::{fmt, sync::Arc};

/// The name of a setting: `smtp.max_recipients`, or `data` at the top.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Empty at the top.
    pub section: &'static str,
    /// Within the section.
    pub name: &'static str,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.section.is_empty() { f.write_str(self.name) } else { write!(f, "{}.{}", self.section, self.name) }
    }
}

/// What a source says, before anybody knows its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// One value, or a list written with commas.
    One(String),
    /// A list.
    Many(Vec<String>),
}

/// Where a value stands, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// A line of the file, counted from 1; line 0 is the file as a whole.
    File {
        /// As the user named it.
        path: Arc<str>,
        /// Counted from 1.
        line: usize,
    },
    /// A variable of the environment.
    Environment(String),
    /// A flag of the command line.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line: 0 } => f.write_str(path),
            Self::File { path, line } => write!(f, "{path}:{line}"),
            Self::Environment(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A value and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it says.
    pub text: Text,
    /// Where it stands.
    pub origin: Origin,
}

/// Something that may know a setting.
pub trait Source {
    /// What it says about a setting.
    fn get(&self, key: Key) -> Option<Found>;

    /// Every name in it that must be known, dotted, so that what is misspelt is refused and not ignored.
    fn names(&self) -> Vec<(String, Origin)> {
        Vec::new()
    }
}
