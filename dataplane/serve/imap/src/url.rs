//! What URLs of this server show: octets of messages, whoever has them selected.

use std::borrow::Cow;

use postern_core::{AccountId, MessageId};
use postern_proto_imap::{
    types::{Code, Part, SectionText},
    url::MessageUrl,
};
use postern_store::StoreError;

use crate::{message::Message, place::Found, refused::Refused, session::ImapSession};

/// As often as a connection may hold octets, one command may have them read.
const TIMES: u64 = 4;

/// Reads for one command. Parts of one message, asked for one after the other, are one reading; how much is read is bounded,
/// so that a short command cannot ask for the largest message a thousand times.
pub(crate) struct UrlReader {
    last: Option<(AccountId, MessageId, Message)>,
    /// Octets of messages that may still be read.
    left: u64,
}

impl UrlReader {
    /// For a command that begins.
    pub fn new(session: &ImapSession) -> Self {
        Self { last: None, left: session.shared.config.holds().saturating_mul(TIMES) }
    }

    /// The message that a URL names in a mailbox which the session may read; `None` when there is none.
    ///
    /// # Errors
    /// `NO [LIMIT]` when it is too much for one command; as the store says.
    pub async fn read(&mut self, session: &ImapSession, mailbox: &Found, url: &MessageUrl) -> Result<Option<&Message>, Refused> {
        // RFC 5092 §5: under another UIDVALIDITY the UID means another message, or none.
        if url.uid_validity.is_some_and(|validity| validity != mailbox.folder.uid_validity) {
            return Ok(None);
        }
        let account = mailbox.account;
        let Some(id) = session.boxes().by_uid(account, mailbox.folder.id, url.uid).await? else { return Ok(None) };
        let message = match self.last.take() {
            Some((whose, last, message)) if (whose, last) == (account, id) => message,
            _ => match self.fetch(session, account, id).await? {
                Some(message) => message,
                None => return Ok(None),
            },
        };
        let (.., message) = self.last.insert((account, id, message));
        Ok(Some(message))
    }

    async fn fetch(&mut self, session: &ImapSession, account: AccountId, id: MessageId) -> Result<Option<Message>, Refused> {
        let boxes = session.boxes();
        let Some(row) = boxes.messages(account, &[id.0]).await?.remove(&id.0) else { return Ok(None) };
        let message = match Message::read(boxes, row).await {
            // Expunged, and swept a moment ago.
            Err(StoreError::NotFound(_)) => return Ok(None),
            other => other?,
        };
        let left = self.left.checked_sub(message.body().len() as u64);
        self.left = left.ok_or_else(|| Refused::no(Code::Limit, "More at once than this server reads; name fewer messages"))?;
        Ok(Some(message))
    }
}

/// The octets of a message that a URL names.
pub(crate) fn octets(message: &Message, url: &MessageUrl) -> Option<Vec<u8>> {
    message.section(&url.section).map(|octets| sliced(octets, url))
}

/// The octets of a part that a URL names, with its transfer encoding undone; `None` when it names no part, or that cannot be done.
pub(crate) fn binary(message: &Message, url: &MessageUrl) -> Option<Vec<u8>> {
    let part = part(url)?;
    message.binary(part).ok().map(|octets| sliced(octets, url))
}

/// The part that a URL names, or the whole message; `None` when it names something of a part.
pub(crate) fn part(url: &MessageUrl) -> Option<&Part> {
    (url.section.text == SectionText::All).then_some(&url.section.part)
}

fn sliced(octets: Cow<'_, [u8]>, url: &MessageUrl) -> Vec<u8> {
    match url.partial {
        Some(partial) => partial.of(&octets).to_vec(),
        None => octets.into_owned(),
    }
}
