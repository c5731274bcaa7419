//! APPEND (RFC 9051 §6.3.12), MULTIAPPEND (RFC 3502), CATENATE (RFC 4469) and REPLACE (RFC 8508): all messages or none, in
//! one commit.
//!
//! What a connection holds of them is bounded over all messages; a message is compressed as soon as it is whole.

mod catenate;
mod replace;

use postern_message::Summary;
use postern_proto_imap::types::{AppendLiteral, AppendMessage, CatenatePart, Code, MailboxName, Replaced, Reply};
use postern_store::{
    StoreError,
    ingest::{Accept, LocalDelivery, NewBody, Target},
};

use super::{finish, store::MAX_KEYWORDS};
use crate::{
    place::Found,
    refused::{Answer, Refused},
    selected::{Expunges, Moment},
    session::{Flow, ImapSession, Work},
    url::UrlReader,
    words,
};

/// Messages larger than this are summarised on a thread of their own, for it takes milliseconds.
const LARGE: usize = 1 << 20;

/// The messages that have come so far.
pub(crate) struct Append {
    target: Found,
    accept: Accept,
    /// Of each delivery: whether this session has seen it, where that is not the owner's flag.
    seen: Vec<bool>,
    /// The message begun last, while it is not whole.
    next: Option<AppendMessage>,
    /// What CATENATE has made of it so far.
    made: Vec<u8>,
    /// Reads what its URLs name.
    urls: UrlReader,
    /// The octets that come.
    literal: Option<AppendLiteral>,
    /// Octets of all messages, those that come too.
    octets: u64,
    /// Octets that the box had room for when the first was offered; the commit decides.
    room: u64,
}

/// A message is offered: take it, or refuse before its octets are sent.
pub(crate) async fn append_message(
    session: &mut ImapSession,
    mailbox: &MailboxName,
    replaces: Option<Replaced>,
    message: AppendMessage,
    number: usize,
) -> Flow {
    let admitted = match (std::mem::take(&mut session.work), session.refuse_message(number)) {
        (_, Err(refused)) => Err(refused),
        (Work::Append(append), Ok(())) if number > 0 => admit_next(session, append, message).await,
        _ => admit_first(session, mailbox, replaces, message).await,
    };
    answer_offer(session, admitted)
}

/// CATENATE offers a part: read what it names, or take it, or refuse.
pub(crate) async fn append_part(session: &mut ImapSession, part: CatenatePart) -> Flow {
    let admitted = match (std::mem::take(&mut session.work), part) {
        (Work::Append(append), CatenatePart::Url(url)) => catenate::url(session, append, &url).await,
        (Work::Append(append), CatenatePart::Text(literal)) => catenate::text(session, append, literal),
        _ => Err(nothing_accepted()),
    };
    answer_offer(session, admitted)
}

/// The octets of the message or part offered last.
pub(crate) async fn append_body(session: &mut ImapSession, body: Vec<u8>) -> Flow {
    let kept = match std::mem::take(&mut session.work) {
        Work::Append(append) => keep(session, append, body).await,
        _ => Err(nothing_accepted()),
    };
    match kept {
        Ok(append) => session.work = Work::Append(append),
        Err(Refused(reply)) => session.server.complete(reply),
    }
    Flow::On
}

/// All messages have come.
pub(crate) async fn append_end(session: &mut ImapSession) -> Flow {
    let moment = Moment { expunges: Expunges::Told, uid: false, dialect: session.server.dialect() };
    let answer = match std::mem::take(&mut session.work) {
        Work::Append(append) => {
            session.shared.observer.command(append.name());
            commit(session, append, moment).await
        }
        _ => Err(nothing_accepted()),
    };
    finish(session, moment, answer).await
}

fn answer_offer(session: &mut ImapSession, admitted: Result<Box<Append>, Refused>) -> Flow {
    match admitted {
        Ok(append) => {
            session.work = Work::Append(append);
            session.server.accept();
        }
        Err(Refused(reply)) => session.server.complete(reply),
    }
    Flow::On
}

async fn admit_first(
    session: &mut ImapSession,
    mailbox: &MailboxName,
    replaces: Option<Replaced>,
    message: AppendMessage,
) -> Result<Box<Append>, Refused> {
    let target = session.target(mailbox).await?;
    let replaces = replaces.map(|replaced| replace::placement(session, replaced, &target)).transpose()?;
    let usage = session.boxes().usage(target.account).await?;
    let room = usage.quota.map_or(u64::MAX, |quota| u64::try_from(quota.saturating_sub(usage.used)).unwrap_or(0));
    let room = room.saturating_add(replaces.map_or(0, |replaced| replaced.size.into()));
    let accept = Accept { replaces, ..Accept::default() };
    let (seen, urls) = (Vec::new(), UrlReader::new(session));
    let append = Append { target, accept, seen, next: None, made: Vec::new(), urls, literal: None, octets: 0, room };
    admit(session, Box::new(append), message)
}

