//! APPEND and REPLACE, line by line: the octets of messages never pass the parser.
//!
//! ```text
//! a APPEND Drafts CATENATE (URL "/INBOX/;UID=20" TEXT {6}   ·octets·   URL "/INBOX/;UID=21") (\Seen) {9}   ·octets·
//! └── append_starts ──────────────────────────────────┘             └── append_goes_on ──────────────┘             └── …
//! ```
//! A line ends in the header of a literal whose octets are a message, or part of one; or it ends the command. Literals
//! inside it (a mailbox's name, a URL) lie in it whole.

use super::{ParseError, token::Parser};
use crate::types::{AppendLiteral, AppendMessage, CatenatePart, DateTime, Dialect, Flags, MailboxName, Replaced, Tag};

/// What stands before the first message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AppendStart {
    pub(crate) tag: Tag,
    pub(crate) mailbox: MailboxName,
    pub(crate) replaces: Option<Replaced>,
}

/// What one line holds, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct AppendLine {
    pub(crate) steps: Vec<AppendStep>,
    pub(crate) behind: AppendPlace,
}

/// A message begins, or CATENATE goes on. Where a literal is the last thing of the line, it is the last step's.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum AppendStep {
    Message(AppendMessage),
    Part(CatenatePart),
}

/// The parentheses that are open where a line begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AppendPlace {
    /// `UTF8 (`
    utf8: bool,
    /// `CATENATE (`
    catenate: bool,
}

/// Most parts in one line; its length bounds them too.
const MAX_STEPS: usize = 1024;

const NO_APPEND: ParseError = ParseError::Syntax("Expected APPEND mailbox [(flags)] [\"date\"] {size}");
const NO_MESSAGE: ParseError = ParseError::Syntax("Expected another message or the end of APPEND");
const NO_PART: ParseError = ParseError::Syntax("Expected URL, TEXT or UTF8 in CATENATE");
const UNCLOSED: ParseError = ParseError::Syntax("Expected )");

/// `append = "APPEND" SP mailbox 1*append-message` (RFC 3502) and `replace = ["UID" SP] "REPLACE" SP seq-number SP mailbox
/// append-message` (RFC 8508 §5), up to the first literal that is a message's, or whole.
///
/// `None`: this is neither, or the literal at its end is not a message's.
pub(crate) fn append_starts(
    frame: &[u8],
    ends_in_literal: bool,
    dialect: Dialect,
) -> Option<Result<(AppendStart, AppendLine), (Tag, ParseError)>> {
    let mut p = Parser::new(frame, dialect);
    let tag = p.tag().ok()?;
    p.space().ok()?;
    let replaces = if p.keyword("APPEND") { None } else { Some(replaced(&mut p)?) };
    p.space().ok()?;
    let mailbox = match p.mailbox() {
        Ok(mailbox) => mailbox,
        Err(error @ ParseError::Cannot(_)) => return Some(Err((tag, error))),
        Err(_) => return None,
    };
    match line(&mut p, AppendPlace::default(), ends_in_literal) {
        Ok(Some(line)) if line.steps.is_empty() => Some(Err((tag, NO_APPEND))),
        Err(NO_MESSAGE) => Some(Err((tag, NO_APPEND))),
        Ok(Some(line)) => Some(Ok((AppendStart { tag, mailbox, replaces }, line))),
        Ok(None) => None,
        Err(error) => Some(Err((tag, error))),
    }
}

/// What stands behind a literal; `None` when the literal at its end is not a message's.
pub(crate) fn append_goes_on(
    text: &[u8],
    place: AppendPlace,
    ends_in_literal: bool,
    dialect: Dialect,
) -> Result<Option<AppendLine>, ParseError> {
    line(&mut Parser::new(text, dialect), place, ends_in_literal)
}

/// `["UID" SP] "REPLACE" SP seq-number`
fn replaced(p: &mut Parser<'_>) -> Option<Replaced> {
    let uid = p.keyword("UID");
    if uid {
        p.space().ok()?;
    }
    p.keyword("REPLACE").then_some(())?;
    p.space().ok()?;
    Some(Replaced { uid, message: p.seq_number().ok()? })
}

