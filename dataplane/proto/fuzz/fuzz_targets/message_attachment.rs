//! Any octets as an attachment, and as the XML in one: text within bounds, and the same each time.

#![no_main]

#[expect(dead_code, reason = "the tests write more kinds of archives")]
#[path = "../../../../tests/src/archive.rs"]
mod archive;

use archive::{How, zip};
use libfuzzer_sys::fuzz_target;
use postern_message::{Summary, attachment};

fuzz_target!(|data: &[u8]| {
    let Some((kind, file)) = data.split_first() else { return };
    match kind % 7 {
        0 => check("a.docx", file),
        1 => check("a.rtf", file),
        2 => check("a.txt", file),
        3 => check("a.docx", &zip(How::Stored, &[("word/document.xml", file)])),
        4 => check("a.xlsx", &zip(How::Stored, &[("xl/worksheets/sheet1.xml", file)])),
        5 => check("a.pptx", &zip(How::Stored, &[("ppt/slides/slide1.xml", file)])),
        _ => check("a.odt", &zip(How::Stored, &[("content.xml", file)])),
    }
});

fn check(name: &str, file: &[u8]) {
    let header = format!("Content-Type: application/octet-stream; name={name}\r\nContent-Transfer-Encoding: binary\r\n\r\n");
    let mail = [header.as_bytes(), file].concat();
    let summary = Summary::of(&mail);
    let texts = || {
        let mut texts = Vec::new();
        attachment::texts(&summary.view(), &mail, |text| {
            texts.push(text.to_owned());
            false
        });
        texts
    };
    let said = texts();
    // What is compared may be longer than what was said, but not without end.
    assert!(said.iter().map(String::len).sum::<usize>() <= 18 * attachment::TEXT.min(attachment::RATIO * mail.len() + attachment::ALWAYS));
    assert_eq!(said, texts());
}
