//! GENURLAUTH, URLFETCH and RESETKEY (RFC 4467, RFC 5524): a user lets others see a message by a URL that carries the proof.
//!
//! The proof is a keyed hash of the URL up to it. Its key is of the user and the mailbox; without the key nothing is shown,
//! so RESETKEY takes back all that was given. A URL that shows nothing is NIL, for whatever reason: nobody learns by it what
//! there is. URLs reach as far as the tenant; hosts are not compared, for the server has many names, and a URL of another
//! server has no proof that is valid here. `submit+` is for submission servers, and no login is one.

use std::fmt::Write as _;

use postern_core::{Address, Rights, Secret};
use postern_proto_imap::{
    encode::{self, UrlFetchWriter},
    types::{Code, MailboxName, Reply, UrlFetchArgs, UrlItem, UrlRump},
    url::{Access, AuthorizedUrl, MessageUrl},
};

use crate::{
    message::Message,
    place::Found,
    refused::{Answer, Refused},
    session::ImapSession,
    url::{self, UrlReader},
};

/// The one mechanism (RFC 4467 §4): how the token is made is nobody else's business.
const INTERNAL: &str = "INTERNAL";

pub(super) async fn generate(session: &mut ImapSession, rumps: &[UrlRump]) -> Answer {
    let mut urls = Vec::with_capacity(rumps.len());
    for rump in rumps {
        if rump.mechanism != INTERNAL {
            return Err(Refused(Reply::bad("INTERNAL is the mechanism that there is")));
        }
        urls.push(authorize(session, &rump.url).await?);
    }
    encode::gen_url_auth(session.server.output(), &urls);
    Ok(Reply::ok("GENURLAUTH completed"))
}

pub(super) async fn fetch(session: &mut ImapSession, urls: &[UrlFetchArgs]) -> Answer {
    let mut reader = UrlReader::new(session);
    let (dialect, holds) = (session.server.dialect(), session.shared.config.holds());
    let mut written = 0;
    for args in urls {
        let shown = shown(session, &mut reader, &args.url).await?;
        let mut answer = Vec::new();
        let response = UrlFetchWriter::new(&mut answer, &args.url, dialect);
        write(response, &args.items, shown);
        written += answer.len() as u64;
        if written > holds {
            return Err(Refused::no(Code::Limit, "More at once than this server holds; ask for fewer"));
        }
        session.server.output().append(&mut answer);
    }
    Ok(Reply::ok("URLFETCH completed"))
}

/// What is asked of one URL, in the client's order (RFC 5524 §3.2).
fn write(mut response: UrlFetchWriter<'_>, items: &[UrlItem], shown: Option<(MessageUrl, &Message)>) {
    match shown {
        None => {}
        Some((url, message)) if items.is_empty() => response.octets(url::octets(message, &url).as_deref()),
        Some((url, message)) => {
            for item in items {
                match (item, url::part(&url)) {
                    (UrlItem::Body, _) => response.body(url::octets(message, &url).as_deref()),
                    (UrlItem::Binary, _) => response.binary(url::binary(message, &url).as_deref()),
                    (UrlItem::BodyPartStructure, Some(part)) => response.structure(&message.summary(), part),
                    (UrlItem::BodyPartStructure, None) => {}
                }
            }
        }
    }
    response.finish();
}

pub(super) async fn reset(session: &mut ImapSession, mailbox: Option<&MailboxName>, mechanisms: &[String]) -> Answer {
    if mechanisms.iter().any(|mechanism| mechanism != INTERNAL) {
        return Err(Refused(Reply::bad("INTERNAL is the mechanism that there is")));
    }
    let of = match mailbox {
        Some(mailbox) => Some(session.find(mailbox, Rights::READ).await?).map(|found| (found.account, found.folder.id)),
        None => None,
    };
    session.boxes().reset_url_keys(session.account()?, of).await?;
    let reply = Reply::ok("All URLs made before show nothing any more");
    Ok(if of.is_some() { reply.with(Code::UrlMech) } else { reply })
}

/// The URL with its proof.
async fn authorize(session: &ImapSession, text: &str) -> Result<String, Refused> {
    let bad = || Refused(Reply::no("That URL cannot be authorised by you").with(Code::BadUrl(text.to_owned())));
    let url = AuthorizedUrl::parse(text).map_err(|_| bad())?;
    // RFC 4467 §7: the URL's user is who asks, and it has no proof yet.
    if !is_user(&url.user, &session.logged_in()?.address) || url.verifier.is_some() {
        return Err(bad());
    }
    let found = session.find(&url.message.mailbox, Rights::READ).await?;
    if url.message.uid_validity.is_some_and(|validity| validity != found.folder.uid_validity) {
        return Err(bad());
    }
    let fresh = session.shared.fresh_key();
    let key = session.boxes().make_url_key(found.account, found.folder.id, session.account()?, &fresh).await?;
    let mut authorized = format!("{}:internal:", url.rump);
    for octet in token(&key, &url.rump).as_bytes() {
        let _ = write!(authorized, "{octet:02x}");
    }
    Ok(authorized)
}

/// What a URL shows to this session.
async fn shown<'r>(session: &ImapSession, reader: &'r mut UrlReader, text: &str) -> Result<Option<(MessageUrl, &'r Message)>, Refused> {
    let Ok(url) = AuthorizedUrl::parse(text) else { return Ok(None) };
    if !may_fetch(session, &url)? {
        return Ok(None);
    }
    let tenant = &session.logged_in()?.tenant;
    let Some(user) = session.shared.people.by_address(tenant, &url.user).await? else { return Ok(None) };
    let place = match session.place_of(user, &url.message.mailbox).await {
        Err(Refused(reply)) if reply.code == Some(Code::NonExistent) => return Ok(None),
        other => other?,
    };
    // What its user may not read any more, its URLs do not show.
    let found = session.found_by(user, &place).await?.filter(|found| found.rights.contains(Rights::READ));
    let Some(found) = found else { return Ok(None) };
    if !is_proven(session, user, &found, &url).await? {
        return Ok(None);
    }
    let message = reader.read(session, &found, &url.message).await?;
    Ok(message.map(|message| (url.message, message)))
}

/// Whether the URL is for this session, and not expired (RFC 4467 §3).
fn may_fetch(session: &ImapSession, url: &AuthorizedUrl) -> Result<bool, Refused> {
    let in_time = url.expires.is_none_or(|until| session.shared.store.now() < until);
    let for_us = match &url.access {
        Access::User(user) => is_user(user, &session.logged_in()?.address),
        Access::AuthenticatedUser | Access::Anonymous => true,
        Access::Submit(_) => false,
    };
    Ok(in_time && for_us)
}

async fn is_proven(session: &ImapSession, user: postern_core::AccountId, found: &Found, url: &AuthorizedUrl) -> Result<bool, Refused> {
    let Some(verifier) = url.verifier.as_ref().filter(|verifier| verifier.mechanism == INTERNAL) else { return Ok(false) };
    let Some(key) = session.boxes().url_key(found.account, found.folder.id, user).await? else { return Ok(false) };
    // Hashes are compared in constant time.
    Ok(<[u8; 32]>::try_from(verifier.token.as_slice()).is_ok_and(|claimed| token(&key, &url.rump) == claimed))
}

fn token(key: &Secret<[u8; 32]>, rump: &str) -> blake3::Hash {
    blake3::keyed_hash(key.expose(), rump.as_bytes())
}

/// Whether a URL's user is the one of this address.
fn is_user(user: &str, address: &Address) -> bool {
    Address::parse(user).is_ok_and(|user| user == *address)
}
