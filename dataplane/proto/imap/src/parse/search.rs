//! SEARCH.

use postern_message::charset::Charset;

use super::{
    ParseError, condstore,
    token::{Parser, utf8},
};
use crate::types::{
    Command, DateField, EnvelopeField, FilterName, Keyword, MAX_SEARCH_DEPTH, MAX_SEARCH_KEYS, ObjectId, PartialRange, SearchArgs,
    SearchKey, SearchReturn, SequenceNumber, SequenceRange, SequenceSet, SystemFlags,
};

/// `search = "SEARCH" [search-return-opts] SP search-program`, `search-program = ["CHARSET" SP charset SP] search-key *(SP search-key)`
pub(super) fn search(p: &mut Parser<'_>, uid: bool) -> Result<Command, ParseError> {
    p.space()?;
    let result = returns(p)?;
    Ok(Command::Search(SearchArgs { uid, result, key: search_program(p)? }))
}

/// `search-program = ["CHARSET" SP charset SP] search-key *(SP search-key)`
pub(super) fn search_program(p: &mut Parser<'_>) -> Result<SearchKey, ParseError> {
    if p.keyword("CHARSET") {
        p.space()?;
        criteria(p)
    } else {
        program(p)
    }
}

/// `[search-return-opts SP]`
pub(super) fn returns(p: &mut Parser<'_>) -> Result<Option<SearchReturn>, ParseError> {
    if !p.keyword("RETURN") {
        return Ok(None);
    }
    p.space()?;
    let result = return_options(p)?;
    p.space()?;
    Ok(Some(result))
}

/// `search-criteria = charset 1*(SP search-key)` (RFC 5256 §5)
pub(super) fn criteria(p: &mut Parser<'_>) -> Result<SearchKey, ParseError> {
    // RFC 9051 §6.4.4: UTF-8 and US-ASCII must be read, others may be.
    let charset = Charset::find(&p.text()?).ok_or(ParseError::BadCharset)?;
    let dialect = p.dialect();
    if dialect.utf8 && !dialect.rev2 && !charset.is_utf8() {
        // RFC 6855 §3: the client has said that it speaks UTF-8, and cannot mean two charsets at once.
        return Err(ParseError::Syntax("UTF8=ACCEPT is enabled: another charset is out of place"));
    }
    p.set_charset(charset);
    p.space()?;
    program(p)
}

fn program(p: &mut Parser<'_>) -> Result<SearchKey, ParseError> {
    keys(p, MAX_SEARCH_DEPTH, &mut { MAX_SEARCH_KEYS })
}

/// `search-return-opts = SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"`
fn return_options(p: &mut Parser<'_>) -> Result<SearchReturn, ParseError> {
    let mut result = SearchReturn::default();
    p.expect(b'(', "Expected return options")?;
    if p.take(b')') {
        // RFC 9051 §6.4.4: an empty list is ALL.
        result.all = true;
        return Ok(result);
    }
    loop {
        match p.upper_atom("Expected a return option")?.as_str() {
            "MIN" => result.min = true,
            "MAX" => result.max = true,
            "ALL" => result.all = true,
            "COUNT" => result.count = true,
            "SAVE" => result.save = true,
            "RELEVANCY" => result.relevancy = true,
            "CONTEXT" => result.context = true,
            "UPDATE" => result.update = true,
            // RFC 5267 §4.4: one page at most.
            "PARTIAL" if result.partial.is_some() => return Err(ParseError::Syntax("PARTIAL can be asked for once")),
            "PARTIAL" => {
                p.space()?;
                result.partial = Some(p.partial_range()?);
            }
            _ => return Err(ParseError::Syntax("No such return option")),
        }
        if p.take(b')') {
            break;
        }
        p.space()?;
    }
    // RFC 5267 §4.3: the updates are to something that the client knows.
    let SearchReturn { min, max, count, save, relevancy, .. } = result;
    if (result.update || result.context) && !(min || max || count || save || relevancy || result.partial.is_some()) {
        result.all = true;
    }
    // RFC 9394 §3.1
    if result.all && result.partial.is_some() {
        return Err(ParseError::Syntax("PARTIAL and ALL exclude each other"));
    }
    Ok(result)
}

