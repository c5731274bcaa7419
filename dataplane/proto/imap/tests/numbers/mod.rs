//! Reads a BODYSTRUCTURE as a client does and asks for every part that it speaks of.
//!
//! Nothing here looks into the summary: the numbers come from the text alone, by the rules of RFC 9051
//! §6.4.5 and §7.5.2. The fuzz target `imap_structure` uses this file too.

#![expect(clippy::expect_used, clippy::panic, reason = "a check fails loudly")]

use std::borrow::Cow;

use postern_message::{Summary, SummaryRef};
use postern_proto_imap::{
    encode::{self, FetchWriter},
    types::{Dialect, Part, Section, SectionText},
};

/// A parenthesised value.
#[derive(Debug)]
enum Value {
    List(Vec<Value>),
    Text(Vec<u8>),
    Number(usize),
    Nil,
}

impl Value {
    fn list(&self) -> &[Self] {
        if let Self::List(inside) = self { inside } else { &[] }
    }

    fn is_text(&self, word: &str) -> bool {
        matches!(self, Self::Text(text) if text.eq_ignore_ascii_case(word.as_bytes()))
    }
}

/// Checks what is told of a message, in both ways of writing it.
pub fn check(message: &[u8]) {
    let summary = Summary::of(message);
    for dialect in [Dialect::REV1, Dialect::REV2] {
        let mut out = Vec::new();
        let mut fetch = FetchWriter::new(&mut out, 1, dialect);
        fetch.body_structure(&summary.view());
        fetch.finish();
        let inside = out.strip_prefix(b"* 1 FETCH (BODYSTRUCTURE ").and_then(|rest| rest.strip_suffix(b")\r\n"));
        let mut rest = inside.expect("one item");
        let structure = read(&mut rest);
        assert!(rest.is_empty(), "something stands behind the structure: {:?}", String::from_utf8_lossy(rest));
        let reader = Reader { message, summary: summary.view() };
        reader.message(&structure, &[]);
    }
}

struct Reader<'m> {
    message: &'m [u8],
    summary: SummaryRef<'m>,
}

impl<'m> Reader<'m> {
    fn get(&self, path: &[u32], text: SectionText) -> Option<Cow<'m, [u8]>> {
        encode::section(&self.summary, self.message, &Section { part: Part(path.to_vec()), text })
    }

    fn must(&self, path: &[u32], text: &SectionText) -> &'m [u8] {
        match self.get(path, text.clone()) {
            Some(Cow::Borrowed(octets)) => octets,
            other => panic!("{path:?} {text:?} is {other:?}"),
        }
    }

    /// A message, whose body the structure tells: the stored one (no path) or one inside a part.
    fn message(&self, body: &Value, path: &[u32]) {
        let whole = self.must(path, &SectionText::All);
        let (header, text) = (self.must(path, &SectionText::Header), self.must(path, &SectionText::Text));
        assert_eq!([header, text].concat(), whole, "{path:?}: HEADER and TEXT are the message, cut once");
        if path.is_empty() {
            assert_eq!(whole, self.message);
        }
        if is_multipart(body) {
            self.children(body, path, text);
        } else {
            // RFC 9051 §6.4.5: every message has a part 1.
            let one = [path, &[1]].concat();
            assert_eq!(self.must(&one, &SectionText::All), text, "{one:?}");
            self.part(body, &one);
            assert!(self.get(&[path, &[2]].concat(), SectionText::All).is_none(), "{path:?} has one part");
        }
    }

    /// The parts of a multipart: they stand in it one after the other, and there are no more of them.
    fn children(&self, multipart: &Value, path: &[u32], text: &[u8]) {
        let children: Vec<&Value> = multipart.list().iter().take_while(|value| matches!(value, Value::List(_))).collect();
        let mut at = 0;
        for (number, child) in (1..).zip(&children) {
            let path = [path, &[number]].concat();
            let (header, body) = (self.must(&path, &SectionText::Mime), self.must(&path, &SectionText::All));
            let start = place(text, header);
            assert!(start >= at, "{path:?} begins before its sibling ends");
            assert_eq!(place(text, body), start + header.len(), "{path:?}: the body follows its header");
            at = start + header.len() + body.len();
            assert!(at <= text.len(), "{path:?} ends outside");
            self.part(child, &path);
        }
        let next = [path, &[children.len() as u32 + 1]].concat();
        assert!(self.get(&next, SectionText::All).is_none(), "{next:?} was not told of");
    }

    fn part(&self, told: &Value, path: &[u32]) {
        let body = self.must(path, &SectionText::All);
        if is_multipart(told) {
            return self.children(told, path, body);
        }
        let fields = told.list();
        assert!(fields.len() >= 7, "{path:?}: {told:?}");
        assert!(matches!(fields[6], Value::Number(octets) if octets == body.len()), "{path:?}: {told:?} is of {} octets", body.len());
        let lines = |value: &Value| matches!(value, Value::Number(lines) if *lines == body.iter().filter(|b| **b == b'\n').count());
        if fields[0].is_text("text") {
            assert!(lines(&fields[7]), "{path:?}: {told:?}");
        } else if fields[0].is_text("message") && (fields[1].is_text("rfc822") || fields[1].is_text("global")) {
            assert_eq!(fields[7].list().len(), 10, "an envelope has ten fields");
            assert!(lines(&fields[9]), "{path:?}: {told:?}");
            return self.message(&fields[8], path);
        }
        // What is told as octets may be a message too deep to tell; of all others there is nothing below.
        if !fields[1].is_text("octet-stream") {
            assert!(self.get(&[path, &[1]].concat(), SectionText::All).is_none(), "{path:?} has no parts");
            assert!(self.get(path, SectionText::Header).is_none(), "{path:?} is no message");
        }
    }
}

