//! SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS (RFC 4314 §7).

use postern_core::Rights;

use super::{ParseError, folder, token::Parser};
use crate::types::{Command, ModifyRights};

/// `setacl = "SETACL" SP mailbox SP identifier SP mod-rights`
pub(super) fn set_acl(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    let mailbox = folder::one(p)?;
    let who = identifier(p)?;
    p.space()?;
    let text = p.text()?;
    // RFC 4314 §3.1: a letter that we do not know is BAD, and nothing is changed.
    let rights = |letters: &str| letters.parse::<Rights>().map_err(|_| ParseError::Syntax("Rights are letters of lrswipkxtea"));
    let change = match text.split_at_checked(1) {
        Some(("+", letters)) => ModifyRights::Add(rights(letters)?),
        Some(("-", letters)) => ModifyRights::Remove(rights(letters)?),
        _ => ModifyRights::Replace(rights(&text)?),
    };
    Ok(Command::SetAcl { mailbox, who, change })
}

/// `deleteacl = "DELETEACL" SP mailbox SP identifier`
pub(super) fn delete_acl(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    Ok(Command::DeleteAcl { mailbox: folder::one(p)?, who: identifier(p)? })
}

/// `listrights = "LISTRIGHTS" SP mailbox SP identifier`
pub(super) fn list_rights(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    Ok(Command::ListRights { mailbox: folder::one(p)?, who: identifier(p)? })
}

/// `identifier = astring`
fn identifier(p: &mut Parser<'_>) -> Result<String, ParseError> {
    p.space()?;
    p.text()
}
