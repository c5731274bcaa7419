//! What CONDSTORE and QRESYNC add to SELECT, FETCH, STORE and SEARCH (RFC 7162 §7).

use super::{ParseError, token::Parser};
use crate::types::{FetchModifiers, Resync, SearchKey, SelectParams, SequenceNumber, SequenceSet, UidSet};

const NOT_ENABLED: ParseError = ParseError::Syntax("ENABLE QRESYNC first");
const NO_MODSEQ: ParseError = ParseError::Syntax("Expected a mod-sequence");

/// `select-params = SP "(" select-param *(SP select-param) ")"` (RFC 4466 §2.4), or nothing.
pub(super) fn select_params(p: &mut Parser<'_>) -> Result<SelectParams, ParseError> {
    let mut params = SelectParams::default();
    if p.at_end() {
        return Ok(params);
    }
    p.space()?;
    p.expect(b'(', "Expected SELECT parameters")?;
    loop {
        match p.upper_atom("Expected a SELECT parameter")?.as_str() {
            "CONDSTORE" => params.condstore = true,
            // RFC 7162 §3.2.5: QRESYNC without ENABLE QRESYNC is BAD.
            "QRESYNC" if !p.dialect().qresync => return Err(NOT_ENABLED),
            "QRESYNC" => {
                p.space()?;
                params.resync = Some(resync(p)?);
            }
            _ => return Err(ParseError::Syntax("No such SELECT parameter")),
        }
        if p.take(b')') {
            return Ok(params);
        }
        p.space()?;
    }
}

/// `"(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")"`
fn resync(p: &mut Parser<'_>) -> Result<Resync, ParseError> {
    p.expect(b'(', "Expected what is known of the mailbox")?;
    let uid_validity = p.nz_number()?;
    p.space()?;
    let modseq = mod_sequence_value(p)?;
    let (mut known_uids, mut known_pairs) = (None, None);
    if !p.take(b')') {
        p.space()?;
        if p.peek() != Some(b'(') {
            known_uids = Some(plain_set(p)?);
        }
        if known_uids.is_none() || p.take(b' ') {
            known_pairs = Some(seq_match_data(p)?);
        }
        p.expect(b')', "Expected )")?;
    }
    Ok(Resync { uid_validity, modseq, known_uids, known_pairs })
}

/// `seq-match-data = "(" known-sequence-set SP known-uid-set ")"`
fn seq_match_data(p: &mut Parser<'_>) -> Result<(UidSet, UidSet), ParseError> {
    p.expect(b'(', "Expected (numbers UIDs)")?;
    let numbers = plain_set(p)?;
    p.space()?;
    let uids = plain_set(p)?;
    p.expect(b')', "Expected )")?;
    // RFC 7162 §3.2.5.2: the two sets are of one length.
    if numbers.len() == uids.len() { Ok((numbers, uids)) } else { Err(ParseError::Syntax("As many UIDs as numbers, please")) }
}

/// `known-uids = sequence-set`, in which `*` is not allowed.
fn plain_set(p: &mut Parser<'_>) -> Result<UidSet, ParseError> {
    const NO_STAR: ParseError = ParseError::Syntax("Neither * nor $ is allowed here");
    let SequenceSet::Ranges(ranges) = p.sequence_set()? else { return Err(NO_STAR) };
    let largest = |n: SequenceNumber| matches!(n, SequenceNumber::Largest);
    if ranges.iter().any(|range| largest(range.start) || largest(range.end)) {
        return Err(NO_STAR);
    }
    Ok(UidSet::of_ranges(ranges.iter().map(|range| range.bounds(1)).collect()))
}

/// `fetch-modifiers = SP "(" fetch-modifier *(SP fetch-modifier) ")"`, or nothing.
pub(super) fn fetch_modifiers(p: &mut Parser<'_>, uid: bool) -> Result<FetchModifiers, ParseError> {
    let mut modifiers = FetchModifiers::default();
    if p.at_end() {
        return Ok(modifiers);
    }
    p.space()?;
    p.expect(b'(', "Expected FETCH modifiers")?;
    loop {
        match p.upper_atom("Expected a FETCH modifier")?.as_str() {
            "CHANGEDSINCE" => {
                p.space()?;
                modifiers.changed_since = Some(mod_sequence_value(p)?);
            }
            "VANISHED" if !p.dialect().qresync => return Err(NOT_ENABLED),
            "VANISHED" => modifiers.vanished = true,
            // RFC 9394 §3.3: a modifier of UID FETCH.
            "PARTIAL" if uid => {
                p.space()?;
                modifiers.partial = Some(p.partial_range()?);
            }
            _ => return Err(ParseError::Syntax("No such FETCH modifier")),
        }
        if p.take(b')') {
            break;
        }
        p.space()?;
    }
    // RFC 7162 §3.2.6: VANISHED needs CHANGEDSINCE, and UID FETCH.
    if modifiers.vanished && (!uid || modifiers.changed_since.is_none()) {
        return Err(ParseError::Syntax("VANISHED goes with UID FETCH and CHANGEDSINCE"));
    }
    Ok(modifiers)
}

/// `store-modifiers SP` before the flags: `"(" "UNCHANGEDSINCE" SP mod-sequence-valzer ")" SP`, or nothing.
pub(super) fn store_modifiers(p: &mut Parser<'_>) -> Result<Option<u64>, ParseError> {
    if !p.take(b'(') {
        return Ok(None);
    }
    if !p.keyword("UNCHANGEDSINCE") {
        return Err(ParseError::Syntax("No such STORE modifier"));
    }
    p.space()?;
    let modseq = p.number().map_err(|_| NO_MODSEQ)?;
    p.expect(b')', "Expected )")?;
    p.space()?;
    Ok(Some(modseq))
}

/// Behind `MODSEQ SP`: `[entry-name SP entry-type-req SP] mod-sequence-valzer` (RFC 7162 §3.1.5).
///
/// All metadata of a message shares one mod-sequence here, so which entry was meant makes no difference.
pub(super) fn search_modseq(p: &mut Parser<'_>) -> Result<SearchKey, ParseError> {
    if p.peek() == Some(b'"') {
        let entry = p.string()?;
        if entry.strip_prefix(b"/flags/").is_none_or(<[u8]>::is_empty) {
            return Err(ParseError::Syntax("Expected an entry such as \"/flags/\\\\draft\""));
        }
        p.space()?;
        if !["priv", "shared", "all"].into_iter().any(|kind| p.keyword(kind)) {
            return Err(ParseError::Syntax("Expected priv, shared or all"));
        }
        p.space()?;
    }
    p.number().map(SearchKey::ModSeq).map_err(|_| NO_MODSEQ)
}

/// `mod-sequence-value = 1*DIGIT`: 1 to 2^63 − 1.
fn mod_sequence_value(p: &mut Parser<'_>) -> Result<u64, ParseError> {
    p.number().ok().filter(|&n| n > 0).ok_or(NO_MODSEQ)
}