fn is_multipart(told: &Value) -> bool {
    matches!(told.list().first(), Some(Value::List(_)))
}

/// Where a slice of a text begins in it.
fn place(text: &[u8], slice: &[u8]) -> usize {
    slice.as_ptr().addr().checked_sub(text.as_ptr().addr()).expect("a slice of the text around it")
}

/// One value, taken off the front.
fn read(rest: &mut &[u8]) -> Value {
    let take = |rest: &mut &[u8], count: usize| {
        let (taken, left) = rest.split_at(count);
        *rest = left;
        taken.to_vec()
    };
    match rest[0] {
        b'(' => {
            take(rest, 1);
            let mut inside = Vec::new();
            while rest[0] != b')' {
                inside.push(read(rest));
                if rest[0] == b' ' {
                    take(rest, 1);
                    assert_ne!(rest[0], b')', "a space before a parenthesis");
                }
            }
            take(rest, 1);
            assert!(!inside.is_empty(), "() is NIL");
            Value::List(inside)
        }
        b'"' => {
            let mut text = Vec::new();
            take(rest, 1);
            while rest[0] != b'"' {
                let escaped = usize::from(rest[0] == b'\\');
                text.push(take(rest, 1 + escaped)[escaped]);
            }
            take(rest, 1);
            assert!(!text.iter().any(|b| matches!(b, 0 | b'\r' | b'\n')), "{text:?} is no quoted string");
            Value::Text(text)
        }
        b'{' => {
            let end = rest.iter().position(|b| *b == b'\n').expect("a literal's line");
            let line = take(rest, end + 1);
            let size = std::str::from_utf8(&line[1..line.len() - 3]).expect("digits").parse().expect("a size");
            let text = take(rest, size);
            assert!(!text.contains(&0), "NUL in a literal");
            Value::Text(text)
        }
        b'0'..=b'9' => {
            let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            Value::Number(String::from_utf8(take(rest, digits)).expect("digits").parse().expect("a number"))
        }
        _ => {
            assert_eq!(take(rest, 3), b"NIL");
            Value::Nil
        }
    }
}
