//! GETMETADATA and SETMETADATA (RFC 5464 §5).

use super::{ParseError, token::Parser};
use crate::types::{Command, Depth, EntryName, MailboxName, MetadataQuery};

/// Most entries in one command.
const MAX_ENTRIES: usize = 256;
const TOO_MANY: ParseError = ParseError::Syntax("At most 256 entries in one command");
const NO_ENTRY: ParseError = ParseError::Syntax("Expected an entry below /private or /shared");

/// `getmetadata = "GETMETADATA" [SP getmetadata-options] SP mailbox SP entries`
pub(super) fn get_metadata(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    p.space()?;
    let mut query = MetadataQuery::default();
    if p.peek() == Some(b'(') {
        options(p, &mut query)?;
        p.space()?;
    }
    let mailbox = mailbox(p)?;
    p.space()?;
    // The RFC's grammar has the options in front, its first example behind the mailbox: some clients do so.
    if p.peek() == Some(b'(') && p.looks_like_options() {
        options(p, &mut query)?;
        p.space()?;
    }
    query.entries = entries(p)?;
    Ok(Command::GetMetadata { mailbox, query })
}

/// `setmetadata = "SETMETADATA" SP mailbox SP entry-values`
pub(super) fn set_metadata(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    p.space()?;
    let mailbox = mailbox(p)?;
    p.space()?;
    p.expect(b'(', "Expected a list of entries and values")?;
    let mut values = Vec::new();
    loop {
        let name = entry(p)?;
        p.space()?;
        if values.len() == MAX_ENTRIES {
            return Err(TOO_MANY);
        }
        values.push((name, p.octets()?));
        if p.take(b')') {
            return Ok(Command::SetMetadata { mailbox, values });
        }
        p.space()?;
    }
}

/// `entries = entry / "(" entry *(SP entry) ")"`
pub(super) fn entries(p: &mut Parser<'_>) -> Result<Vec<EntryName>, ParseError> {
    if !p.take(b'(') {
        return Ok(vec![entry(p)?]);
    }
    let mut entries = Vec::new();
    loop {
        if entries.len() == MAX_ENTRIES {
            return Err(TOO_MANY);
        }
        entries.push(entry(p)?);
        if p.take(b')') {
            return Ok(entries);
        }
        p.space()?;
    }
}

/// `getmetadata-options = "(" getmetadata-option *(SP getmetadata-option) ")"`
fn options(p: &mut Parser<'_>, query: &mut MetadataQuery) -> Result<(), ParseError> {
    p.expect(b'(', "Expected options")?;
    loop {
        match p.upper_atom("Expected MAXSIZE or DEPTH")?.as_str() {
            "MAXSIZE" => {
                p.space()?;
                query.max_size = Some(p.number()?);
            }
            "DEPTH" => {
                p.space()?;
                query.depth = match p.upper_atom("Expected 0, 1 or infinity")?.as_str() {
                    "0" => Depth::Zero,
                    "1" => Depth::One,
                    "INFINITY" => Depth::Infinity,
                    _ => return Err(ParseError::Syntax("Expected 0, 1 or infinity")),
                };
            }
            _ => return Err(ParseError::Syntax("Expected MAXSIZE or DEPTH")),
        }
        if p.take(b')') {
            return Ok(());
        }
        p.space()?;
    }
}

/// The empty name stands for the server (RFC 5464 §4.2).
fn mailbox(p: &mut Parser<'_>) -> Result<Option<MailboxName>, ParseError> {
    let mut ahead = *p;
    if ahead.string().is_ok_and(|name| name.is_empty()) {
        *p = ahead;
        return Ok(None);
    }
    p.mailbox().map(Some)
}

/// `entry = astring`
fn entry(p: &mut Parser<'_>) -> Result<EntryName, ParseError> {
    EntryName::new(&p.astring()?).map_err(|_| NO_ENTRY)
}

impl Parser<'_> {
    /// Whether a list of options stands here and none of entries, which begin with a slash or a quote.
    fn looks_like_options(&self) -> bool {
        let mut ahead = *self;
        ahead.take(b'(') && ahead.peek().is_some_and(|b| b.is_ascii_alphabetic())
    }
}
