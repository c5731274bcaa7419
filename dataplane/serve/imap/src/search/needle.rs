//! A text to find.

use postern_message::casemap::casemap;

/// Text to find, mapped as what it is looked for in: i;unicode-casemap (RFC 9051 §6.4.4, RFC 5051).
pub(super) struct Needle(memchr::memmem::Finder<'static>);

impl Needle {
    pub(super) fn new(text: &str) -> Self {
        Self(memchr::memmem::Finder::new(casemap(text).as_bytes()).into_owned())
    }

    /// Whether a text that is mapped already contains it.
    pub(super) fn is_in(&self, mapped: &str) -> bool {
        self.is_empty() || self.0.find(mapped.as_bytes()).is_some()
    }

    /// Whether any text contains it.
    pub(super) fn is_empty(&self) -> bool {
        self.0.needle().is_empty()
    }
}
