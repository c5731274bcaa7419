//! LIST in both its forms, and LSUB.

use super::{ParseError, metadata, token::Parser};
use crate::types::{Command, ListArgs, ListReturn, ListSelect, Pattern};

/// Most patterns in one LIST.
const MAX_PATTERNS: usize = 64;

/// `list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]`
pub(super) fn list(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    p.space()?;
    let mut select = ListSelect::default();
    if p.peek() == Some(b'(') {
        select = select_options(p)?;
        p.space()?;
    }
    let reference = reference(p)?;
    p.space()?;
    let patterns = patterns(p, &reference)?;
    let mut result = ListReturn::default();
    if p.take(b' ') {
        if !p.keyword("RETURN") {
            return Err(ParseError::Syntax("Expected RETURN"));
        }
        p.space()?;
        result = return_options(p)?;
    }
    Ok(Command::List(ListArgs { select, patterns, result }))
}

/// `lsub = "LSUB" SP mailbox SP list-mailbox` (RFC 3501 §9)
pub(super) fn lsub(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    p.space()?;
    let reference = reference(p)?;
    p.space()?;
    let pattern = p.list_mailbox()?;
    Ok(Command::Lsub(Pattern::new(&reference, &pattern)))
}

/// The reference, which may be empty and is no name yet.
fn reference(p: &mut Parser<'_>) -> Result<String, ParseError> {
    p.list_mailbox()
}

/// `mbox-or-pat = list-mailbox / "(" list-mailbox *(SP list-mailbox) ")"`
fn patterns(p: &mut Parser<'_>, reference: &str) -> Result<Vec<Pattern>, ParseError> {
    // RFC 9051 §6.3.9: an empty pattern asks for the delimiter, whatever the reference.
    let join = |pattern: &str| if pattern.is_empty() { Pattern::new("", "") } else { Pattern::new(reference, pattern) };
    if !p.take(b'(') {
        return Ok(vec![join(&p.list_mailbox()?)]);
    }
    let mut patterns = Vec::new();
    loop {
        if patterns.len() == MAX_PATTERNS {
            return Err(ParseError::Syntax("LIST takes at most 64 patterns"));
        }
        patterns.push(join(&p.list_mailbox()?));
        if p.take(b')') {
            return Ok(patterns);
        }
        p.space()?;
    }
}

/// `list-select-opts = "(" [list-select-opt *(SP list-select-opt)] ")"`
fn select_options(p: &mut Parser<'_>) -> Result<ListSelect, ParseError> {
    let mut select = ListSelect::default();
    p.expect(b'(', "Expected selection options")?;
    while !p.take(b')') {
        match p.upper_atom("Expected a selection option")?.as_str() {
            "SUBSCRIBED" => select.subscribed = true,
            "REMOTE" => select.remote = true,
            "RECURSIVEMATCH" => select.recursive_match = true,
            "SPECIAL-USE" => select.special_use = true,
            _ => return Err(ParseError::Syntax("No such selection option")),
        }
        separator(p)?;
    }
    // RFC 9051 §6.3.9.1: RECURSIVEMATCH alone, or with REMOTE alone, is BAD.
    if select.recursive_match && !select.subscribed && !select.special_use {
        return Err(ParseError::Syntax("RECURSIVEMATCH needs another selection option"));
    }
    Ok(select)
}

/// `list-return-opts = "RETURN" SP "(" [return-option *(SP return-option)] ")"`
fn return_options(p: &mut Parser<'_>) -> Result<ListReturn, ParseError> {
    let mut result = ListReturn::default();
    p.expect(b'(', "Expected return options")?;
    while !p.take(b')') {
        match p.upper_atom("Expected a return option")?.as_str() {
            "SUBSCRIBED" => result.subscribed = true,
            "CHILDREN" => result.children = true,
            "SPECIAL-USE" => result.special_use = true,
            "MYRIGHTS" => result.my_rights = true,
            "METADATA" => {
                p.space()?;
                result.metadata = metadata::entries(p)?;
            }
            "STATUS" => {
                p.space()?;
                result.status = p.status_items()?;
            }
            _ => return Err(ParseError::Syntax("No such return option")),
        }
        separator(p)?;
    }
    Ok(result)
}

/// A space, unless the list ends here.
fn separator(p: &mut Parser<'_>) -> Result<(), ParseError> {
    if p.peek() == Some(b')') { Ok(()) } else { p.space() }
}
