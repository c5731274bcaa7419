//! GENURLAUTH, URLFETCH, RESETKEY (RFC 4467 §9).

use super::{ParseError, token::Parser};
use crate::types::{Command, UrlRump};

/// Most URLs in one command; its length bounds them too.
const MAX_URLS: usize = 256;
const TOO_MANY: ParseError = ParseError::Syntax("At most 256 URLs in one command");

/// `genurlauth = "GENURLAUTH" 1*(SP url-rump SP mechanism)`
pub(super) fn gen_url_auth(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    let mut rumps = Vec::new();
    loop {
        p.space()?;
        let url = p.text()?;
        p.space()?;
        let mechanism = p.upper_atom("Expected a mechanism such as INTERNAL")?;
        rumps.push(UrlRump { url, mechanism });
        if p.at_end() {
            return Ok(Command::GenUrlAuth(rumps));
        }
        if rumps.len() == MAX_URLS {
            return Err(TOO_MANY);
        }
    }
}

/// `urlfetch = "URLFETCH" 1*(SP url-full)`
pub(super) fn url_fetch(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    let mut urls = Vec::new();
    loop {
        p.space()?;
        urls.push(p.text()?);
        if p.at_end() {
            return Ok(Command::UrlFetch(urls));
        }
        if urls.len() == MAX_URLS {
            return Err(TOO_MANY);
        }
    }
}

/// `resetkey = "RESETKEY" [SP mailbox *(SP mechanism)]`
pub(super) fn reset_key(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    if p.at_end() {
        return Ok(Command::ResetKey { mailbox: None, mechanisms: Vec::new() });
    }
    p.space()?;
    let mailbox = Some(p.mailbox()?);
    let mut mechanisms = Vec::new();
    while !p.at_end() {
        p.space()?;
        mechanisms.push(p.upper_atom("Expected a mechanism such as INTERNAL")?);
    }
    Ok(Command::ResetKey { mailbox, mechanisms })
}
