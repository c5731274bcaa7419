//! APPEND (RFC 9051 §6.3.12) and MULTIAPPEND (RFC 3502): all messages or none, in one commit.

use postern_message::Summary;
use postern_proto_imap::types::{AppendMessage, Code, MailboxName, Reply};
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
    words,
};

/// Messages larger than this are summarised on a thread of their own, for it takes milliseconds.
const LARGE: usize = 1 << 20;

/// The messages that have come so far.
pub(crate) struct Append {
    target: Found,
    accept: Accept,
    /// Announced for the next message.
    next: Option<AppendMessage>,
    /// Octets of all messages, the next one's too.
    octets: u64,
    /// Octets that the box had room for when the first was offered; the commit decides.
    room: u64,
}

/// A message is offered: take it, or refuse before its octets are sent.
pub(crate) async fn append_message(session: &mut ImapSession, mailbox: MailboxName, message: AppendMessage, number: usize) -> Flow {
    match admit(session, &mailbox, message, number).await {
        Ok(append) => {
            session.work = Work::Append(append);
            session.server.accept();
        }
        Err(Refused(reply)) => session.server.complete(reply),
    }
    Flow::On
}

async fn admit(session: &mut ImapSession, mailbox: &MailboxName, message: AppendMessage, number: usize) -> Result<Box<Append>, Refused> {
    let mut append = match std::mem::take(&mut session.work) {
        Work::Append(append) if number > 0 => append,
        _ => {
            let target = session.target(mailbox).await?;
            let usage = session.boxes().usage(target.account).await?;
            let room = usage.quota.map_or(u64::MAX, |quota| u64::try_from(quota.saturating_sub(usage.used)).unwrap_or(0));
            Box::new(Append { target, accept: Accept::default(), next: None, octets: 0, room })
        }
    };
    if message.flags.keywords.len() > MAX_KEYWORDS {
        return Err(Refused::no(Code::Limit, "Too many keywords"));
    }
    append.octets = append.octets.saturating_add(message.size);
    if append.octets > session.shared.config.literal_budget.max(session.shared.config.append_limit) {
        return Err(Refused::no(Code::Limit, "More at once than this server holds; append in smaller parts"));
    }
    if append.octets > append.room {
        return Err(StoreError::OverQuota(append.target.account).into());
    }
    append.next = Some(message);
    Ok(append)
}

/// The octets of the message offered last.
pub(crate) async fn append_body(session: &mut ImapSession, body: Vec<u8>) -> Flow {
    if let Err(Refused(reply)) = keep(session, body).await {
        session.work = Work::None;
        session.server.complete(reply);
    }
    Flow::On
}

async fn keep(session: &mut ImapSession, body: Vec<u8>) -> Result<(), Refused> {
    let store = session.shared.store.clone();
    let Work::Append(append) = &mut session.work else { return Err(Refused(Reply::bad("No message was accepted"))) };
    let Some(message) = append.next.take() else { return Err(Refused(Reply::bad("No message was accepted"))) };
    // RFC 9051 §4.3: only literal8 may hold NUL.
    if !message.binary && memchr::memchr(0, &body).is_some() {
        return Err(Refused(Reply::no("NUL in a message that is not sent as literal8")));
    }
    let (summary, body) = summarise(body).await?;
    let prepared = store.prepare(&body).await?;
    let trace = store.ids.trace();
    append.accept.deliveries.push(LocalDelivery {
        body: append.accept.bodies.len(),
        account: append.target.account,
        folder: Target::Folder(append.target.folder.id),
        // RFC 4314 §4: flags that the rights do not allow are left out, and the message is taken.
        flags: words::stored(words::permitted(message.flags.system, append.target.rights)),
        keywords: if words::may_have_keywords(append.target.rights) { words::keywords(&message.flags.keywords) } else { None },
        prefix: Vec::new(),
        received_at: message.date.map_or_else(|| store.now(), |date| date.at),
    });
    append.accept.bodies.push(NewBody { prepared, trace, summary: summary.encode().into() });
    Ok(())
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

/// All messages have come.
pub(crate) async fn append_end(session: &mut ImapSession) -> Flow {
    let moment = Moment { expunges: Expunges::Told, uid: false, dialect: session.server.dialect() };
    session.shared.observer.command("APPEND");
    let answer = commit(session).await;
    finish(session, moment, answer).await
}

async fn commit(session: &mut ImapSession) -> Answer {
    let Work::Append(append) = std::mem::take(&mut session.work) else { return Err(Refused(Reply::bad("No message was accepted"))) };
    let placed = match session.shared.store.ingest.accept(append.accept).await {
        Err(StoreError::NotFound("folder")) => return Err(Refused::try_create()),
        other => other?,
    };
    let reply = Reply::ok("APPEND completed");
    Ok(match placed.first() {
        Some(first) => reply.with(Code::AppendUid { validity: first.uid_validity, uids: placed.iter().map(|p| p.uid).collect() }),
        None => reply,
    })
}
