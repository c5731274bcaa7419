//! COPY into somebody else's box: each message is read here and stored there, all in one commit.
//!
//! Within one box a copy is a pointer; across boxes it is a message of its own, for every key of an account's data begins
//! with the account. MOVE across boxes is refused: it could not be one commit, and clients then copy and expunge.

use postern_core::Timestamp;
use postern_proto_imap::types::{Code, Reply, UidSet};
use postern_store::{
    ingest::{Accept, LocalDelivery, NewBody, Target},
    mail::snapshot::Entry,
};

use crate::{
    message::Message,
    place::Found,
    refused::{Answer, Refused},
    session::ImapSession,
    words,
};

pub(super) async fn copy_across(session: &mut ImapSession, entries: Vec<Entry>, to: &Found) -> Answer {
    let octets: u64 = entries.iter().map(|entry| u64::from(entry.size)).sum();
    if octets > session.shared.config.holds() {
        return Err(Refused::no(Code::Limit, "More at once than this server holds; copy in smaller parts"));
    }
    let from = session.selected()?.account;
    let ids: Vec<i64> = entries.iter().map(|entry| entry.message).collect();
    let mut rows = session.boxes().messages(from, &ids).await?;
    let store = session.shared.store.clone();
    let mut accept = Accept::default();
    let mut progress = session.progress();
    let mut seen = Vec::new();
    for (done, entry) in entries.iter().enumerate() {
        progress.at(done, entries.len());
        let row = rows.remove(&entry.message).ok_or_else(|| Refused::no(Code::ExpungeIssued, "A message is gone"))?;
        let message = Message::read(session.boxes(), row).await?;
        let prepared = store.prepare(message.body()).await?;
        let (flags, sees) = to.new_flags(words::system(entry.flags));
        seen.push(sees);
        accept.deliveries.push(LocalDelivery {
            body: accept.bodies.len(),
            account: to.account,
            folder: Target::Folder(to.folder.id),
            flags,
            keywords: words::may_have_keywords(to.rights).then(|| entry.keywords.as_deref().map(str::to_owned)).flatten(),
            prefix: message.prefix().to_vec(),
            received_at: Timestamp::from_secs(entry.received_at),
        });
        accept.bodies.push(NewBody { prepared, trace: store.ids.trace(), summary: message.row().summary.clone().into() });
    }
    let placed = store.ingest.accept(accept).await?;
    let seen: Vec<i64> = placed.iter().zip(seen).filter(|(_, seen)| *seen).map(|(placed, _)| placed.uid.into()).collect();
    session.see(to, &seen).await;
    let reply = Reply::ok("COPY completed");
    Ok(match placed.first() {
        Some(first) => {
            let from: UidSet = entries.iter().map(|entry| entry.uid).collect();
            reply.with(Code::CopyUid { validity: first.uid_validity, from, to: placed.iter().map(|each| each.uid).collect() })
        }
        None => reply,
    })
}
