//! A mailbox address (RFC 5321 §4.1.2 `Mailbox`), parsed once at the edge.
//!
//! The local part is kept as the sender wrote it, without its quotes; look-ups use [`Address::key`], which folds
//! case, for a server that told `Alice` from `alice` would surprise everybody. Address literals
//! (`user@[192.0.2.1]`) are the SMTP parser's to refuse.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{DomainName, DomainNameError};

/// Longest local part in octets (RFC 5321 §4.5.3.1.1).
pub const MAX_LOCAL_PART: usize = 64;

/// `local-part@domain`, the domain checked and folded, the local part unquoted and as written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    local: String,
    domain: DomainName,
}

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    /// There is no `@`.
    #[error("an address is local-part@domain")]
    NoAt,
    /// The local part is empty or longer than 64 octets.
    #[error("the part before the @ has 1 to 64 octets")]
    LocalLength,
    /// The local part holds something that a dot-string or quoted string may not.
    #[error("the part before the @ holds a character that needs quotes or is not allowed")]
    LocalPart,
    /// The domain is wrong.
    #[error(transparent)]
    Domain(#[from] DomainNameError),
}

impl Address {
    /// From an unquoted local part and a domain.
    ///
    /// # Errors
    /// [`AddressError`] when the local part is empty, too long or holds control characters.
    pub fn new(local: impl Into<String>, domain: DomainName) -> Result<Self, AddressError> {
        let local = local.into();
        if local.is_empty() || local.len() > MAX_LOCAL_PART {
            return Err(AddressError::LocalLength);
        }
        if local.chars().any(char::is_control) {
            return Err(AddressError::LocalPart);
        }
        Ok(Self { local, domain })
    }

    /// Parses `local@domain`, the local part a dot-string (UTF-8 allowed, RFC 6531 §3.3) or a quoted string.
    ///
    /// # Errors
    /// [`AddressError`] says which part is wrong.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::NoAt)?;
        let domain = DomainName::parse(domain)?;
        if let Some(quoted) = local.strip_prefix('"') {
            let inner = quoted.strip_suffix('"').ok_or(AddressError::LocalPart)?;
            return Self::new(unquote(inner)?, domain);
        }
        if local.is_empty() || local.len() > MAX_LOCAL_PART {
            return Err(AddressError::LocalLength);
        }
        if !is_dot_string(local) {
            return Err(AddressError::LocalPart);
        }
        Self::new(local, domain)
    }

    /// The local part as written, without quotes.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The domain.
    #[must_use]
    pub const fn domain(&self) -> &DomainName {
        &self.domain
    }

    /// The address for look-ups: the local part in lower case.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}@{}", self.local.to_lowercase(), self.domain)
    }

    /// The local part before the first `+`, and the tags after it (RFC 5233): `john+west+saloon`
    /// is `john` with `west+saloon`. A part that begins with `+` has no tag.
    #[must_use]
    pub fn split_tag(&self) -> (&str, Option<&str>) {
        match self.local.split_once('+') {
            Some((user, tag)) if !user.is_empty() => (user, Some(tag)),
            _ => (&self.local, None),
        }
    }

    /// The same local part under another domain.
    #[must_use]
    pub fn with_domain(&self, domain: DomainName) -> Self {
        Self { local: self.local.clone(), domain }
    }

    /// The address without its tags.
    #[must_use]
    pub fn without_tag(&self) -> Self {
        Self { local: self.split_tag().0.to_owned(), domain: self.domain.clone() }
    }

    /// Whether it can only be sent with SMTPUTF8 (RFC 6531).
    #[must_use]
    pub fn needs_utf8(&self) -> bool {
        !self.local.is_ascii()
    }
}

/// Whether `local` is a dot-string: atoms of atext or UTF-8 joined by single dots.
fn is_dot_string(local: &str) -> bool {
    local.split('.').all(|atom| {
        !atom.is_empty() && atom.chars().all(|c| !c.is_ascii() || c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c))
    })
}

fn unquote(inner: &str) -> Result<String, AddressError> {
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push(chars.next().ok_or(AddressError::LocalPart)?),
            '"' => return Err(AddressError::LocalPart),
            c => out.push(c),
        }
    }
    Ok(out)
}

/// As it goes on the wire: the local part quoted where it must be.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_dot_string(&self.local) {
            return write!(f, "{}@{}", self.local, self.domain);
        }
        f.write_str("\"")?;
        for c in self.local.chars() {
            if matches!(c, '"' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        write!(f, "\"@{}", self.domain)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{self}>")
    }
}

impl FromStr for Address {
    type Err = AddressError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::parse(s)
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;
    fn try_from(s: String) -> Result<Self, Self::Error> {
        Self::parse(&s)
    }
}

impl From<Address> for String {
    fn from(a: Address) -> Self {
        a.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_form_comes_back() {
        for text in ["alice@example.org", "\"a b\"@example.org", "\"a\\\"b\"@example.org", "üñ@example.org", "a.b+c@x.example"] {
            assert_eq!(Address::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!(Address::parse("alice"), Err(AddressError::NoAt));
        assert_eq!(Address::parse("@example.org"), Err(AddressError::LocalLength));
        assert_eq!(Address::parse("a..b@example.org"), Err(AddressError::LocalPart));
        assert_eq!(Address::parse("a b@example.org"), Err(AddressError::LocalPart));
        assert!(matches!(Address::parse("a@-x.org"), Err(AddressError::Domain(_))));
    }

    #[test]
    fn tags_and_keys() {
        let a = Address::parse("John+west+saloon@Example.org").unwrap();
        assert_eq!(a.split_tag(), ("John", Some("west+saloon")));
        assert_eq!(a.key(), "john+west+saloon@example.org");
        assert_eq!(a.without_tag().key(), "john@example.org");
        assert_eq!(Address::parse("+x@example.org").unwrap().split_tag(), ("+x", None));
    }
}
