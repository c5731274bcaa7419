//! The boundaries of the multiparts that are open, found by a line's text in constant time: a message of
//! nothing but lines that begin with two hyphens must not cost its length times its depth.

use std::collections::HashMap;

use super::MAX_BOUNDARY;

/// Open boundaries with the levels they belong to.
#[derive(Debug, Default)]
pub(super) struct Boundaries {
    levels: HashMap<Vec<u8>, Vec<usize>>,
}

impl Boundaries {
    pub(super) fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// Opens a boundary at a level deeper than all others.
    pub(super) fn open(&mut self, boundary: &[u8], level: usize) {
        self.levels.entry(boundary.to_vec()).or_default().push(level);
    }

    /// Closes the innermost of that text.
    pub(super) fn close(&mut self, boundary: &[u8]) {
        if let Some(levels) = self.levels.get_mut(boundary) {
            levels.pop();
            if levels.is_empty() {
                self.levels.remove(boundary);
            }
        }
    }

    /// Whether a line is `--boundary` or `--boundary--` (RFC 2046 §5.1.1): the innermost level, and whether it closes.
    pub(super) fn delimiter(&self, line: &[u8]) -> Option<(usize, bool)> {
        let mut text = line.strip_prefix(b"--")?;
        while let [rest @ .., b' ' | b'\t' | b'\r'] = text {
            text = rest;
        }
        if text.is_empty() || text.len() > MAX_BOUNDARY + 2 {
            return None;
        }
        let innermost = |text: &[u8]| self.levels.get(text).and_then(|l| l.last().copied());
        let next = innermost(text).map(|level| (level, false));
        let last = text.strip_suffix(b"--").and_then(innermost).map(|level| (level, true));
        next.max(last)
    }
}
