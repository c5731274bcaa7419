//! FETCH answers for real messages, as a client reads them.

use postern_core::Timestamp;
use postern_message::Summary;
use postern_proto_imap::{
    encode::{self, FetchWriter},
    types::{Dialect, Part, Partial, Rfc822, Section, SectionText, SystemFlags},
};

/// The message of RFC 9051 §8.
const PLAIN: &str = "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n\
    From: Terry Gray <gray@cac.washington.edu>\r\n\
    Subject: IMAP4rev2 WG mtg summary and minutes\r\n\
    To: imap@cac.washington.edu\r\n\
    cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n\
    Message-Id: <B27397-0100000@cac.washington.edu>\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n\
    \r\n\
    Line one.\r\n\
    Line two.\r\n";

const NESTED: &str = "From: a@example.org\r\n\
    Subject: gr\u{fc}n\r\n\
    Content-Type: multipart/mixed; boundary=B\r\n\
    \r\n\
    --B\r\n\
    Content-Type: text/html; charset=utf-8\r\n\
    Content-Transfer-Encoding: base64\r\n\
    Content-Language: de, en\r\n\
    \r\n\
    PGI+AA==\r\n\
    --B\r\n\
    Content-Type: message/rfc822\r\n\
    Content-Disposition: attachment; filename=\"x y.eml\"\r\n\
    \r\n\
    Subject: inner\r\n\
    \r\n\
    hi\r\n\
    --B--\r\n";

fn answer(dialect: Dialect, write: impl FnOnce(&mut FetchWriter<'_>)) -> String {
    let mut out = Vec::new();
    let mut fetch = FetchWriter::new(&mut out, 12, dialect);
    write(&mut fetch);
    fetch.finish();
    String::from_utf8_lossy(&out).into_owned()
}

fn section(part: &[u32], text: SectionText) -> Section {
    Section { part: Part(part.to_vec()), text }
}

#[test]
fn the_dialogue_of_rfc_9051_section_8() {
    let summary = Summary::of(PLAIN.as_bytes());
    let view = summary.view();
    let full = answer(Dialect::REV1, |fetch| {
        fetch.flags(SystemFlags::SEEN, []);
        fetch.internal_date(Timestamp::from_secs(837_596_665));
        fetch.size(4286);
        fetch.envelope(&view.envelope());
        fetch.body(&view);
    });
    assert_eq!(
        full,
        concat!(
            "* 12 FETCH (FLAGS (\\Seen) INTERNALDATE \"17-Jul-1996 09:44:25 +0000\" RFC822.SIZE 4286 ",
            "ENVELOPE (\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev2 WG mtg summary and minutes\" ",
            "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ",
            "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((NIL NIL \"imap\" \"cac.washington.edu\")) ",
            "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL ",
            "\"<B27397-0100000@cac.washington.edu>\") ",
            "BODY (\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 22 2))\r\n",
        )
    );
}

#[test]
fn a_structure_with_a_message_inside() {
    let summary = Summary::of(NESTED.as_bytes());
    let view = summary.view();
    assert_eq!(
        answer(Dialect::REV1, |fetch| fetch.body_structure(&view)),
        concat!(
            "* 12 FETCH (BODYSTRUCTURE ((\"text\" \"html\" (\"charset\" \"utf-8\") NIL NIL \"base64\" 8 0 NIL NIL (\"de\" \"en\") NIL)",
            "(\"message\" \"rfc822\" NIL NIL NIL \"7BIT\" 20 (NIL \"inner\" NIL NIL NIL NIL NIL NIL NIL NIL) ",
            "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7BIT\" 2 0 NIL NIL NIL NIL) 2 ",
            "NIL (\"attachment\" (\"filename\" \"x y.eml\")) NIL NIL) \"mixed\" (\"boundary\" \"B\") NIL NIL NIL))\r\n",
        )
    );
}

#[test]
fn eight_bit_headers_are_literals_until_utf8_is_enabled() {
    let summary = Summary::of(NESTED.as_bytes());
    let envelope = |dialect| answer(dialect, |fetch| fetch.envelope(&summary.view().envelope()));
    assert!(envelope(Dialect::REV1).contains("(NIL {5}\r\ngr\u{fc}n (("));
    assert!(envelope(Dialect::REV2).contains("(NIL \"gr\u{fc}n\" (("));
}

#[test]
fn sections_and_slices() {
    let summary = Summary::of(NESTED.as_bytes());
    let view = summary.view();
    let fields = SectionText::HeaderFields { names: vec!["subject".into(), "X Y".into()], not: false };
    let shown = |part: &[u32], text: SectionText, partial: Option<Partial>| {
        let section = section(part, text);
        let bytes = encode::section(&view, NESTED.as_bytes(), &section);
        answer(Dialect::REV1, |fetch| fetch.section(&section, partial, bytes.as_deref()))
    };
    assert_eq!(shown(&[1], SectionText::All, None), "* 12 FETCH (BODY[1] {8}\r\nPGI+AA==)\r\n");
    assert_eq!(shown(&[1], SectionText::All, Some(Partial { start: 2, length: 3 })), "* 12 FETCH (BODY[1]<2> {3}\r\nI+A)\r\n");
    assert_eq!(shown(&[1], SectionText::All, Some(Partial { start: 9, length: 3 })), "* 12 FETCH (BODY[1]<9> {0}\r\n)\r\n");
    assert_eq!(shown(&[2], SectionText::Text, None), "* 12 FETCH (BODY[2.TEXT] {2}\r\nhi)\r\n");
    assert_eq!(shown(&[3], SectionText::All, None), "* 12 FETCH (BODY[3] NIL)\r\n");
    assert_eq!(shown(&[2], fields, None), "* 12 FETCH (BODY[2.HEADER.FIELDS (subject \"X Y\")] {18}\r\nSubject: inner\r\n\r\n)\r\n");
    let whole = answer(Dialect::REV1, |fetch| fetch.rfc822(Rfc822::All, Some(b"a\0b")));
    assert_eq!(whole.len(), "* 12 FETCH (RFC822 {3}\r\na.b)\r\n".len() + 2, "NUL has no place in a literal: {whole}");
}

#[test]
fn binary_may_hold_nul() {
    let shown = answer(Dialect::REV2, |fetch| {
        fetch.binary(&Part(vec![1]), None, Some(b"<b>\0"));
        fetch.binary(&Part(vec![1]), Some(Partial { start: 0, length: 3 }), Some(b"<b>\0"));
        fetch.binary_size(&Part(vec![1]), 4);
    });
    assert_eq!(shown, "* 12 FETCH (BINARY[1] ~{4}\r\n<b>\0 BINARY[1]<0> {3}\r\n<b> BINARY.SIZE[1] 4)\r\n");
}
