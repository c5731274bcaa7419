//! NOTIFY (RFC 5465 §8).

use super::{ParseError, fetch, token::Parser};
use crate::types::{Command, EventGroup, MailboxName, Notify, NotifyEvents, NotifyMailboxes, NotifySet};

/// Most groups in one NOTIFY, and most mailboxes in one group.
const MAX: usize = 256;

const NO_EVENT: ParseError = ParseError::Syntax("Expected NONE or a list of events");

/// `notify = "NOTIFY" SP (notify-set / notify-none)`
pub(super) fn notify(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    p.space()?;
    if p.keyword("NONE") {
        return Ok(Command::Notify(Notify::None));
    }
    if !p.keyword("SET") {
        return Err(ParseError::Syntax("Expected SET or NONE"));
    }
    p.space()?;
    let mut set = NotifySet::default();
    if p.keyword("STATUS") {
        set.status = true;
        p.space()?;
    }
    loop {
        if set.groups.len() == MAX {
            return Err(ParseError::Syntax("NOTIFY takes at most 256 groups"));
        }
        set.groups.push(group(p)?);
        if !p.take(b' ') {
            return Ok(Command::Notify(Notify::Set(set)));
        }
    }
}

/// `event-group = "(" filter-mailboxes SP events ")"`
fn group(p: &mut Parser<'_>) -> Result<EventGroup, ParseError> {
    p.expect(b'(', "Expected (mailboxes events)")?;
    let mailboxes = match p.upper_atom("Expected which mailboxes")?.as_str() {
        "SELECTED" => NotifyMailboxes::Selected { delayed: false },
        "SELECTED-DELAYED" => NotifyMailboxes::Selected { delayed: true },
        "INBOXES" => NotifyMailboxes::Inboxes,
        "PERSONAL" => NotifyMailboxes::Personal,
        "SUBSCRIBED" => NotifyMailboxes::Subscribed,
        "SUBTREE" => NotifyMailboxes::Subtree(mailboxes(p)?),
        "MAILBOXES" => NotifyMailboxes::Mailboxes(mailboxes(p)?),
        _ => return Err(ParseError::Syntax("No such choice of mailboxes")),
    };
    p.space()?;
    let events = events(p, matches!(mailboxes, NotifyMailboxes::Selected { .. }))?;
    p.expect(b')', "Expected )")?;
    Ok(EventGroup { mailboxes, events })
}

/// `SP one-or-more-mailbox`, `one-or-more-mailbox = mailbox / "(" mailbox *(SP mailbox) ")"`
pub(super) fn mailboxes(p: &mut Parser<'_>) -> Result<Vec<MailboxName>, ParseError> {
    p.space()?;
    if !p.take(b'(') {
        return Ok(vec![p.mailbox()?]);
    }
    let mut names = Vec::new();
    loop {
        if names.len() == MAX {
            return Err(ParseError::Syntax("A group has at most 256 mailboxes"));
        }
        names.push(p.mailbox()?);
        if p.take(b')') {
            return Ok(names);
        }
        p.space()?;
    }
}

/// `events = "(" event *(SP event) ")" / "NONE"`
fn events(p: &mut Parser<'_>, selected: bool) -> Result<NotifyEvents, ParseError> {
    let mut events = NotifyEvents::default();
    if p.keyword("NONE") {
        return Ok(events);
    }
    p.expect(b'(', "Expected NONE or a list of events")?;
    let (mut new, mut expunge, mut unknown) = (false, false, false);
    loop {
        match p.upper_atom("Expected an event")?.as_str() {
            "MESSAGENEW" => {
                new = true;
                let mut ahead = *p;
                if ahead.take(b' ') && ahead.peek() == Some(b'(') {
                    *p = ahead;
                    events.fetch = fetch::items(p)?;
                }
            }
            "MESSAGEEXPUNGE" => expunge = true,
            "FLAGCHANGE" => events.flags = true,
            "MAILBOXNAME" => events.names = true,
            "SUBSCRIPTIONCHANGE" => events.subscriptions = true,
            // RFC 5465 §5: known, and not offered; BADEVENT names those that are.
            "ANNOTATIONCHANGE" | "MAILBOXMETADATACHANGE" | "SERVERMETADATACHANGE" => unknown = true,
            _ => return Err(NO_EVENT),
        }
        if p.take(b')') {
            break;
        }
        p.space()?;
    }
    if unknown {
        return Err(ParseError::BadEvent);
    }
    // RFC 5465 §5.1, §5.2: MessageNew and MessageExpunge come together, FlagChange comes with both.
    if new != expunge || (events.flags && !new) {
        return Err(ParseError::Syntax("MessageNew and MessageExpunge go together, and FlagChange with both"));
    }
    // RFC 5465 §5.1: FETCH items are of the mailbox selected, and names and subscriptions are not.
    if selected && (events.names || events.subscriptions) || !selected && !events.fetch.is_empty() {
        return Err(ParseError::Syntax("This event does not go with these mailboxes"));
    }
    events.messages = new;
    Ok(events)
}
