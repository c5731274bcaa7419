//! Flags and lists of them.

use super::{ParseError, token::Parser};
use crate::types::{Flag, Flags, Keyword, SystemFlags};

impl Parser<'_> {
    /// `flag-list = "(" [flag *(SP flag)] ")"`
    pub(super) fn flag_list(&mut self) -> Result<Flags, ParseError> {
        self.expect(b'(', "Expected a list of flags")?;
        let mut flags = Flags::default();
        if self.take(b')') {
            return Ok(flags);
        }
        loop {
            flags.add(self.flag()?);
            if self.take(b')') {
                return Ok(flags);
            }
            self.space()?;
        }
    }

    /// `flag = "\Answered" / "\Flagged" / "\Deleted" / "\Seen" / "\Draft" / flag-keyword / flag-extension`
    pub(super) fn flag(&mut self) -> Result<Flag, ParseError> {
        if !self.take(b'\\') {
            return Keyword::new(self.atom("Expected a flag")?)
                .map(Flag::Keyword)
                .map_err(|_| ParseError::Syntax("A keyword has at most 128 bytes"));
        }
        let name = self.atom("Expected a flag")?;
        let known =
            SystemFlags::NAMES.iter().find(|(_, known)| known.as_bytes().get(1..).is_some_and(|known| known.eq_ignore_ascii_case(name)));
        // RFC 9051 §2.3.2: \Recent cannot be set by a client, and no other system flag is defined.
        known.map(|&(bits, _)| Flag::System(bits)).ok_or(ParseError::Syntax("No such system flag"))
    }
}
