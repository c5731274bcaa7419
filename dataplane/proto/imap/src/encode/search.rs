//! SEARCH and ESEARCH.

use super::text::{list, mailbox_name, number, string};
use crate::types::{Dialect, MailboxName, PartialRange, SearchReturn, Tag};

/// What was found, as sequence numbers or UIDs.
#[derive(Clone, Copy, Debug)]
pub struct SearchAnswer<'f> {
    /// The tag of the command.
    pub tag: &'f Tag,
    /// The numbers are UIDs.
    pub uid: bool,
    /// Which parts were asked for.
    pub result: SearchReturn,
    /// The matches in the order of the result: of a SEARCH ascending, of a SORT sorted.
    pub found: &'f [u32],
    /// The highest mod-sequence of what is told, when MODSEQ was among the keys (RFC 7162 §3.1.6).
    pub modseq: Option<u64>,
    /// In which mailbox, when several were searched.
    pub mailbox: Option<SearchedMailbox<'f>>,
}

/// Where something was found (RFC 7377 §2.1).
#[derive(Clone, Copy, Debug)]
pub struct SearchedMailbox<'f> {
    /// Its name.
    pub name: &'f MailboxName,
    /// Its UIDVALIDITY.
    pub uid_validity: u32,
    /// How the name is written.
    pub dialect: Dialect,
}

/// `"*" SP "SEARCH" *(SP nz-number) [SP "(" "MODSEQ" SP mod-sequence-value ")"] CRLF`, of rev1 without RETURN (RFC 7162 §7).
pub fn search(out: &mut Vec<u8>, found: &[u32], modseq: Option<u64>) {
    numbered(out, b"* SEARCH", found, modseq);
}

