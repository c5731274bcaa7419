//! The environment: `smtp.max_recipients` is `POSTERN_SMTP_MAX_RECIPIENTS`.
//!
//! An unknown variable is not refused, as an unknown name in the file is: Kubernetes puts
//! `POSTERN_SERVICE_HOST` and the like into every pod beside a Service called `postern`.

use std::collections::HashMap;

use super::source::{Found, Key, Origin, Source, Text};

/// What every variable begins with.
const PREFIX: &str = "POSTERN_";

/// A copy of the variables that are ours; an empty one counts as unset, for templates leave such.
#[derive(Clone, Debug, Default)]
pub struct Environment(HashMap<String, String>);

impl Environment {
    /// The process's own.
    #[must_use]
    pub fn of_process() -> Self {
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
    }

    /// The variable of a setting.
    #[must_use]
    pub fn name(key: Key) -> String {
        format!("{PREFIX}{}", key.to_string().replace('.', "_").to_ascii_uppercase())
    }

    /// The file that `POSTERN_CONFIG` names.
    #[must_use]
    pub fn config_file(&self) -> Option<&str> {
        self.0.get("POSTERN_CONFIG").map(String::as_str)
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self(variables.filter(|(name, value): &(String, String)| name.starts_with(PREFIX) && !value.is_empty()).collect())
    }
}

impl Source for Environment {
    fn get(&self, key: Key) -> Option<Found> {
        let name = Self::name(key);
        let text = Text::One(self.0.get(&name)?.clone());
        Some(Found { text, origin: Origin::Environment(name) })
    }
}
