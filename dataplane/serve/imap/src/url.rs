//! What a URL of this server shows: octets of a message, whoever has it selected.

use postern_proto_imap::url::MessageUrl;
use postern_store::StoreError;

use crate::{message::Message, place::Found, refused::Refused, session::ImapSession};

/// The octets that a URL names in a mailbox which the session may read; `None` when there are none.
///
/// # Errors
/// As the store says.
pub(crate) async fn read(session: &ImapSession, mailbox: &Found, url: &MessageUrl) -> Result<Option<Vec<u8>>, Refused> {
    // RFC 5092 §5: under another UIDVALIDITY the UID means another message, or none.
    if url.uid_validity.is_some_and(|validity| validity != mailbox.folder.uid_validity) {
        return Ok(None);
    }
    let boxes = session.boxes();
    let Some(id) = boxes.by_uid(mailbox.account, mailbox.folder.id, url.uid).await? else { return Ok(None) };
    let Some(row) = boxes.messages(mailbox.account, &[id.0]).await?.remove(&id.0) else { return Ok(None) };
    let message = match Message::read(boxes, row).await {
        // Expunged, and swept a moment ago.
        Err(StoreError::NotFound(_)) => return Ok(None),
        other => other?,
    };
    Ok(message.section(&url.section).map(|octets| match url.partial {
        Some(partial) => partial.of(&octets).to_vec(),
        None => octets.into_owned(),
    }))
}
