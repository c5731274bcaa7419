//! MESSAGELIMIT (RFC 9738): how many messages one command works on.
//!
//! ```text
//! FETCH, STORE, SEARCH, MOVE, UID EXPUNGE    of the highest UIDs, down to the one that the answer names
//! COPY, SORT, THREAD, APPEND                 refused: half of them would be no use
//! EXPUNGE, CLOSE, STATUS, SELECT             never limited
//! ```

use std::ops::Range;

use postern_proto_imap::{
    encode,
    types::{Code, PartialRange, Reply},
};

use crate::{refused::Refused, selected::Selected, session::ImapSession};

const MORE: &str = "There are more messages than one command works on";

impl ImapSession {
    /// Leaves as many of the messages as one command works on, those with the highest UIDs; the answer will say so.
    pub(crate) fn cut(&mut self, ranges: Vec<Range<usize>>) -> Result<Vec<Range<usize>>, Refused> {
        let limit = self.shared.config.message_limit;
        let Some((kept, code)) = cut(self.selected()?, &ranges, limit) else { return Ok(ranges) };
        self.limited = Some(code);
        Ok(kept)
    }

    /// Refuses what would be more messages than one command works on.
    ///
    /// # Errors
    /// `NO [MESSAGELIMIT …]`.
    pub(crate) fn refuse_more(&mut self, ranges: &[Range<usize>]) -> Result<(), Refused> {
        let limit = self.shared.config.message_limit;
        match cut(self.selected()?, ranges, limit) {
            Some((_, code)) => Err(Refused::no(code, MORE)),
            None => Ok(()),
        }
    }

    /// The command in hand cannot be done for some of its messages alone.
    ///
    /// # Errors
    /// `NO [MESSAGELIMIT …]` when it was done for some alone.
    pub(crate) fn all_or_none(&mut self) -> Result<(), Refused> {
        self.limited.take().map_or(Ok(()), |code| Err(Refused::no(code, MORE)))
    }

    /// Refuses the message of an APPEND that is one too many.
    ///
    /// # Errors
    /// `NO [MESSAGELIMIT …]`.
    pub(crate) fn refuse_message(&self, number: usize) -> Result<(), Refused> {
        match self.shared.config.message_limit {
            Some(limit) if number >= limit as usize => Err(Refused::no(Code::MessageLimit { limit, lowest: None }, MORE)),
            _ => Ok(()),
        }
    }

    /// The answer to a command, with the limit that it met.
    pub(crate) fn with_limit(&mut self, reply: Reply) -> Reply {
        match self.limited.take() {
            None => reply,
            Some(code) if reply.code.is_none() => reply.with(code),
            // RFC 9738 §3.1: where the answer has another code, an untagged NO says it.
            Some(code) => {
                encode::untagged(self.server.output(), &Reply::no(MORE).with(code));
                reply
            }
        }
    }
}

/// The newest messages of ranges, ascending and disjoint; `None` when all of them are within the limit.
fn cut(selected: &Selected, ranges: &[Range<usize>], limit: Option<u32>) -> Option<(Vec<Range<usize>>, Code)> {
    let limit = limit?;
    if ranges.iter().map(ExactSizeIterator::len).sum::<usize>() <= limit as usize {
        return None;
    }
    let kept = PartialRange { from_end: true, first: 1, last: limit }.of_ranges(ranges);
    let lowest = kept.first().and_then(|range| selected.told.get(range.start)).map(|entry| entry.uid);
    Some((kept, Code::MessageLimit { limit, lowest }))
}
