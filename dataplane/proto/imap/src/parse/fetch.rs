//! FETCH.

use super::{
    ParseError, condstore,
    token::{Parser, utf8},
};
use crate::types::{Command, Dialect, FetchItem, MAX_PART_DEPTH, Part, Partial, Rfc822, Section, SectionText};

/// Most items in one FETCH, and most names in one HEADER.FIELDS.
const MAX_ITEMS: usize = 256;

const NO_SECTION: ParseError = ParseError::Syntax("Expected a section such as [1.2.HEADER]");

/// `fetch = "FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")") [fetch-modifiers]`
pub(super) fn fetch(p: &mut Parser<'_>, uid: bool) -> Result<Command, ParseError> {
    p.space()?;
    let set = p.sequence_set()?;
    p.space()?;
    let mut items = if p.peek() == Some(b'(') {
        items(p)?
    } else if let Some(macro_items) = macro_items(p) {
        macro_items
    } else {
        vec![item(p)?]
    };
    // RFC 9051 §6.4.9: a UID FETCH always answers UID.
    if uid && !items.contains(&FetchItem::Uid) {
        items.insert(0, FetchItem::Uid);
    }
    let modifiers = condstore::fetch_modifiers(p, uid)?;
    Ok(Command::Fetch { uid, set, items, modifiers })
}

/// `"(" fetch-att *(SP fetch-att) ")"`, each once.
pub(super) fn items(p: &mut Parser<'_>) -> Result<Vec<FetchItem>, ParseError> {
    p.expect(b'(', "Expected a list of FETCH items")?;
    let mut items = Vec::new();
    loop {
        let item = item(p)?;
        if items.len() == MAX_ITEMS {
            return Err(ParseError::Syntax("FETCH takes at most 256 items"));
        }
        if !items.contains(&item) {
            items.push(item);
        }
        if p.take(b')') {
            return Ok(items);
        }
        p.space()?;
    }
}

/// The macros of RFC 9051 §6.4.5; only alone, never in a list.
fn macro_items(p: &mut Parser<'_>) -> Option<Vec<FetchItem>> {
    use FetchItem::{Body, Envelope, Flags, InternalDate, Size};
    if p.keyword("ALL") {
        Some(vec![Flags, InternalDate, Size, Envelope])
    } else if p.keyword("FAST") {
        Some(vec![Flags, InternalDate, Size])
    } else if p.keyword("FULL") {
        Some(vec![Flags, InternalDate, Size, Envelope, Body])
    } else {
        None
    }
}

/// `fetch-att`
fn item(p: &mut Parser<'_>) -> Result<FetchItem, ParseError> {
    Ok(match p.item_name().as_str() {
        "UID" => FetchItem::Uid,
        "FLAGS" => FetchItem::Flags,
        "INTERNALDATE" => FetchItem::InternalDate,
        "ENVELOPE" => FetchItem::Envelope,
        "BODYSTRUCTURE" => FetchItem::BodyStructure,
        "RFC822.SIZE" => FetchItem::Size,
        "MODSEQ" => FetchItem::ModSeq,
        "EMAILID" => FetchItem::EmailId,
        "THREADID" => FetchItem::ThreadId,
        "SAVEDATE" => FetchItem::SaveDate,
        "PREVIEW" => preview(p)?,
        "RFC822" => FetchItem::Rfc822(Rfc822::All),
        "RFC822.HEADER" => FetchItem::Rfc822(Rfc822::Header),
        "RFC822.TEXT" => FetchItem::Rfc822(Rfc822::Text),
        "BODY" if p.peek() != Some(b'[') => FetchItem::Body,
        "BODY" => FetchItem::Section { section: section(p)?, peek: false, partial: partial(p)? },
        "BODY.PEEK" => FetchItem::Section { section: section(p)?, peek: true, partial: partial(p)? },
        "BINARY" => FetchItem::Binary { part: binary_part(p)?, peek: false, partial: partial(p)? },
        "BINARY.PEEK" => FetchItem::Binary { part: binary_part(p)?, peek: true, partial: partial(p)? },
        "BINARY.SIZE" => FetchItem::BinarySize(binary_part(p)?),
        _ => return Err(ParseError::Syntax("No such FETCH item")),
    })
}

