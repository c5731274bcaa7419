//! GENURLAUTH, URLFETCH, RESETKEY (RFC 4467 §9, RFC 5524 §5).

use super::{ParseError, token::Parser};
use crate::types::{Command, UrlFetchArgs, UrlItem, UrlRump};

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

/// `urlfetch = "URLFETCH" 1*(SP url-fetch-arg)`, `url-fetch-arg = url-full / "(" url-full *(SP url-fetch-param) ")"` (RFC 5524 §5)
pub(super) fn url_fetch(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    let mut urls = Vec::new();
    loop {
        p.space()?;
        urls.push(if p.take(b'(') { with_items(p)? } else { UrlFetchArgs { url: p.text()?, items: Vec::new() } });
        if p.at_end() {
            return Ok(Command::UrlFetch(urls));
        }
        if urls.len() == MAX_URLS {
            return Err(TOO_MANY);
        }
    }
}

/// `url-full *(SP url-fetch-param) ")"`
fn with_items(p: &mut Parser<'_>) -> Result<UrlFetchArgs, ParseError> {
    let (url, mut items) = (p.text()?, Vec::new());
    while !p.take(b')') {
        p.space()?;
        let item = match p.upper_atom("Expected BODY, BINARY or BODYPARTSTRUCTURE")?.as_str() {
            "BODY" => UrlItem::Body,
            "BINARY" => UrlItem::Binary,
            "BODYPARTSTRUCTURE" => UrlItem::BodyPartStructure,
            _ => return Err(ParseError::Syntax("Expected BODY, BINARY or BODYPARTSTRUCTURE")),
        };
        if !items.contains(&item) {
            items.push(item);
        }
    }
    Ok(UrlFetchArgs { url, items })
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
