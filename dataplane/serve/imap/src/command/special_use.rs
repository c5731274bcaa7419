//! `/private/specialuse` (RFC 6154 §4): what a mailbox is for, as an entry that GETMETADATA tells and SETMETADATA changes.
//!
//! It is kept with the folder and nowhere else: LIST and this entry cannot differ.

use postern_proto_imap::types::{self, Code, EntryName};
use postern_store::mail::SpecialUse;

use crate::{place::Found, refused::Refused, words};

/// Behind `/private`.
const PATH: &str = "/specialuse";

/// The entry of a mailbox that is for something. What others share is for nothing here.
pub(super) fn entry(found: &Found) -> Option<(EntryName, Vec<u8>)> {
    let kept = found.folder.special_use.filter(|_| found.viewer.is_none())?;
    Some((EntryName::of(false, PATH), words::told_use(kept).name().into()))
}

/// Takes the entry out of what SETMETADATA writes: the use that the mailbox is to have, when there was one.
///
/// # Errors
/// `NO [USEATTR]` for a use that it cannot have.
pub(super) fn take(found: &Found, values: &mut Vec<(EntryName, Option<Vec<u8>>)>) -> Result<Option<Option<SpecialUse>>, Refused> {
    let Some(at) = values.iter().position(|(name, _)| !name.is_shared() && name.path() == PATH) else { return Ok(None) };
    let (_, value) = values.remove(at);
    let no = |why| Refused::no(Code::UseAttr, why);
    if found.viewer.is_some() {
        return Err(no("Only an own mailbox can have a special use"));
    }
    let text = String::from_utf8(value.unwrap_or_default()).map_err(|_| no("No mailbox can be for that here"))?;
    let mut asked = text.split_ascii_whitespace();
    let (Some(first), None) = (asked.next(), asked.next()) else {
        return if text.trim().is_empty() { Ok(Some(None)) } else { Err(no("A mailbox is for one thing at most")) };
    };
    if found.folder.name == "INBOX" {
        return Err(no("INBOX is for what comes in"));
    }
    let known = types::SpecialUse::NAMES.iter().find(|(_, name)| name.eq_ignore_ascii_case(first));
    let kept = known.and_then(|(asked, _)| words::special_use(*asked)).ok_or_else(|| no("No mailbox can be for that here"))?;
    Ok(Some(Some(kept)))
}