/// `search-key *(SP search-key)`
fn keys(p: &mut Parser<'_>, depth: usize, budget: &mut usize) -> Result<SearchKey, ParseError> {
    let first = key(p, depth, budget)?;
    if p.peek() != Some(b' ') {
        return Ok(first);
    }
    let mut all = vec![first];
    while p.take(b' ') {
        all.push(key(p, depth, budget)?);
    }
    Ok(SearchKey::And(all))
}

/// `search-key`
fn key(p: &mut Parser<'_>, depth: usize, budget: &mut usize) -> Result<SearchKey, ParseError> {
    use SearchKey as K;
    let depth = depth.checked_sub(1).ok_or(ParseError::Syntax("Search nested too deep"))?;
    *budget = budget.checked_sub(1).ok_or(ParseError::Syntax("Search has too many keys"))?;
    match p.peek() {
        Some(b'(') => {
            p.take(b'(');
            let inside = keys(p, depth, budget)?;
            p.expect(b')', "Expected )")?;
            return Ok(inside);
        }
        Some(b'0'..=b'9' | b'*' | b'$') => {
            // `*` may not begin an atom and is only ever a set here.
            return p.sequence_set().map(K::Sequence);
        }
        _ => {}
    }
    let name = p.upper_atom("Expected a search key")?;
    if let Some(key) = without_argument(&name) {
        return Ok(key);
    }
    let space = |p: &mut Parser<'_>| p.space().map_err(|_| ParseError::Syntax("Unknown search key, or its argument is missing"));
    space(p)?;
    Ok(match name.as_str() {
        "NOT" => K::Not(Box::new(key(p, depth, budget)?)),
        "FUZZY" => K::Fuzzy(Box::new(key(p, depth, budget)?)),
        "OR" => {
            let first = Box::new(key(p, depth, budget)?);
            p.space()?;
            K::Or(first, Box::new(key(p, depth, budget)?))
        }
        "KEYWORD" => K::Keyword(keyword(p)?, true),
        "UNKEYWORD" => K::Keyword(keyword(p)?, false),
        "BEFORE" => K::Before(DateField::Internal, p.date()?),
        "ON" => K::On(DateField::Internal, p.date()?),
        "SINCE" => K::Since(DateField::Internal, p.date()?),
        "SENTBEFORE" => K::Before(DateField::Sent, p.date()?),
        "SENTON" => K::On(DateField::Sent, p.date()?),
        "SENTSINCE" => K::Since(DateField::Sent, p.date()?),
        "OLDER" => K::Older(p.nz_number()?),
        "YOUNGER" => K::Younger(p.nz_number()?),
        "SAVEDBEFORE" => K::Before(DateField::Saved, p.date()?),
        "SAVEDON" => K::On(DateField::Saved, p.date()?),
        "SAVEDSINCE" => K::Since(DateField::Saved, p.date()?),
        "EMAILID" => K::EmailId(object_id(p)?),
        "THREADID" => K::ThreadId(object_id(p)?),
        "MODSEQ" => condstore::search_modseq(p)?,
        "LARGER" => K::Larger(p.number()?),
        "SMALLER" => K::Smaller(p.number()?),
        "FROM" => K::Envelope(EnvelopeField::From, p.search_text()?),
        "TO" => K::Envelope(EnvelopeField::To, p.search_text()?),
        "CC" => K::Envelope(EnvelopeField::Cc, p.search_text()?),
        "BCC" => K::Envelope(EnvelopeField::Bcc, p.search_text()?),
        "SUBJECT" => K::Envelope(EnvelopeField::Subject, p.search_text()?),
        "BODY" => K::Body(p.search_text()?),
        "TEXT" => K::Text(p.search_text()?),
        "HEADER" => {
            let name = utf8(p.astring()?)?;
            p.space()?;
            K::Header { name, text: p.search_text()? }
        }
        "UID" => K::Uid(p.sequence_set()?),
        // RFC 9738 §3.2: beyond this UID, without the `*` that may lie below it.
        "UIDAFTER" => p.nz_number()?.checked_add(1).map_or(K::Nothing, |first| uids(first, u32::MAX)),
        "UIDBEFORE" => match p.nz_number()? {
            1 => K::Nothing,
            uid => uids(1, uid - 1),
        },
        // RFC 5466 §3.1: filters are UTF-8, and the keys beside them too.
        "FILTER" if !p.charset().is_utf8() => return Err(ParseError::FilterCharset),
        "FILTER" => K::Filter(filter_name(p)?),
        _ => return Err(ParseError::Syntax("Unknown search key")),
    })
}