async fn admit_next(session: &mut ImapSession, mut append: Box<Append>, message: AppendMessage) -> Result<Box<Append>, Refused> {
    append.end_catenated(session).await?;
    admit(session, append, message)
}

fn admit(session: &ImapSession, mut append: Box<Append>, message: AppendMessage) -> Result<Box<Append>, Refused> {
    if message.flags.keywords.len() > MAX_KEYWORDS {
        return Err(Refused::no(Code::Limit, "Too many keywords"));
    }
    append.literal = message.literal;
    append.count(session, message.literal.map_or(0, |literal| literal.size))?;
    append.next = Some(message);
    Ok(append)
}

async fn keep(session: &ImapSession, mut append: Box<Append>, body: Vec<u8>) -> Result<Box<Append>, Refused> {
    let literal = append.literal.take().ok_or_else(nothing_accepted)?;
    // RFC 9051 §4.3: only literal8 may hold NUL.
    if !literal.binary && memchr::memchr(0, &body).is_some() {
        return Err(Refused(Reply::no("NUL in a message that is not sent as literal8")));
    }
    match append.next.take_if(|message| message.literal.is_some()) {
        Some(message) => append.store(session, message, body).await?,
        None if append.made.is_empty() => append.made = body,
        None => append.made.extend_from_slice(&body),
    }
    Ok(append)
}

async fn commit(session: &mut ImapSession, mut append: Box<Append>, moment: Moment) -> Answer {
    append.end_catenated(session).await?;
    let replaces = append.accept.replaces.is_some();
    let placed = match session.shared.store.ingest.accept(append.accept).await {
        Err(StoreError::NotFound("folder")) => return Err(Refused::try_create()),
        other => other?,
    };
    let seen: Vec<i64> = placed.iter().zip(append.seen).filter(|(_, seen)| *seen).map(|(placed, _)| placed.uid.into()).collect();
    session.see(&append.target, &seen).await;
    let Some(first) = placed.first() else { return Ok(Reply::ok("APPEND completed")) };
    let code = Code::AppendUid { validity: first.uid_validity, uids: placed.iter().map(|p| p.uid).collect() };
    if replaces { Ok(replace::answer(session, code, moment).await) } else { Ok(Reply::ok("APPEND completed").with(code)) }
}

impl Append {
    const fn name(&self) -> &'static str {
        if self.accept.replaces.is_some() { "REPLACE" } else { "APPEND" }
    }

    /// Takes so many octets more into what this connection holds.
    fn count(&mut self, session: &ImapSession, octets: u64) -> Result<(), Refused> {
        self.octets = self.octets.saturating_add(octets);
        if self.octets > session.shared.config.holds() {
            return Err(Refused::no(Code::Limit, "More at once than this server holds; append in smaller parts"));
        }
        if self.octets > self.room {
            return Err(StoreError::OverQuota(self.target.account).into());
        }
        Ok(())
    }

    /// The message that CATENATE made is whole.
    async fn end_catenated(&mut self, session: &ImapSession) -> Result<(), Refused> {
        let Some(message) = self.next.take() else { return Ok(()) };
        let made = std::mem::take(&mut self.made);
        if made.is_empty() {
            return Err(Refused(Reply::no("An empty message is not stored")));
        }
        self.store(session, message, made).await
    }

    /// Puts a whole message to those that the commit will store.
    async fn store(&mut self, session: &ImapSession, message: AppendMessage, body: Vec<u8>) -> Result<(), Refused> {
        let store = &session.shared.store;
        let (summary, body) = summarise(body).await?;
        let prepared = store.prepare(&body).await?;
        let rights = self.target.rights;
        // RFC 4314 §4: flags that the rights do not allow are left out, and the message is taken.
        let (flags, seen) = self.target.new_flags(message.flags.system);
        self.seen.push(seen);
        self.accept.deliveries.push(LocalDelivery {
            body: self.accept.bodies.len(),
            account: self.target.account,
            folder: Target::Folder(self.target.folder.id),
            flags,
            keywords: if words::may_have_keywords(rights) { words::keywords(&message.flags.keywords) } else { None },
            prefix: Vec::new(),
            received_at: message.date.map_or_else(|| store.now(), |date| date.at),
        });
        self.accept.bodies.push(NewBody { prepared, trace: store.ids.trace(), summary: summary.encode().into() });
        Ok(())
    }
}

async fn summarise(body: Vec<u8>) -> Result<(Summary, Vec<u8>), Refused> {
    if body.len() < LARGE {
        return Ok((Summary::of(&body), body));
    }
    let summarised = tokio::task::spawn_blocking(move || (Summary::of(&body), body)).await;
    summarised.map_err(|error| {
        tracing::error!(%error, "a message could not be summarised");
        Refused::no(Code::ServerBug, "Internal error")
    })
}

fn nothing_accepted() -> Refused {
    Refused(Reply::bad("No message was accepted"))
}
