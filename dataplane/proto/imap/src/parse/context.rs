//! CANCELUPDATE (RFC 5267 §4.3.5).

use super::{ParseError, token::Parser};
use crate::types::{Command, Tag};

/// Most tags in one command; there are fewer searches to cancel.
const MAX_TAGS: usize = 256;

/// `command-select =/ "CANCELUPDATE" 1*(SP quoted)` (RFC 5267 §5)
pub(super) fn cancel_update(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    let mut tags = Vec::new();
    p.space()?;
    loop {
        if tags.len() == MAX_TAGS {
            return Err(ParseError::Syntax("At most 256 tags in one command"));
        }
        tags.push(Tag::new(&p.string()?).map_err(|_| ParseError::Syntax("Expected the tag of a search"))?);
        if !p.take(b' ') {
            return Ok(Command::CancelUpdate(tags));
        }
    }
}