/// `*append-message`, from the space before each (RFC 3502 §6.3.11).
fn line(p: &mut Parser<'_>, place: AppendPlace, ends_in_literal: bool) -> Result<Option<AppendLine>, ParseError> {
    let mut line = AppendLine { steps: Vec::new(), behind: place };
    if std::mem::take(&mut line.behind.utf8) {
        p.take(b')').then_some(()).ok_or(UNCLOSED)?;
    }
    loop {
        if line.steps.len() > MAX_STEPS {
            return Err(ParseError::Syntax("Too many parts"));
        }
        if line.behind.catenate {
            if p.take(b')') {
                line.behind.catenate = false;
                continue;
            }
            p.space().map_err(|_| NO_PART)?;
        } else if p.at_end() {
            return Ok(Some(line));
        } else {
            p.space().map_err(|_| NO_MESSAGE)?;
            let (flags, date) = options(p)?;
            if !p.keyword("CATENATE") {
                let literal = Some(literal(p, &mut line.behind, ends_in_literal, NO_MESSAGE)?);
                line.steps.push(AppendStep::Message(AppendMessage { flags, date, literal }));
                return Ok(Some(line));
            }
            p.space()?;
            p.expect(b'(', "Expected CATENATE (…)")?;
            line.behind.catenate = true;
            line.steps.push(AppendStep::Message(AppendMessage { flags, date, literal: None }));
        }
        match part(p, &mut line.behind, ends_in_literal)? {
            Some(part @ CatenatePart::Url(_)) => line.steps.push(AppendStep::Part(part)),
            Some(part) => {
                line.steps.push(AppendStep::Part(part));
                return Ok(Some(line));
            }
            None => return Ok(None),
        }
    }
}

/// `[flag-list SP] [date-time SP]`
fn options(p: &mut Parser<'_>) -> Result<(Flags, Option<DateTime>), ParseError> {
    let mut flags = Flags::default();
    if p.peek() == Some(b'(') {
        flags = p.flag_list()?;
        p.space()?;
    }
    let mut date = None;
    if p.peek() == Some(b'"') {
        date = Some(p.date_time()?);
        p.space()?;
    }
    Ok((flags, date))
}

/// `cat-part = "TEXT" SP literal / "URL" SP astring` (RFC 4469 §5) `/ utf8-literal` (RFC 6855 §4)
///
/// `None` when the line ends in the header of a URL.
fn part(p: &mut Parser<'_>, place: &mut AppendPlace, ends_in_literal: bool) -> Result<Option<CatenatePart>, ParseError> {
    if p.keyword("URL") {
        p.space()?;
        if ends_in_literal && p.is_literal_header() {
            return Ok(None);
        }
        return Ok(Some(CatenatePart::Url(p.text()?)));
    }
    if p.keyword("TEXT") {
        p.space()?;
        if p.peek() != Some(b'{') {
            return Err(NO_PART);
        }
    }
    literal(p, place, ends_in_literal, NO_PART).map(|literal| Some(CatenatePart::Text(literal)))
}

/// `literal / literal8 / utf8-literal`, where `utf8-literal = "UTF8" SP "(" literal8 ")"` (RFC 6855 §4): its header.
fn literal(p: &mut Parser<'_>, place: &mut AppendPlace, ends_in_literal: bool, none: ParseError) -> Result<AppendLiteral, ParseError> {
    let utf8 = p.keyword("UTF8");
    if utf8 {
        p.space()?;
        p.expect(b'(', "Expected UTF8 (~{size}")?;
        // RFC 6855 §4: only after ENABLE UTF8=ACCEPT.
        if !p.dialect().utf8 {
            return Err(ParseError::Syntax("ENABLE UTF8=ACCEPT first"));
        }
        if p.peek() != Some(b'~') {
            return Err(ParseError::Syntax("Expected UTF8 (~{size}"));
        }
    }
    let binary = p.take(b'~');
    if !ends_in_literal || !p.is_literal_header() {
        return Err(none);
    }
    p.take(b'{');
    let size = p.number()?;
    place.utf8 = utf8;
    Ok(AppendLiteral { size, binary, utf8 })
}
