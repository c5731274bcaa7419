//! Names of filters (RFC 5466).

/// `filter-name = 1*<any ATOM-CHAR except "/">` (RFC 5466 §4), in lower case, as the entry that holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FilterName(String);

/// Text that names no filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a filter's name is an atom of at most 128 octets, without /")]
pub struct NotAFilterName;

impl FilterName {
    /// Longest name in octets.
    pub const MAX: usize = 128;

    /// Checks and folds a name, whose octets are those of an atom.
    ///
    /// # Errors
    /// [`NotAFilterName`].
    pub fn new(name: &[u8]) -> Result<Self, NotAFilterName> {
        let clean = !name.is_empty() && name.len() <= Self::MAX && name.iter().all(|b| crate::parse::is_atom_char(*b) && *b != b'/');
        let text = std::str::from_utf8(name).ok().filter(|_| clean).ok_or(NotAFilterName)?;
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The entry of METADATA that holds the filter, without `/private` or `/shared` (RFC 5466 §3.2).
    #[must_use]
    pub fn entry(&self) -> String {
        format!("/filters/values/{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(FilterName::new(b"On-Vacation").unwrap().entry(), "/filters/values/on-vacation");
        for bad in [&b""[..], b"a/b", b"a b", b"a*", b"(a)", "\u{e4}".as_bytes(), &[b'x'; 129]] {
            assert_eq!(FilterName::new(bad), Err(NotAFilterName));
        }
    }
}
