//! Every section of every message is within it, and HEADER and TEXT make up the message they belong to.

#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_message::{
    dsn,
    section::{Section, What, binary, partial, range, resolve, words},
    summary::Summary,
};

fuzz_target!(|input: (Vec<u32>, u64, u64, Vec<u8>)| {
    let (path, offset, count, message) = input;
    let path = &path[..path.len().min(8)];
    let names = ["from".to_owned(), "x".to_owned()];
    let stored = Summary::of(&message);
    let summary = stored.view();
    for what in [What::Body, What::Header, What::Text, What::Mime, What::HeaderFields(&names), What::HeaderFieldsNot(&names)] {
        let section = Section { path, what };
        let there = range(&summary, &section);
        let octets = resolve(&summary, &message, &section);
        assert_eq!(there.is_some(), octets.is_some());
        assert!(octets.is_none_or(|o| partial(&o, offset, count).len() as u64 <= count));
    }
    let (header, text) = (range(&summary, &Section::header(path)), range(&summary, &Section::text(path)));
    match (header, text) {
        (Some(header), Some(text)) => {
            assert_eq!(header.end, text.start);
            assert_eq!(range(&summary, &Section::body(path)), Some(header.start..text.end));
        }
        (header, text) => assert_eq!(header, text),
    }
    let _ = binary(&summary, &message, path);
    let _ = dsn::read(&summary, &message);
    for part in summary.parts() {
        let _ = words(&part, &message);
    }
});
