//! BODY and TEXT: the words of every text part, and the headers of messages inside.

use postern_message::{header, section};

use super::program::Needle;
use crate::message::Message;

/// Whether a text part, decoded, has the text, or the header of a message that is attached.
pub(super) fn contains(message: &Message, needle: &Needle) -> bool {
    let summary = message.summary();
    summary.parts().any(|part| {
        let said = section::words(&part, message.body()).is_some_and(|words| needle.is_in(&words));
        let enclosed = part.index > 0 && part.envelope.is_some();
        said || enclosed
            && message.body().get(part.header()).is_some_and(|block| header::fields(block).any(|field| needle.is_in(&field.decoded())))
    })
}
