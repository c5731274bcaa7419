//! ESEARCH: a search of several mailboxes (RFC 7377).

use super::{ParseError, notify, search, token::Parser};
use crate::types::{Command, MultiSearchArgs, SearchArgs, SearchKey, SearchReturn, SearchSource};

/// Most sources in one ESEARCH.
const MAX_SOURCES: usize = 256;

const OF_SELECTED: ParseError = ParseError::Syntax("Message numbers, $, SAVE and UPDATE are of the mailbox selected alone");

/// `esearch = "ESEARCH" [SP esearch-source-opts] [SP search-return-opts] SP search-program` (RFC 7377 §3)
pub(super) fn esearch(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    p.space()?;
    let sources = if p.keyword("IN") {
        p.space()?;
        let sources = sources(p)?;
        p.space()?;
        sources
    } else {
        // RFC 7377 §2.2: without sources, the mailbox selected.
        vec![SearchSource::Selected]
    };
    // RFC 7377 §2.1: always ESEARCH, with ALL where no result is asked for; always UIDs.
    let result = search::returns(p)?.unwrap_or(SearchReturn { all: true, ..SearchReturn::default() });
    let key = search::search_program(p)?;
    let args = MultiSearchArgs { sources, search: SearchArgs { uid: true, result: Some(result), key } };
    if !args.is_of_selected() && (result.save || result.update || args.search.key.any(&is_of_one_mailbox)) {
        return Err(OF_SELECTED);
    }
    Ok(Command::MultiSearch(args))
}

/// RFC 7377 §2.2: SAVE means nothing elsewhere, and neither do message numbers and what was saved.
fn is_of_one_mailbox(key: &SearchKey) -> bool {
    use crate::types::SequenceSet;
    matches!(key, SearchKey::Sequence(_) | SearchKey::Uid(SequenceSet::Saved))
}

/// `esearch-source-opts = "IN" SP "(" source-mbox [SP "(" scope-options ")"] ")"`, of which no scope option is known yet.
fn sources(p: &mut Parser<'_>) -> Result<Vec<SearchSource>, ParseError> {
    p.expect(b'(', "Expected (mailboxes)")?;
    let mut sources = Vec::new();
    loop {
        if sources.len() == MAX_SOURCES {
            return Err(ParseError::Syntax("ESEARCH takes at most 256 sources"));
        }
        sources.push(source(p)?);
        if p.take(b')') {
            return Ok(sources);
        }
        p.space()?;
        if p.peek() == Some(b'(') {
            return Err(ParseError::Syntax("No such scope option"));
        }
    }
}

/// `filter-mailboxes` (RFC 5465 §8) but for `selected-delayed`, and `"subtree-one" SP one-or-more-mailbox`.
fn source(p: &mut Parser<'_>) -> Result<SearchSource, ParseError> {
    Ok(match p.upper_atom("Expected which mailboxes")?.as_str() {
        "SELECTED" => SearchSource::Selected,
        "INBOXES" => SearchSource::Inboxes,
        "PERSONAL" => SearchSource::Personal,
        "SUBSCRIBED" => SearchSource::Subscribed,
        "SUBTREE" => SearchSource::Subtree(notify::mailboxes(p)?),
        "SUBTREE-ONE" => SearchSource::SubtreeOne(notify::mailboxes(p)?),
        "MAILBOXES" => SearchSource::Mailboxes(notify::mailboxes(p)?),
        _ => return Err(ParseError::Syntax("No such choice of mailboxes")),
    })
}
