//! CATENATE (RFC 4469): a message made of octets that come and of messages that are here.
//!
//! What is here is read when its URL comes; should it be expunged before the message is whole, that no longer matters.

use postern_core::Rights;
use postern_proto_imap::{
    types::{AppendLiteral, Code, Reply},
    url::MessageUrl,
};

use super::Append;
use crate::{
    refused::Refused,
    session::ImapSession,
    url::{self, UrlReader},
};

/// `URL`: its octets are put behind what there is.
pub(super) async fn url(session: &ImapSession, mut append: Box<Append>, text: &str) -> Result<Box<Append>, Refused> {
    let octets = octets(session, &mut append.urls, text).await?;
    append.grow(session, octets.len() as u64)?;
    append.made.extend_from_slice(&octets);
    Ok(append)
}

/// `TEXT`: its octets come next.
pub(super) fn text(session: &ImapSession, mut append: Box<Append>, literal: AppendLiteral) -> Result<Box<Append>, Refused> {
    append.grow(session, literal.size)?;
    append.literal = Some(literal);
    Ok(append)
}

impl Append {
    /// Takes so many octets more into the message that is being made.
    fn grow(&mut self, session: &ImapSession, octets: u64) -> Result<(), Refused> {
        // RFC 4469 §4.2: the whole is larger than a message may be (here RFC 7889's limit, before IMAP's own).
        if (self.made.len() as u64).saturating_add(octets) > session.shared.config.append_limit {
            return Err(Refused::no(Code::TooBig, "Message too large"));
        }
        self.count(session, octets)
    }
}

/// What a URL names, as this session may read it.
async fn octets(session: &ImapSession, urls: &mut UrlReader, text: &str) -> Result<Vec<u8>, Refused> {
    let bad = || Refused(Reply::no("That URL names nothing here").with(Code::BadUrl(text.to_owned())));
    let parsed = MessageUrl::parse(text).map_err(|_| bad())?;
    let place = session.place(&parsed.mailbox).await.map_err(|Refused(reply)| match reply.code {
        Some(Code::NonExistent) => bad(),
        _ => Refused(reply),
    })?;
    // A mailbox that may not be read is as one that is not there (RFC 4314 §4).
    let found = session.found(&place).await?.filter(|found| found.rights.contains(Rights::READ)).ok_or_else(bad)?;
    let message = urls.read(session, &found, &parsed).await?.ok_or_else(bad)?;
    url::octets(message, &parsed).ok_or_else(bad)
}
