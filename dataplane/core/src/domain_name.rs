//! A mail domain or host name, once checked always valid: lower case, A-labels, no trailing dot.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A domain name in the form that DNS answers for: ASCII, lower case, labels of 1–63 octets
/// (RFC 1035 §2.3.4), at most 253 octets in all, at least one dot unless it is `localhost`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DomainName(Arc<str>);

/// What is wrong with a domain name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DomainNameError {
    /// Nothing there.
    #[error("a domain name may not be empty")]
    Empty,
    /// Longer than 253 octets.
    #[error("a domain name has at most 253 octets")]
    TooLong,
    /// A label is empty or longer than 63 octets.
    #[error("each label of a domain name has 1 to 63 octets")]
    LabelLength,
    /// A label begins or ends with a hyphen.
    #[error("a label may not begin or end with a hyphen")]
    Hyphen,
    /// An octet that is neither letter, digit, hyphen nor underscore.
    #[error("a domain name holds letters, digits and hyphens; write other scripts as A-labels (xn--…)")]
    Octet,
}

impl DomainName {
    /// Checks and folds a name; a trailing dot is dropped.
    ///
    /// # Errors
    /// [`DomainNameError`] says which rule the name breaks.
    pub fn parse(name: &str) -> Result<Self, DomainNameError> {
        let name = name.strip_suffix('.').unwrap_or(name);
        if name.is_empty() {
            return Err(DomainNameError::Empty);
        }
        if name.len() > 253 {
            return Err(DomainNameError::TooLong);
        }
        for label in name.split('.') {
            if label.is_empty() || label.len() > 63 {
                return Err(DomainNameError::LabelLength);
            }
            if label.starts_with('-') || label.ends_with('-') {
                return Err(DomainNameError::Hyphen);
            }
            if !label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
                return Err(DomainNameError::Octet);
            }
        }
        Ok(Self(if name.bytes().any(|b| b.is_ascii_uppercase()) { name.to_ascii_lowercase().into() } else { name.into() }))
    }

    /// The name as text, lower case, without a trailing dot.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without its first label; `None` for a single label.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0.split_once('.').map(|(_, parent)| Self(parent.into()))
    }

    /// Whether this name is `other` or lies below it.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.strip_suffix(&*other.0).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

impl FromStr for DomainName {
    type Err = DomainNameError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::parse(s)
    }
}

impl TryFrom<String> for DomainName {
    type Error = DomainNameError;
    fn try_from(s: String) -> Result<Self, Self::Error> {
        Self::parse(&s)
    }
}

impl From<DomainName> for String {
    fn from(name: DomainName) -> Self {
        name.0.as_ref().to_owned()
    }
}

impl AsRef<str> for DomainName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_and_checks() {
        assert_eq!(DomainName::parse("Example.ORG.").unwrap().as_str(), "example.org");
        assert_eq!(DomainName::parse(""), Err(DomainNameError::Empty));
        assert_eq!(DomainName::parse("a..b"), Err(DomainNameError::LabelLength));
        assert_eq!(DomainName::parse("-a.b"), Err(DomainNameError::Hyphen));
        assert_eq!(DomainName::parse("bücher.example"), Err(DomainNameError::Octet));
        assert_eq!(DomainName::parse(&"a.".repeat(200)), Err(DomainNameError::TooLong));
    }

    #[test]
    fn within_is_by_label() {
        let org: DomainName = "example.org".parse().unwrap();
        assert!("mail.example.org".parse::<DomainName>().unwrap().is_within(&org));
        assert!(org.is_within(&org));
        assert!(!"badexample.org".parse::<DomainName>().unwrap().is_within(&org));
    }
}
