//! A text to find.

use postern_message::casemap::casemap;

/// Text to find, mapped as what it is looked for in: i;unicode-casemap (RFC 9051 §6.4.4, RFC 5051).
pub(super) struct Needle(Box<str>, memchr::memmem::Finder<'static>);

impl Needle {
    pub(super) fn new(text: &str) -> Self {
        let mapped = casemap(text).into_boxed_str();
        let finder = memchr::memmem::Finder::new(mapped.as_bytes()).into_owned();
        Self(mapped, finder)
    }

    /// Whether a text that is mapped already contains it.
    pub(super) fn is_in(&self, mapped: &str) -> bool {
        self.is_empty() || self.1.find(mapped.as_bytes()).is_some()
    }

    /// Whether any text contains it.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text itself, mapped.
    pub(super) fn text(&self) -> &str {
        &self.0
    }
}
