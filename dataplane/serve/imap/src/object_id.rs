//! The ids that clients may keep (RFC 8474): of mailboxes, of messages, of threads.
//!
//! A mailbox's is its number in its account, which no other mailbox gets, and a rename keeps it. A message's is that of its
//! row: copies share it, a message that was changed has another. A thread's is made of the oldest message id that the
//! message refers to, so that an answer joins its question though the server has seen it alone.

use postern_core::{AccountId, FolderId};
use postern_message::SummaryRef;
use postern_proto_imap::types::ObjectId;

/// MAILBOXID (RFC 8474 §4).
pub(crate) fn mailbox(account: AccountId, folder: FolderId) -> ObjectId {
    ObjectId::of_numbers('F', &[account.0, folder.0])
}

/// EMAILID (RFC 8474 §5.1).
pub(crate) fn email(message: i64) -> ObjectId {
    ObjectId::of_numbers('M', &[message])
}

/// The message that has this EMAILID; `None` when no message can.
pub(crate) fn message(id: &ObjectId) -> Option<i64> {
    let number = u64::from_str_radix(id.as_str().strip_prefix('M')?, 16).ok()?.cast_signed();
    (email(number) == *id).then_some(number)
}

/// THREADID (RFC 8474 §5.2); `None`, which is NIL, for a message that names neither itself nor another.
pub(crate) fn thread(summary: &SummaryRef<'_>) -> Option<ObjectId> {
    let envelope = summary.envelope();
    let root = summary.references().next().or_else(|| envelope.reply_ids().next()).or_else(|| envelope.id())?;
    let hash = blake3::hash(root);
    let number = hash.as_bytes().first_chunk::<8>().map(|bytes| i64::from_le_bytes(*bytes))?;
    Some(ObjectId::of_numbers('T', &[number]))
}

#[cfg(test)]
mod tests {
    use postern_message::Summary;

    use super::*;

    #[test]
    fn an_id_of_a_message_is_its_number() {
        for number in [0, 1, i64::MAX, -1] {
            assert_eq!(message(&email(number)), Some(number));
        }
        for other in ["F1", "M", "M01", "MA", "M-1", "M1-1"] {
            assert_eq!(message(&ObjectId::new(other.into()).unwrap()), None, "{other}");
        }
    }

    #[test]
    fn an_answer_is_in_the_thread_of_its_question() {
        let thread_of = |message: &str| thread(&Summary::of(message.as_bytes()).view());
        let question = thread_of("Message-ID: <1@a>\r\n\r\n");
        assert!(question.is_some());
        assert_eq!(thread_of("Message-ID: <2@b>\r\nIn-Reply-To: <1@a>\r\n\r\n"), question);
        assert_eq!(thread_of("Message-ID: <3@c>\r\nReferences: <1@a> <2@b>\r\nIn-Reply-To: <2@b>\r\n\r\n"), question);
        assert_ne!(thread_of("Message-ID: <4@d>\r\n\r\n"), question);
        assert_eq!(thread_of("Subject: nothing\r\n\r\n"), None);
    }
}