/// A word, numbers, and a mod-sequence: SEARCH and SORT.
pub(super) fn numbered(out: &mut Vec<u8>, word: &[u8], numbers: &[u32], modseq: Option<u64>) {
    out.extend_from_slice(word);
    for n in numbers {
        out.push(b' ');
        number(out, u64::from(*n));
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
    let SearchAnswer { tag, uid, result, found, modseq, mailbox } = answer;
    correlator(out, tag, uid, mailbox);
    let mut item = |name: &[u8], n: u64| {
        out.extend_from_slice(name);
        number(out, n);
    };
    if let Some(min) = found.first().filter(|_| result.min) {
        item(b" MIN ", u64::from(*min));
    }
    if let Some(max) = found.last().filter(|_| result.max) {
        item(b" MAX ", u64::from(*max));
    }
    if result.count {
        item(b" COUNT ", found.len() as u64);
    }
    if result.all && !found.is_empty() {
        out.extend_from_slice(b" ALL ");
        list(out, found);
    }
    if let Some(page) = result.partial {
        partial(out, page, found);
    }
    if result.relevancy && !found.is_empty() {
        relevancy(out, found.len());
    }
    if let Some(modseq) = modseq {
        out.extend_from_slice(b" MODSEQ ");
        number(out, modseq);
    }
    out.extend_from_slice(b"\r\n");
}

/// `"* ESEARCH" [search-correlator] [SP "UID"]`, with MAILBOX and UIDVALIDITY where several mailboxes are searched (RFC 7377 §3).
pub(super) fn correlator(out: &mut Vec<u8>, tag: &Tag, uid: bool, mailbox: Option<SearchedMailbox<'_>>) {
    out.extend_from_slice(b"* ESEARCH (TAG ");
    string(out, tag.as_str().as_bytes(), Dialect::REV1);
    if let Some(SearchedMailbox { name, uid_validity, dialect }) = mailbox {
        out.extend_from_slice(b" MAILBOX ");
        mailbox_name(out, name, dialect);
        out.extend_from_slice(b" UIDVALIDITY ");
        number(out, u64::from(uid_validity));
    }
    out.push(b')');
    if uid {
        out.extend_from_slice(b" UID");
    }
}

/// `"PARTIAL" SP "(" partial-range SP partial-results ")"` (RFC 9394 §4)
fn partial(out: &mut Vec<u8>, page: PartialRange, found: &[u32]) {
    let sign: &[u8] = if page.from_end { b"-" } else { b"" };
    out.extend_from_slice(b" PARTIAL (");
    out.extend_from_slice(sign);
    number(out, u64::from(page.first));
    out.push(b':');
    out.extend_from_slice(sign);
    number(out, u64::from(page.last));
    out.push(b' ');
    match found.get(page.of(found.len())) {
        Some(numbers) if !numbers.is_empty() => list(out, numbers),
        _ => out.extend_from_slice(b"NIL"),
    }
    out.push(b')');
}

/// `"RELEVANCY" SP score-list` (RFC 6203 §6): what we find, we find for certain.
fn relevancy(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(b" RELEVANCY (100");
    (1..count).for_each(|_| out.extend_from_slice(b" 100"));
    out.push(b')');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_9051() {
        let tag = Tag::new(b"A282").unwrap();
        let found = [2, 10, 11];
        let mut out = Vec::new();
        let min_count = SearchReturn { min: true, count: true, ..SearchReturn::default() };
        esearch(&mut out, SearchAnswer { tag: &tag, uid: false, result: min_count, found: &found, modseq: None, mailbox: None });
        let all = SearchReturn { all: true, ..SearchReturn::default() };
        esearch(&mut out, SearchAnswer { tag: &tag, uid: true, result: all, found: &found, modseq: Some(917_162_500), mailbox: None });
        esearch(&mut out, SearchAnswer { tag: &tag, uid: false, result: all, found: &[], modseq: None, mailbox: None });
        search(&mut out, &found, Some(917_162_500));
        search(&mut out, &[], None);
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

    #[test]
    fn the_examples_of_rfc_7377() {
        let tag = Tag::new(b"tag1").unwrap();
        let mut out = Vec::new();
        let all = SearchReturn { all: true, ..SearchReturn::default() };
        for (name, uid_validity, found) in [("folder1", 1, &[4001, 4003][..]), ("folder2/banana", 503, &[3002, 4004])] {
            let name = MailboxName::new(name).unwrap();
            let mailbox = Some(SearchedMailbox { name: &name, uid_validity, dialect: Dialect::REV1 });
            esearch(&mut out, SearchAnswer { tag: &tag, uid: true, result: all, found, modseq: None, mailbox });
        }
        assert_eq!(
            String::from_utf8(out).unwrap(),
            concat!(
                "* ESEARCH (TAG \"tag1\" MAILBOX \"folder1\" UIDVALIDITY 1) UID ALL 4001,4003\r\n",
                "* ESEARCH (TAG \"tag1\" MAILBOX \"folder2/banana\" UIDVALIDITY 503) UID ALL 3002,4004\r\n",
            )
        );
    }

    #[test]
    fn the_examples_of_rfc_9394_and_rfc_6203() {
        let tag = Tag::new(b"A01").unwrap();
        let answer = |result, found: &[u32]| {
            let mut out = Vec::new();
            esearch(&mut out, SearchAnswer { tag: &tag, uid: true, result, found, modseq: None, mailbox: None });
            String::from_utf8(out).unwrap()
        };
        let page =
            |from_end, first, last| SearchReturn { partial: Some(PartialRange { from_end, first, last }), ..SearchReturn::default() };
        let found = [200_000, 200_001, 100, 7];
        assert_eq!(answer(page(false, 1, 3), &found), "* ESEARCH (TAG \"A01\") UID PARTIAL (1:3 200000:200001,100)\r\n");
        assert_eq!(answer(page(true, 1, 2), &found), "* ESEARCH (TAG \"A01\") UID PARTIAL (-1:-2 100,7)\r\n");
        assert_eq!(answer(page(false, 500, 600), &found), "* ESEARCH (TAG \"A01\") UID PARTIAL (500:600 NIL)\r\n");
        let scored = SearchReturn { all: true, relevancy: true, ..SearchReturn::default() };
        assert_eq!(answer(scored, &[1, 5]), "* ESEARCH (TAG \"A01\") UID ALL 1,5 RELEVANCY (100 100)\r\n");
    }
}
