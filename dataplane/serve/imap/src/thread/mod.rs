//! THREAD: what was found, by conversation (RFC 5256 §3).
//!
//! The algorithms are pure functions of [`Mail`]s, which come in the order of their sequence numbers.

mod ordered_subject;
mod references;
#[cfg(test)]
mod tests;

use postern_message::{search::sort as keys, subject::BaseSubject};
use postern_proto_imap::types::{Forest, ThreadAlgorithm};

use crate::{refused::Refused, search::each_summary, selected::View, session::ImapSession};

/// References of one message that are followed, the last ones: what is longer than that was made to be long.
const MAX_REFERENCES: usize = 1_000;

/// A message as threading sees it.
#[derive(Clone, Debug, Default)]
struct Mail {
    /// Its number in the answer.
    number: u32,
    /// When it was sent, else when it arrived, in seconds (RFC 5256 §2.2).
    sent: i64,
    /// Its base subject, mapped for comparison.
    subject: Box<str>,
    /// Its subject says that it is a reply or was forwarded.
    is_reply: bool,
    /// Its Message-ID.
    id: Option<Id>,
    /// What it refers to, oldest first.
    references: Box<[Id]>,
}

/// A Message-ID by the beginning of its hash: 64 bits, so that two of a million messages are confused once in ten million folders.
type Id = u64;

/// Threads of messages, whose numbers in the answer come along.
pub(crate) async fn thread(
    session: &ImapSession,
    view: &View,
    found: &[usize],
    numbers: &[u32],
    algorithm: ThreadAlgorithm,
) -> Result<Forest, Refused> {
    let told = &view.told;
    let arrived = found.iter().zip(numbers).filter_map(|(index, number)| Some((told.get(*index)?.received_at, *number)));
    let mut mails: Vec<Mail> = arrived.map(|(sent, number)| Mail { number, sent, ..Mail::default() }).collect();
    each_summary(session, view, found, |place, _, summary| {
        let Some(mail) = mails.get_mut(place) else { return };
        if let Some(sent) = summary.sent() {
            mail.sent = sent.secs();
        }
        let BaseSubject { text, is_reply } = keys::subject(summary);
        (mail.subject, mail.is_reply) = (text.into_boxed_str(), is_reply);
        if algorithm == ThreadAlgorithm::References {
            mail.id = keys::id(summary).map(|id| hash(&id));
            let all = keys::references(summary);
            let last = all.get(all.len().saturating_sub(MAX_REFERENCES)..).unwrap_or_default();
            mail.references = last.iter().map(|id| hash(id)).collect();
        }
    })
    .await?;
    Ok(match algorithm {
        ThreadAlgorithm::OrderedSubject => ordered_subject::threads(&mails),
        ThreadAlgorithm::References => references::threads(&mails),
    })
}

fn hash(id: &str) -> Id {
    blake3::hash(id.as_bytes()).as_bytes().first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}
