//! The tag that joins a command to its answer.

use std::fmt;

/// `tag = 1*<any ASTRING-CHAR except "+">` (RFC 9051 §9), at most [`Tag::MAX`] bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tag(Box<str>);

/// Bytes that are not a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tag is 1 to 255 printable characters without ( ) {{ % * \" \\ +")]
pub struct NotATag;

impl Tag {
    /// Longer tags are refused; the RFC sets no limit, clients use under ten bytes.
    pub const MAX: usize = 255;

    /// Checks a tag.
    ///
    /// # Errors
    /// [`NotATag`] when it is empty, too long, or holds a byte that the grammar forbids.
    pub fn new(bytes: &[u8]) -> Result<Self, NotATag> {
        let fits = !bytes.is_empty() && bytes.len() <= Self::MAX;
        if !fits || !bytes.iter().all(|&b| b != b'+' && crate::parse::is_astring_char(b)) {
            return Err(NotATag);
        }
        std::str::from_utf8(bytes).map(|s| Self(s.into())).map_err(|_| NotATag)
    }

    /// The tag as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_follow_the_grammar() {
        for good in ["a", "A001", "]", "tag.1"] {
            assert!(Tag::new(good.as_bytes()).is_ok(), "{good}");
        }
        for bad in ["", "+", "a+b", "a b", "a\"", "a*", "é", "a\r"] {
            assert_eq!(Tag::new(bad.as_bytes()), Err(NotATag), "{bad}");
        }
        assert_eq!(Tag::new(&[b'a'; 256]), Err(NotATag));
    }
}
