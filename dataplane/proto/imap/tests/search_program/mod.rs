//! Reads a search program, writes it down in one way of many, and reads it again: it is the same, and as small as it must be.
//!
//! The fuzz target `imap_search` uses this file too.

#![expect(clippy::panic, reason = "a check fails loudly")]

use postern_proto_imap::{
    encode, parse,
    types::{Date, DateField, Dialect, EnvelopeField, MAX_SEARCH_DEPTH, MAX_SEARCH_KEYS, SearchKey, SequenceSet, SystemFlags},
};

/// Checks any octets; whether they were a program.
pub fn check(octets: &[u8]) -> bool {
    let read = parse::filter(octets, Dialect::REV1);
    // RFC 9051 §6.4.4: a program means the same in both revisions.
    assert_eq!(read, parse::filter(octets, Dialect::REV2));
    let Ok(key) = read else { return false };
    let (mut keys, mut written) = (0, true);
    let depth = measure(&key, &mut keys);
    assert!(depth <= MAX_SEARCH_DEPTH && keys <= 2 * MAX_SEARCH_KEYS, "{depth} deep, {keys} keys");
    let mut wire = Vec::new();
    match &key {
        SearchKey::And(all) => join(all, &mut wire, &mut written),
        one => write(one, &mut wire, &mut written),
    }
    // NUL, which a charset may spell, has no form on the wire.
    if written {
        match parse::filter(&wire, Dialect::REV1) {
            Ok(again) => assert_eq!(again, key, "{}", String::from_utf8_lossy(&wire)),
            Err(error) => panic!("{error}: {}", String::from_utf8_lossy(&wire)),
        }
    }
    true
}

fn measure(key: &SearchKey, keys: &mut usize) -> usize {
    *keys += 1;
    let mut deepest = |all: &mut dyn Iterator<Item = &SearchKey>| all.map(|key| measure(key, keys)).max().unwrap_or(0);
    match key {
        SearchKey::Not(key) | SearchKey::Fuzzy(key) => 1 + measure(key, keys),
        SearchKey::Or(a, b) => 1 + deepest(&mut [&**a, &**b].into_iter()),
        SearchKey::And(all) => deepest(&mut all.iter()),
        _ => 1,
    }
}

fn join(keys: &[SearchKey], out: &mut Vec<u8>, written: &mut bool) {
    for (i, key) in keys.iter().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        write(key, out, written);
    }
}

fn write(key: &SearchKey, out: &mut Vec<u8>, written: &mut bool) {
    use SearchKey as K;
    let mut word = |word: &str| out.extend_from_slice(word.as_bytes());
    match key {
        K::All => word("ALL"),
        K::Nothing => word("NEW"),
        K::Flag(flag, set) => {
            let (_, name) = SystemFlags::NAMES.into_iter().find(|(each, _)| each == flag).unwrap_or_else(|| panic!("{flag:?}"));
            word(if *set { "" } else { "UN" });
            word(&name[1..]);
        }
        K::Keyword(keyword, set) => word(&format!("{}KEYWORD {}", if *set { "" } else { "UN" }, keyword.as_str())),
        K::Before(field, day) => date("BEFORE", *field, *day, out),
        K::On(field, day) => date("ON", *field, *day, out),
        K::Since(field, day) => date("SINCE", *field, *day, out),
        K::Older(n) => word(&format!("OLDER {n}")),
        K::Younger(n) => word(&format!("YOUNGER {n}")),
        K::Larger(n) => word(&format!("LARGER {n}")),
        K::Smaller(n) => word(&format!("SMALLER {n}")),
        K::ModSeq(n) => word(&format!("MODSEQ {n}")),
        K::EmailId(id) => word(&format!("EMAILID {}", id.as_str())),
        K::ThreadId(id) => word(&format!("THREADID {}", id.as_str())),
        K::Filter(name) => word(&format!("FILTER {}", name.as_str())),
        K::Envelope(field, words) => {
            word(match field {
                EnvelopeField::From => "FROM ",
                EnvelopeField::To => "TO ",
                EnvelopeField::Cc => "CC ",
                EnvelopeField::Bcc => "BCC ",
                EnvelopeField::Subject => "SUBJECT ",
            });
            text(words, out, written);
        }
        K::Header { name, text: words } => {
            word("HEADER ");
            text(name, out, written);
            out.push(b' ');
            text(words, out, written);
        }
        K::Body(words) => {
            word("BODY ");
            text(words, out, written);
        }
        K::Text(words) => {
            word("TEXT ");
            text(words, out, written);
        }
        K::Sequence(numbers) => set(numbers, out),
        K::Uid(uids) => {
            word("UID ");
            set(uids, out);
        }
        K::Not(key) => {
            word("NOT ");
            write(key, out, written);
        }
        K::Fuzzy(key) => {
            word("FUZZY ");
            write(key, out, written);
        }
        K::Or(a, b) => {
            word("OR ");
            write(a, out, written);
            out.push(b' ');
            write(b, out, written);
        }
        K::And(all) => {
            out.push(b'(');
            join(all, out, written);
            out.push(b')');
        }
    }
}

fn set(set: &SequenceSet, out: &mut Vec<u8>) {
    encode::sequence_set(out, set);
}

fn text(words: &str, out: &mut Vec<u8>, written: &mut bool) {
    *written &= !words.contains('\0');
    out.extend_from_slice(format!("{{{}+}}\r\n{words}", words.len()).as_bytes());
}

fn date(word: &str, field: DateField, date: Date, out: &mut Vec<u8>) {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let kind = match field {
        DateField::Internal => "",
        DateField::Sent => "SENT",
        DateField::Saved => "SAVED",
    };
    let (year, month, day, ..) = date.midnight().civil();
    out.extend_from_slice(format!("{kind}{word} {day}-{}-{year:04}", MONTHS[usize::from(month) - 1]).as_bytes());
}
