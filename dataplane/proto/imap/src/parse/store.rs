//! STORE, COPY, MOVE, EXPUNGE.

use super::{ParseError, condstore, token::Parser};
use crate::types::{Command, Flags, SequenceSet, StoreMode, StoreOp};

/// `store = "STORE" SP sequence-set [store-modifiers] SP store-att-flags`
pub(super) fn store(p: &mut Parser<'_>, uid: bool) -> Result<Command, ParseError> {
    let set = set(p)?;
    p.space()?;
    let unchanged_since = condstore::store_modifiers(p)?;
    let mode = if p.take(b'+') {
        StoreMode::Add
    } else if p.take(b'-') {
        StoreMode::Remove
    } else {
        StoreMode::Replace
    };
    let silent = match p.item_name().as_str() {
        "FLAGS" => false,
        "FLAGS.SILENT" => true,
        _ => return Err(ParseError::Syntax("Expected FLAGS, +FLAGS or -FLAGS")),
    };
    p.space()?;
    let flags = if p.peek() == Some(b'(') { p.flag_list()? } else { bare_flags(p)? };
    Ok(Command::Store { uid, set, unchanged_since, op: StoreOp { mode, silent, flags } })
}

/// `flag *(SP flag)`
fn bare_flags(p: &mut Parser<'_>) -> Result<Flags, ParseError> {
    let mut flags = Flags::default();
    loop {
        flags.add(p.flag()?);
        if !p.take(b' ') {
            return Ok(flags);
        }
    }
}

/// `copy = "COPY" SP sequence-set SP mailbox`
pub(super) fn copy(p: &mut Parser<'_>, uid: bool) -> Result<Command, ParseError> {
    let set = set(p)?;
    p.space()?;
    Ok(Command::Copy { uid, set, to: p.mailbox()? })
}

/// `move = "MOVE" SP sequence-set SP mailbox`
pub(super) fn move_to(p: &mut Parser<'_>, uid: bool) -> Result<Command, ParseError> {
    let set = set(p)?;
    p.space()?;
    Ok(Command::Move { uid, set, to: p.mailbox()? })
}

/// `"EXPUNGE"`, `uid-expunge = "UID" SP "EXPUNGE" SP sequence-set`
pub(super) fn expunge(p: &mut Parser<'_>, uid: bool) -> Result<Command, ParseError> {
    Ok(Command::Expunge(if uid { Some(set(p)?) } else { None }))
}

fn set(p: &mut Parser<'_>) -> Result<SequenceSet, ParseError> {
    p.space()?;
    p.sequence_set()
}
