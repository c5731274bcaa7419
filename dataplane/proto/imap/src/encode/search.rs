//! SEARCH and ESEARCH.

use super::text::{number, set, string};
use crate::types::{Dialect, SearchReturn, Tag, UidSet};

/// What was found, as sequence numbers or UIDs.
#[derive(Clone, Copy, Debug)]
pub struct SearchAnswer<'f> {
    /// The tag of the command.
    pub tag: &'f Tag,
    /// The numbers are UIDs.
    pub uid: bool,
    /// Which parts were asked for.
    pub result: SearchReturn,
    /// The matches.
    pub found: &'f UidSet,
    /// The highest mod-sequence of what is told, when MODSEQ was among the keys (RFC 7162 §3.1.6).
    pub modseq: Option<u64>,
}

/// `"*" SP "SEARCH" *(SP nz-number) [SP "(" "MODSEQ" SP mod-sequence-value ")"] CRLF`, of rev1 without RETURN (RFC 7162 §7).
pub fn search(out: &mut Vec<u8>, found: &UidSet, modseq: Option<u64>) {
    out.extend_from_slice(b"* SEARCH");
    for n in found.iter() {
        out.push(b' ');
        number(out, u64::from(n));
    }
    if let Some(modseq) = modseq {
        out.extend_from_slice(b" (MODSEQ ");
        number(out, modseq);
        out.push(b')');
    }
    out.extend_from_slice(b"\r\n");
}

/// `"*" SP "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data) CRLF` (RFC 9051 §7.3.4)
///
/// MIN, MAX and ALL are left out when nothing was found; with SAVE alone nothing is to be written at all.
pub fn esearch(out: &mut Vec<u8>, answer: SearchAnswer<'_>) {
    let SearchAnswer { tag, uid, result, found, modseq } = answer;
    out.extend_from_slice(b"* ESEARCH (TAG ");
    string(out, tag.as_str().as_bytes(), Dialect::REV1);
    out.push(b')');
    if uid {
        out.extend_from_slice(b" UID");
    }
    let mut item = |name: &[u8], n: u64| {
        out.extend_from_slice(name);
        number(out, n);
    };
    let (first, last) = (found.ranges().first(), found.ranges().last());
    if let Some((min, _)) = first.filter(|_| result.min) {
        item(b" MIN ", u64::from(*min));
    }
    if let Some((_, max)) = last.filter(|_| result.max) {
        item(b" MAX ", u64::from(*max));
    }
    if result.count {
        item(b" COUNT ", found.len());
    }
    if result.all && !found.is_empty() {
        out.extend_from_slice(b" ALL ");
        set(out, found);
    }
    if let Some(modseq) = modseq {
        out.extend_from_slice(b" MODSEQ ");
        number(out, modseq);
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_9051() {
        let tag = Tag::new(b"A282").unwrap();
        let found: UidSet = [2, 10, 11].into_iter().collect();
        let mut out = Vec::new();
        let min_count = SearchReturn { min: true, count: true, ..SearchReturn::default() };
        esearch(&mut out, SearchAnswer { tag: &tag, uid: false, result: min_count, found: &found, modseq: None });
        let all = SearchReturn { all: true, ..SearchReturn::default() };
        esearch(&mut out, SearchAnswer { tag: &tag, uid: true, result: all, found: &found, modseq: Some(917_162_500) });
        esearch(&mut out, SearchAnswer { tag: &tag, uid: false, result: all, found: &UidSet::new(), modseq: None });
        search(&mut out, &found, Some(917_162_500));
        search(&mut out, &UidSet::new(), None);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            concat!(
                "* ESEARCH (TAG \"A282\") MIN 2 COUNT 3\r\n",
                "* ESEARCH (TAG \"A282\") UID ALL 2,10:11 MODSEQ 917162500\r\n",
                "* ESEARCH (TAG \"A282\")\r\n",
                "* SEARCH 2 10 11 (MODSEQ 917162500)\r\n",
                "* SEARCH\r\n",
            )
        );
    }
}
