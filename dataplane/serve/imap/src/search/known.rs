//! What the text index says to one key.

use postern_store::mail::index::Found;

/// The index's answer; before it was asked, that it knows nothing.
#[derive(Default)]
pub(super) struct Known {
    upto: u32,
    found: Found,
}

impl Known {
    pub(super) const fn new(upto: u32, found: Found) -> Self {
        Self { upto, found }
    }

    /// Yes, no, or that the message must be asked: what lies behind the watermark always must.
    pub(super) fn says(&self, uid: u32) -> Option<bool> {
        if uid > self.upto || self.found.maybe.binary_search(&uid).is_ok() {
            return None;
        }
        Some(self.found.yes.binary_search(&uid).is_ok())
    }
}