fn uids(first: u32, last: u32) -> SearchKey {
    let range = SequenceRange { start: SequenceNumber::Number(first), end: SequenceNumber::Number(last) };
    SearchKey::Uid(SequenceSet::Ranges(vec![range]))
}

fn without_argument(name: &str) -> Option<SearchKey> {
    let flag = |bits, set| Some(SearchKey::Flag(bits, set));
    match name {
        // RFC 8514 §4.3: SAVEDATESUPPORTED holds for every message of a mailbox that keeps the date.
        "ALL" | "OLD" | "SAVEDATESUPPORTED" => Some(SearchKey::All),
        "RECENT" | "NEW" => Some(SearchKey::Nothing),
        "ANSWERED" => flag(SystemFlags::ANSWERED, true),
        "DELETED" => flag(SystemFlags::DELETED, true),
        "DRAFT" => flag(SystemFlags::DRAFT, true),
        "FLAGGED" => flag(SystemFlags::FLAGGED, true),
        "SEEN" => flag(SystemFlags::SEEN, true),
        "UNANSWERED" => flag(SystemFlags::ANSWERED, false),
        "UNDELETED" => flag(SystemFlags::DELETED, false),
        "UNDRAFT" => flag(SystemFlags::DRAFT, false),
        "UNFLAGGED" => flag(SystemFlags::FLAGGED, false),
        "UNSEEN" => flag(SystemFlags::SEEN, false),
        _ => None,
    }
}

/// `objectid` (RFC 8474 §7)
fn object_id(p: &mut Parser<'_>) -> Result<ObjectId, ParseError> {
    ObjectId::new(p.text()?).map_err(|_| ParseError::Syntax("Expected an object id"))
}

/// `filter-name = 1*<any ATOM-CHAR except "/">` (RFC 5466 §4)
fn filter_name(p: &mut Parser<'_>) -> Result<FilterName, ParseError> {
    FilterName::new(p.atom("Expected a filter's name")?).map_err(|_| ParseError::Syntax("A filter's name is an atom without /"))
}

/// `flag-keyword`
fn keyword(p: &mut Parser<'_>) -> Result<Keyword, ParseError> {
    Keyword::new(p.atom("Expected a keyword")?).map_err(|_| ParseError::Syntax("A keyword has at most 128 bytes"))
}

impl Parser<'_> {
    /// `partial-range = nz-number ":" nz-number / MINUS nz-number ":" MINUS nz-number` (RFC 9394 §4)
    pub(super) fn partial_range(&mut self) -> Result<PartialRange, ParseError> {
        const NO_RANGE: ParseError = ParseError::Syntax("Expected a range such as 1:500 or -1:-500");
        let from_end = self.take(b'-');
        let first = self.nz_number().map_err(|_| NO_RANGE)?;
        self.expect(b':', "Expected a range such as 1:500 or -1:-500")?;
        if from_end != self.take(b'-') {
            return Err(NO_RANGE);
        }
        let last = self.nz_number().map_err(|_| NO_RANGE)?;
        Ok(PartialRange { from_end, first, last })
    }
}
