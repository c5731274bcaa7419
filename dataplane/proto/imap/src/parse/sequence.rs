//! Sequence sets.

use super::{ParseError, token::Parser};
use crate::types::{SequenceNumber, SequenceRange, SequenceSet};

impl Parser<'_> {
    /// `sequence-set = (seq-number / seq-range) ["," sequence-set] / "$"`
    pub(super) fn sequence_set(&mut self) -> Result<SequenceSet, ParseError> {
        if self.take(b'$') {
            return Ok(SequenceSet::Saved);
        }
        let mut ranges = Vec::new();
        loop {
            let start = self.seq_number()?;
            let end = if self.take(b':') { self.seq_number()? } else { start };
            ranges.push(SequenceRange { start, end });
            if !self.take(b',') {
                return Ok(SequenceSet::Ranges(ranges));
            }
        }
    }

    /// `seq-number = nz-number / "*"`
    pub(super) fn seq_number(&mut self) -> Result<SequenceNumber, ParseError> {
        if self.take(b'*') {
            return Ok(SequenceNumber::Largest);
        }
        self.nz_number().map(SequenceNumber::Number).map_err(|_| ParseError::Syntax("Expected a set of message numbers"))
    }
}
