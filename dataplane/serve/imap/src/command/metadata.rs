//! GETMETADATA and SETMETADATA (RFC 5464), and the METADATA that LIST returns (RFC 9590).

use postern_core::Rights;
use postern_proto_imap::{
    encode,
    types::{Code, Depth, EntryName, MailboxName, MetadataQuery, Reply},
};
use postern_store::{
    StoreError,
    mail::annotation::{Annotation, BOX, SHARED},
};

use super::special_use;
use crate::{
    place::{Found, no_permission},
    refused::{Answer, Refused},
    session::ImapSession,
};

/// Octets of the largest value.
const MAX_VALUE: u64 = 64 * 1024;

pub(super) async fn get(session: &mut ImapSession, mailbox: Option<&MailboxName>, query: &MetadataQuery) -> Answer {
    let annotations = annotations(session, mailbox).await?;
    let mut longest = None;
    let mut told: Vec<(EntryName, Option<&[u8]>)> = Vec::new();
    for (name, value) in &annotations {
        if !query.entries.iter().any(|entry| entry.covers(name, query.depth)) {
            continue;
        }
        let size = value.len() as u64;
        if query.max_size.is_some_and(|most| size > most) {
            longest = longest.max(Some(size));
        } else {
            told.push((name.clone(), Some(value)));
        }
    }
    // RFC 5464 §4.2: an entry that was named and has no value is NIL.
    let named = query.entries.iter().filter(|entry| !annotations.iter().any(|(name, _)| name == *entry));
    told.extend(named.map(|entry| (entry.clone(), None)));
    let dialect = session.server.dialect();
    if !told.is_empty() {
        encode::metadata(session.server.output(), mailbox, &told, dialect);
    }
    let reply = Reply::ok("GETMETADATA completed");
    // RFC 5464 §4.2.1: what MAXSIZE kept back is told by the longest.
    Ok(match longest {
        Some(size) => reply.with(Code::MetadataLongEntries(size)),
        None => reply,
    })
}

pub(super) async fn set(session: &mut ImapSession, mailbox: Option<&MailboxName>, values: Vec<(EntryName, Option<Vec<u8>>)>) -> Answer {
    let me = session.account()?;
    if values.iter().any(|(_, value)| value.as_ref().is_some_and(|value| value.len() as u64 > MAX_VALUE)) {
        return Err(Refused::no(Code::MetadataMaxSize(MAX_VALUE), "A value is too long"));
    }
    if values.iter().any(|(name, _)| name.path().is_empty()) {
        return Err(Refused::no(Code::Cannot, "/private and /shared have no value themselves"));
    }
    let shares = values.iter().any(|(name, _)| name.is_shared());
    let mut values = values;
    let mut new_use = None;
    let (account, folder) = match mailbox {
        // RFC 5464 §6.1: what all users of the server share is the operator's to write.
        None if shares => return Err(Refused::no(Code::NoPerm, "The server's shared entries are its operator's to write")),
        None => (me, BOX),
        Some(mailbox) => {
            // RFC 5464 §3.3: private entries want l and one of r, s, w, i, p; shared ones want w.
            let found = session.find(mailbox, Rights::NONE).await?;
            may_annotate(&found, shares)?;
            new_use = special_use::take(&found, &mut values)?;
            (found.account, found.folder.id)
        }
    };
    let viewer = |name: &EntryName| if name.is_shared() { SHARED } else { me };
    let changes: Vec<_> = values.into_iter().map(|(name, value)| (viewer(&name), name.path().to_owned(), value)).collect();
    match session.boxes().annotate(account, folder, &changes).await {
        Err(StoreError::Refused(_)) => return Err(Refused::no(Code::MetadataTooMany, "There are as many entries as there may be")),
        other => other?,
    }
    if let Some(new_use) = new_use {
        session.boxes().set_special_use(account, folder, new_use).await?;
    }
    Ok(Reply::ok("SETMETADATA completed"))
}

/// What LIST says of each mailbox: every entry asked for, NIL where there is none (RFC 9590 §3).
pub(super) async fn listed(
    session: &ImapSession,
    found: &Found,
    asked: &[EntryName],
) -> Result<Vec<(EntryName, Option<Vec<u8>>)>, Refused> {
    let there = of_mailbox(session, found).await?;
    let value = |entry: &EntryName| there.iter().find(|(name, _)| entry.covers(name, Depth::Zero)).map(|(_, value)| value.clone());
    Ok(asked.iter().map(|entry| (entry.clone(), value(entry))).collect())
}

/// All that the session sees of a mailbox, or of its own box.
async fn annotations(session: &ImapSession, mailbox: Option<&MailboxName>) -> Result<Vec<(EntryName, Vec<u8>)>, Refused> {
    let mut all = match mailbox {
        None => {
            let me = session.account()?;
            session.boxes().annotations(me, BOX, me).await?.into_iter().map(named).collect()
        }
        Some(mailbox) => {
            let found = session.find(mailbox, Rights::NONE).await?;
            may_annotate(&found, false)?;
            of_mailbox(session, &found).await?
        }
    };
    all.sort();
    Ok(all)
}

/// All that the session sees of a mailbox, what it is for too.
async fn of_mailbox(session: &ImapSession, found: &Found) -> Result<Vec<(EntryName, Vec<u8>)>, Refused> {
    let there = session.boxes().annotations(found.account, found.folder.id, session.account()?).await?;
    Ok(there.into_iter().map(named).chain(special_use::entry(found)).collect())
}

fn named(annotation: Annotation) -> (EntryName, Vec<u8>) {
    (EntryName::of(annotation.viewer == SHARED, &annotation.entry), annotation.value)
}

/// RFC 5464 §3.3
fn may_annotate(found: &Found, shared: bool) -> Result<(), Refused> {
    const ANY: Rights = Rights::ALL.without(Rights::LOOKUP);
    let may = if shared { found.rights.contains(Rights::WRITE) } else { found.rights.any_of(ANY) };
    if may { Ok(()) } else { Err(no_permission()) }
}
