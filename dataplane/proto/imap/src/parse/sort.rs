//! SORT and THREAD.

use super::{ParseError, search, token::Parser};
use crate::types::{Command, SortArgs, SortCriterion, SortKey, ThreadAlgorithm, ThreadArgs};

/// Most criteria in one SORT: each key once, and once more reversed, is more than anybody needs.
const MAX_CRITERIA: usize = 20;

/// `sort = "SORT" [search-return-opts] SP sort-criteria SP search-criteria` (RFC 5256 §5, RFC 5267 §3)
pub(super) fn sort(p: &mut Parser<'_>, uid: bool) -> Result<Command, ParseError> {
    p.space()?;
    let result = search::returns(p)?;
    let criteria = criteria(p)?;
    p.space()?;
    let key = search::criteria(p)?;
    Ok(Command::Sort(SortArgs { uid, result, criteria, key }))
}

/// `thread = "THREAD" SP thread-alg SP search-criteria` (RFC 5256 §5)
pub(super) fn thread(p: &mut Parser<'_>, uid: bool) -> Result<Command, ParseError> {
    p.space()?;
    let algorithm = match p.upper_atom("Expected a threading algorithm")?.as_str() {
        "ORDEREDSUBJECT" => ThreadAlgorithm::OrderedSubject,
        "REFERENCES" => ThreadAlgorithm::References,
        _ => return Err(ParseError::Syntax("No such threading algorithm")),
    };
    p.space()?;
    let key = search::criteria(p)?;
    Ok(Command::Thread(ThreadArgs { uid, algorithm, key }))
}

/// `sort-criteria = "(" sort-criterion *(SP sort-criterion) ")"`
fn criteria(p: &mut Parser<'_>) -> Result<Vec<SortCriterion>, ParseError> {
    p.expect(b'(', "Expected sort criteria")?;
    let mut all = Vec::new();
    loop {
        let reverse = p.keyword("REVERSE");
        if reverse {
            p.space()?;
        }
        let name = p.upper_atom("Expected a sort key")?;
        let known = SortKey::NAMES.iter().find(|(_, n)| *n == name).ok_or(ParseError::Syntax("No such sort key"))?;
        all.push(SortCriterion { key: known.0, reverse });
        if p.take(b')') {
            return Ok(all);
        }
        if all.len() >= MAX_CRITERIA {
            return Err(ParseError::Syntax("Too many sort keys"));
        }
        p.space()?;
    }
}
