//! The URL of a PostgreSQL server, which may hold a password and is therefore printed with care.

use std::fmt;

use postern_core::Secret;

use super::value::{Value, quoted};

/// `postgres://user:password@host/name?…`.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(Secret<String>);

impl DatabaseUrl {
    /// The whole URL, for the one place that connects.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The URL without its password, and without a query that may hold one.
    fn redacted(&self) -> String {
        let url = self.expose();
        let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
        let (rest, query) = rest.split_once('?').map_or((rest, ""), |(rest, _)| (rest, "?…"));
        let place = match rest.rsplit_once('@') {
            Some((user, host)) => match user.split_once(':') {
                Some((user, _)) => format!("{user}:…@{host}"),
                None => format!("{user}@{host}"),
            },
            None => rest.to_owned(),
        };
        format!("{scheme}://{place}{query}")
    }
}

impl Value for DatabaseUrl {
    fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            Ok(Self(Secret::new(text.to_owned())))
        } else {
            // Not repeated in the message: it may hold a password all the same.
            Err("write postgres://user@host/name; for the embedded database leave it out and set data".to_owned())
        }
    }
    fn literal(&self) -> String {
        quoted(&self.redacted())
    }
}

/// Without the password.
impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            ("postgres://u:hunter2@db:5432/mail", "postgres://u:…@db:5432/mail"),
            ("postgres://u:hun@ter2@db/mail", "postgres://u:…@db/mail"),
            ("postgres://u@db/mail?password=hunter2", "postgres://u@db/mail?…"),
            ("postgresql://db/mail", "postgresql://db/mail"),
        ] {
            assert_eq!(format!("{:?}", DatabaseUrl::parse(url).unwrap()), shown);
        }
        assert!(!DatabaseUrl::parse("mysql://u:hunter2@db").unwrap_err().contains("hunter2"));
    }
}
