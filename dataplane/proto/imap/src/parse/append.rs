//! APPEND, up to each literal: the messages themselves never pass the parser.

use super::{ParseError, token::Parser};
use crate::types::{AppendMessage, Dialect, Flags, MailboxName, Tag};

/// What stands before the first message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AppendStart {
    pub(crate) tag: Tag,
    pub(crate) mailbox: MailboxName,
    pub(crate) message: AppendMessage,
}

/// `append = "APPEND" SP mailbox 1*append-message`, through the first literal's header.
///
/// `None`: this is no APPEND, or the literal at the end is not a message (but the mailbox's name, say).
pub(crate) fn append_starts(frame: &[u8], dialect: Dialect) -> Option<Result<AppendStart, (Tag, ParseError)>> {
    let mut p = Parser::new(frame, dialect);
    let tag = p.tag().ok()?;
    p.space().ok()?;
    if !p.keyword("APPEND") {
        return None;
    }
    p.space().ok()?;
    let mailbox = match p.mailbox() {
        Ok(mailbox) => Ok(mailbox),
        Err(error @ ParseError::Cannot(_)) => Err(error),
        Err(_) => return None,
    };
    // A name that cannot be leaves the parser behind it, so the literal is still known for a message.
    let message = message(&mut p)?;
    Some(match (mailbox, message) {
        (Ok(mailbox), Ok(message)) => Ok(AppendStart { tag, mailbox, message }),
        (Err(error), _) | (_, Err(error)) => Err((tag, error)),
    })
}

/// `append-message`, from the space behind the message before (RFC 3502 §6.3.11).
pub(crate) fn append_continues(line: &[u8], dialect: Dialect) -> Result<AppendMessage, ParseError> {
    const NO_MESSAGE: ParseError = ParseError::Syntax("Expected another message or the end of APPEND");
    message(&mut Parser::new(line, dialect)).ok_or(NO_MESSAGE)?
}

/// `append-message = SP [flag-list SP] [date-time SP] append-data`, `append-data = literal / literal8`
///
/// `None` when no literal header ends it.
fn message(p: &mut Parser<'_>) -> Option<Result<AppendMessage, ParseError>> {
    p.space().ok()?;
    let mut flags = Ok(Flags::default());
    if p.peek() == Some(b'(') {
        let start = *p;
        flags = p.flag_list();
        if flags.is_err() {
            *p = start;
            p.take_while(|b| b != b')');
            p.take(b')');
        }
        p.space().ok()?;
    }
    let mut date = Ok(None);
    if p.peek() == Some(b'"') {
        date = p.date_time().map(Some);
        if date.is_err() {
            p.take_while(|b| b != b'"');
            p.take(b'"');
        }
        p.space().ok()?;
    }
    let binary = p.take(b'~');
    p.take(b'{').then_some(())?;
    let size = p.number().ok()?;
    p.take(b'+');
    p.take(b'}').then_some(())?;
    p.at_end().then_some(())?;
    Some(flags.and_then(|flags| Ok(AppendMessage { flags, date: date?, size, binary })))
}
