//! `Reverse-path` and `Forward-path` (RFC 5321 §4.1.2): what stands between `<` and `>`.
//!
//! Source routes are read and dropped (RFC 5321 appendix C), domains in other scripts become A-labels (RFC 6531 §3.2),
//! address literals are told apart and refused. `%` and `!` mean nothing here: they are letters of a local part.

use std::{
    borrow::Cow,
    net::{Ipv4Addr, Ipv6Addr},
};

use postern_core::{Address, DomainName, envelope::ReversePath};
use thiserror::Error;

use crate::limits;

/// Whom a RCPT names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForwardPath {
    /// A mailbox.
    Mailbox(Address),
    /// `<Postmaster>` without a domain, in any case (RFC 5321 §4.5.1).
    Postmaster,
}

impl ForwardPath {
    /// The address meant, `Postmaster` at `home`.
    #[must_use]
    pub fn resolve(self, home: &DomainName) -> Option<Address> {
        match self {
            Self::Mailbox(address) => Some(address),
            Self::Postmaster => Address::new("postmaster", home.clone()).ok(),
        }
    }

    /// Whether it can only be sent with SMTPUTF8.
    #[must_use]
    pub fn needs_utf8(&self) -> bool {
        matches!(self, Self::Mailbox(address) if address.needs_utf8())
    }
}

/// What is wrong with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PathError {
    /// Not `<local-part@domain>`.
    #[error("the address is not <local-part@domain>")]
    Syntax,
    /// Longer than 256 octets.
    #[error("the address is longer than 256 octets")]
    TooLong,
    /// `user@[192.0.2.1]`: well-formed, and nobody here.
    #[error("addresses of the form user@[literal] are not served")]
    Literal,
}

/// Splits `<path> rest` behind the closing bracket, minding quotes.
///
/// # Errors
/// [`PathError::Syntax`] without brackets, [`PathError::TooLong`] beyond 256 octets.
pub fn split(text: &str) -> Result<(&str, &str), PathError> {
    let inner = text.strip_prefix('<').ok_or(PathError::Syntax)?;
    let (mut quoted, mut escaped) = (false, false);
    for (at, b) in inner.bytes().enumerate() {
        if at + 2 > limits::PATH {
            return Err(PathError::TooLong);
        }
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'>' if !quoted => {
                let (path, rest) = inner.split_at(at);
                return Ok((path, rest.strip_prefix('>').unwrap_or(rest)));
            }
            _ => {}
        }
    }
    Err(PathError::Syntax)
}

/// Reads what stands between the brackets of MAIL; empty is the null sender.
///
/// # Errors
/// [`PathError`] as [`forward`].
pub fn reverse(inner: &str) -> Result<ReversePath, PathError> {
    if inner.is_empty() { Ok(None) } else { mailbox(inner).map(Some) }
}

/// Reads what stands between the brackets of RCPT.
///
/// # Errors
/// [`PathError::Literal`] for an address literal, [`PathError::Syntax`] for all else that is no address.
pub fn forward(inner: &str) -> Result<ForwardPath, PathError> {
    if inner.eq_ignore_ascii_case("postmaster") { Ok(ForwardPath::Postmaster) } else { mailbox(inner).map(ForwardPath::Mailbox) }
}

fn mailbox(inner: &str) -> Result<Address, PathError> {
    let text = without_route(inner)?;
    let (local, domain) = text.rsplit_once('@').ok_or(PathError::Syntax)?;
    if let Some(literal) = domain.strip_prefix('[') {
        return Err(if is_literal(literal) { PathError::Literal } else { PathError::Syntax });
    }
    let text = if domain.is_ascii() {
        Cow::Borrowed(text)
    } else {
        // RFC 6531 §3.2: U-labels are allowed on the wire; inside, a domain is always A-labels.
        let domain = idna::domain_to_ascii(domain).map_err(|_| PathError::Syntax)?;
        Cow::Owned(format!("{local}@{domain}"))
    };
    Address::parse(&text).map_err(|_| PathError::Syntax)
}

/// RFC 5321 appendix C: `@one,@two:joe@three` is `joe@three`.
fn without_route(inner: &str) -> Result<&str, PathError> {
    if !inner.starts_with('@') {
        return Ok(inner);
    }
    let (route, mailbox) = inner.split_once(':').ok_or(PathError::Syntax)?;
    let known = |hop: &str| hop.strip_prefix('@').is_some_and(|domain| DomainName::parse(domain).is_ok());
    if route.split(',').all(known) { Ok(mailbox) } else { Err(PathError::Syntax) }
}

/// Whether `literal` (behind its `[`) is an address literal (RFC 5321 §4.1.3).
fn is_literal(literal: &str) -> bool {
    let Some(address) = literal.strip_suffix(']') else { return false };
    match address.get(..5) {
        Some(tag) if tag.eq_ignore_ascii_case("IPv6:") => address.get(5..).is_some_and(|v6| v6.parse::<Ipv6Addr>().is_ok()),
        _ => address.parse::<Ipv4Addr>().is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(inner: &str) -> Result<String, PathError> {
        forward(inner).map(|path| path.resolve(&"home.example".parse().unwrap()).unwrap().to_string())
    }

    #[test]
    fn paths_of_every_kind() {
        assert_eq!(to("alice@Example.ORG").as_deref(), Ok("alice@example.org"));
        assert_eq!(to("@hosta.int,@jkl.org:userc@d.bar.org").as_deref(), Ok("userc@d.bar.org"));
        assert_eq!(to("\"a@b>c\"@example.org").as_deref(), Ok("\"a@b>c\"@example.org"));
        assert_eq!(to("user%other.example@example.org").as_deref(), Ok("user%other.example@example.org"));
        assert_eq!(to("host!user@example.org").as_deref(), Ok("host!user@example.org"));
        assert_eq!(to("POSTMASTER").as_deref(), Ok("postmaster@home.example"));
        assert_eq!(to("ünï@bücher.example").as_deref(), Ok("ünï@xn--bcher-kva.example"));
        assert_eq!(reverse(""), Ok(None));
    }

    #[test]
    fn what_is_no_address() {
        for bad in ["", "alice", "a b@example.org", "a@", "@b", "@x:a", "a@@b", "@bad_-:a@b.example", "a@[1.2.3]", "a@[127.0.0.1"] {
            assert_eq!(to(bad), Err(PathError::Syntax), "{bad}");
        }
        assert_eq!(to("a@[127.0.0.1]"), Err(PathError::Literal));
        assert_eq!(to("a@[IPv6:::1]"), Err(PathError::Literal));
    }

    #[test]
    fn the_bracket_that_counts_is_outside_quotes() {
        assert_eq!(split("<\"a>\\\"b\"@x.example> SIZE=1"), Ok(("\"a>\\\"b\"@x.example", " SIZE=1")));
        assert_eq!(split("a@b.example"), Err(PathError::Syntax));
        assert_eq!(split("<a@b.example"), Err(PathError::Syntax));
        assert_eq!(split(&format!("<{}>", "a".repeat(300))), Err(PathError::TooLong));
    }
}