/// `fetch-att =/ "PREVIEW" [SP "(" preview-mod *(SP preview-mod) ")"]`, `preview-mod = "LAZY"` (RFC 8970 §6)
fn preview(p: &mut Parser<'_>) -> Result<FetchItem, ParseError> {
    let mut ahead = *p;
    if ahead.take(b' ') && ahead.take(b'(') {
        // Behind a list's other items an opening parenthesis can only be of PREVIEW; alone it may begin the modifiers of FETCH.
        if ahead.keyword("LAZY") {
            ahead.expect(b')', "Expected )")?;
            *p = ahead;
        }
    }
    Ok(FetchItem::Preview)
}

/// `section = "[" [section-msgtext / (section-part ["." section-text])] "]"`
fn section(p: &mut Parser<'_>) -> Result<Section, ParseError> {
    p.expect(b'[', "Expected [")?;
    let section = if p.peek() == Some(b']') { Section::default() } else { section_spec(p)? };
    p.expect(b']', "Expected ]")?;
    Ok(section)
}

/// `section-spec = section-msgtext / (section-part ["." section-text])`, all of a text: as a URL has it (RFC 5092 §11).
pub(crate) fn section_of_url(text: &[u8]) -> Option<Section> {
    let mut p = Parser::new(text, Dialect::REV2);
    section_spec(&mut p).ok().filter(|_| p.at_end())
}

fn section_spec(p: &mut Parser<'_>) -> Result<Section, ParseError> {
    let (part, more) = section_part(p)?;
    let text = if more || part.0.is_empty() { section_text(p, !part.0.is_empty())? } else { SectionText::All };
    Ok(Section { part, text })
}

/// `section-binary = "[" [section-part] "]"`
fn binary_part(p: &mut Parser<'_>) -> Result<Part, ParseError> {
    p.expect(b'[', "Expected [")?;
    let (part, more) = section_part(p)?;
    if more {
        return Err(NO_SECTION);
    }
    p.expect(b']', "Expected ]")?;
    Ok(part)
}

/// `section-part = nz-number *("." nz-number)`; says too whether a dot and a word follow.
fn section_part(p: &mut Parser<'_>) -> Result<(Part, bool), ParseError> {
    let mut part = Part::default();
    while p.peek().is_some_and(|b| b.is_ascii_digit()) {
        if part.0.len() == MAX_PART_DEPTH {
            return Err(ParseError::Syntax("Part number too deep"));
        }
        part.0.push(p.nz_number()?);
        if !p.take(b'.') {
            return Ok((part, false));
        }
    }
    let more = !part.0.is_empty();
    Ok((part, more))
}

/// `section-text = section-msgtext / "MIME"`, `section-msgtext = "HEADER" / "HEADER.FIELDS" [".NOT"] SP header-list / "TEXT"`
fn section_text(p: &mut Parser<'_>, of_part: bool) -> Result<SectionText, ParseError> {
    match p.item_name().as_str() {
        "HEADER" => Ok(SectionText::Header),
        "TEXT" => Ok(SectionText::Text),
        // RFC 9051 §6.4.5: MIME must be prefixed by a part number.
        "MIME" if of_part => Ok(SectionText::Mime),
        "HEADER.FIELDS" => Ok(SectionText::HeaderFields { names: header_list(p)?, not: false }),
        "HEADER.FIELDS.NOT" => Ok(SectionText::HeaderFields { names: header_list(p)?, not: true }),
        _ => Err(NO_SECTION),
    }
}

/// `SP header-list`, `header-list = "(" header-fld-name *(SP header-fld-name) ")"`
fn header_list(p: &mut Parser<'_>) -> Result<Vec<String>, ParseError> {
    p.space()?;
    p.expect(b'(', "Expected a list of header fields")?;
    let mut names = Vec::new();
    loop {
        if names.len() == MAX_ITEMS {
            return Err(ParseError::Syntax("At most 256 header fields"));
        }
        names.push(utf8(p.astring()?)?);
        if p.take(b')') {
            return Ok(names);
        }
        p.space()?;
    }
}

/// `partial = "<" number64 "." nz-number64 ">"`
fn partial(p: &mut Parser<'_>) -> Result<Option<Partial>, ParseError> {
    const NO_PARTIAL: &str = "Expected a partial such as <0.1024>";
    if !p.take(b'<') {
        return Ok(None);
    }
    let start = p.number()?;
    p.expect(b'.', NO_PARTIAL)?;
    let length = p.number()?;
    p.expect(b'>', NO_PARTIAL)?;
    if length == 0 { Err(ParseError::Syntax(NO_PARTIAL)) } else { Ok(Some(Partial { start, length })) }
}
