//! Commands that name mailboxes: SELECT, EXAMINE, CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, STATUS.

use super::{ParseError, condstore, token::Parser};
use crate::types::{Command, MailboxName, SpecialUse, StatusItem};

/// `select = "SELECT" SP mailbox [select-params]`, `examine = "EXAMINE" SP mailbox [select-params]`
pub(super) fn select(p: &mut Parser<'_>, read_only: bool) -> Result<Command, ParseError> {
    let mailbox = one(p)?;
    Ok(Command::Select { mailbox, read_only, params: condstore::select_params(p)? })
}

/// `SP mailbox`
pub(super) fn one(p: &mut Parser<'_>) -> Result<MailboxName, ParseError> {
    p.space()?;
    p.mailbox()
}

/// `create = "CREATE" SP mailbox [SP "(" "USE" SP "(" [use-attr *(SP use-attr)] ")" ")"]` (RFC 6154 §6)
pub(super) fn create(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    const NO_USE: &str = "Expected (USE (...))";
    p.space()?;
    let mailbox = p.new_mailbox()?;
    let mut special_use = Vec::new();
    if p.take(b' ') {
        p.expect(b'(', NO_USE)?;
        if !p.keyword("USE") {
            return Err(ParseError::Syntax(NO_USE));
        }
        p.space()?;
        p.expect(b'(', NO_USE)?;
        while !p.take(b')') {
            if !special_use.is_empty() {
                p.space()?;
            }
            let each = use_attr(p)?;
            if special_use.contains(&each) {
                return Err(ParseError::Syntax("A use is named twice"));
            }
            special_use.push(each);
        }
        p.expect(b')', NO_USE)?;
    }
    Ok(Command::Create { mailbox, special_use })
}

/// `use-attr = "\All" / "\Archive" / … / use-attr-ext`
fn use_attr(p: &mut Parser<'_>) -> Result<SpecialUse, ParseError> {
    p.expect(b'\\', "Expected a special use")?;
    let name = p.atom("Expected a special use")?;
    let known = SpecialUse::NAMES.iter().find(|(_, known)| known.as_bytes().get(1..).is_some_and(|known| known.eq_ignore_ascii_case(name)));
    known.map(|&(each, _)| each).ok_or(ParseError::UseAttr)
}

/// `rename = "RENAME" SP mailbox SP mailbox`
pub(super) fn rename(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    let from = one(p)?;
    p.space()?;
    let to = p.new_mailbox()?;
    Ok(Command::Rename { from, to })
}

/// `status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"`
pub(super) fn status(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    let mailbox = one(p)?;
    p.space()?;
    Ok(Command::Status { mailbox, items: p.status_items()? })
}

impl Parser<'_> {
    /// `"(" status-att *(SP status-att) ")"`, each once.
    pub(super) fn status_items(&mut self) -> Result<Vec<StatusItem>, ParseError> {
        self.expect(b'(', "Expected a list of status items")?;
        let mut items = Vec::new();
        loop {
            let name = self.upper_atom("Expected a status item")?;
            let known = StatusItem::NAMES.iter().find(|(_, known)| *known == name);
            let &(item, _) = known.ok_or(ParseError::Syntax("No such status item"))?;
            if !items.contains(&item) {
                items.push(item);
            }
            if self.take(b')') {
                return Ok(items);
            }
            self.space()?;
        }
    }
}
