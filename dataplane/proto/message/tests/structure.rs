//! Whole messages and what IMAP says of them: envelopes, structures, part numbers, sections.

mod show;

use postern_message::{
    Summary,
    section::{BinaryError, Section, What, binary, partial, resolve, words},
};
use show::{check, show};

const PLAIN: &[u8] = include_bytes!("mail/plain.eml");
const NESTED: &[u8] = include_bytes!("mail/nested.eml");
/// RFC 2046 §5.1.5's example.
const DIGEST: &[u8] = include_bytes!("mail/digest.eml");

#[test]
fn summaries_of_whole_messages() {
    for (name, mail) in [("plain", PLAIN), ("nested", NESTED), ("digest", DIGEST)] {
        let summary = Summary::of(mail);
        check(&summary.view(), mail);
        insta::assert_snapshot!(name, show(&summary.view()));
    }
}

#[test]
fn a_plain_mail_has_a_small_summary() {
    assert!(Summary::of(PLAIN).encode().len() < 500);
}

fn section(mail: &[u8], path: &[u32], what: What<'_>) -> Option<String> {
    let summary = Summary::of(mail);
    let octets = resolve(&summary.view(), mail, &Section { path, what })?;
    Some(String::from_utf8_lossy(&octets).replace("\r\n", "\n"))
}

/// RFC 9051 §6.4.5.
#[test]
fn sections_of_a_nested_message() {
    let s = |path: &[u32], what| section(NESTED, path, what);
    assert_eq!(s(&[], What::Body).unwrap().len(), String::from_utf8_lossy(NESTED).replace("\r\n", "\n").len());
    assert!(s(&[], What::Header).unwrap().ends_with("boundary=\"outer\"\n\n"));
    assert!(s(&[], What::Text).unwrap().starts_with("preamble\n--outer\n"));
    assert_eq!(s(&[1, 1], What::Body).as_deref(), Some("Caf=C3=A9 at five=\n?"));
    assert_eq!(
        s(&[1, 1], What::Mime).as_deref(),
        Some("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n")
    );
    assert_eq!(s(&[1, 2], What::Body).as_deref(), Some("<p>Caf&eacute; at five?</p>\n"));
    assert_eq!(s(&[2], What::Mime).as_deref(), Some("Content-Type: message/rfc822\nContent-Description: the mail before\n\n"));
    assert!(s(&[2], What::Header).unwrap().starts_with("From: bob@example.net\nSubject: Inner\n"));
    assert!(s(&[2], What::Text).unwrap().starts_with("--third\n\nplain by default\n"));
    assert_eq!(s(&[2], What::Body), Some(s(&[2], What::Header).unwrap() + &s(&[2], What::Text).unwrap()));
    assert_eq!(s(&[2, 1], What::Body).as_deref(), Some("plain by default"));
    assert_eq!(s(&[2, 1], What::Mime).as_deref(), Some("\n"));
    assert_eq!(s(&[2, 2], What::Body).as_deref(), Some("JVBERi0="));
    assert_eq!(s(&[3], What::Header).as_deref(), Some("Subject: Single\n\n"));
    assert_eq!(s(&[3, 1], What::Body).as_deref(), Some("one line"));
    assert_eq!(s(&[3], What::Text).as_deref(), Some("one line"));
}

#[test]
fn sections_that_are_not_there() {
    for (path, what) in [
        (&[][..], What::Mime),
        (&[0], What::Body),
        (&[4], What::Body),
        (&[1], What::Header),
        (&[1, 1], What::Text),
        (&[1, 1, 1], What::Body),
        (&[3, 2], What::Body),
        (&[3, 1], What::Header),
        (&[u32::MAX, u32::MAX], What::Body),
    ] {
        assert_eq!(section(NESTED, path, what), None, "{path:?} {what:?}");
    }
}

#[test]
fn a_message_that_is_no_multipart_has_part_one() {
    assert_eq!(section(PLAIN, &[1], What::Body), section(PLAIN, &[], What::Text));
    assert_eq!(section(PLAIN, &[1], What::Mime), section(PLAIN, &[], What::Header));
    assert_eq!(section(PLAIN, &[1, 1], What::Body), None);
    assert_eq!(section(PLAIN, &[2], What::Body), None);
}

#[test]
fn header_fields_and_not() {
    let names = ["subject".to_owned(), "REFERENCES".to_owned(), "X-None".to_owned()];
    assert_eq!(
        section(PLAIN, &[], What::HeaderFields(&names)).as_deref(),
        Some("Subject: IMAP4rev2 WG mtg summary and minutes\nReferences: <one@example.org>\n <two@example.org>\n\n")
    );
    let rest = section(PLAIN, &[], What::HeaderFieldsNot(&names)).unwrap();
    assert!(
        rest.starts_with("Return-Path:")
            && rest.ends_with("US-ASCII\n\n")
            && !rest.contains("Subject")
            && !rest.contains("two@example.org>\nIn")
    );
    assert_eq!(section(NESTED, &[2], What::HeaderFields(&names)).as_deref(), Some("Subject: Inner\n\n"));
    assert_eq!(section(NESTED, &[1], What::HeaderFields(&names)), None);
}

/// RFC 3516.
#[test]
fn binary_is_decoded() {
    let summary = Summary::of(NESTED);
    let s = summary.view();
    assert_eq!(binary(&s, NESTED, &[1, 1]).as_deref(), Ok("Café at five?".as_bytes()));
    assert_eq!(binary(&s, NESTED, &[2, 2]).as_deref(), Ok(&b"%PDF-"[..]));
    assert_eq!(words(&s.find(&[1, 1]).unwrap(), NESTED).as_deref(), Some("Café at five?"));
    assert_eq!(words(&s.find(&[2, 2]).unwrap(), NESTED), None);
    assert_eq!(binary(&s, NESTED, &[9]), Err(BinaryError::NoSuchPart));
    let odd = b"Content-Transfer-Encoding: x-odd\r\n\r\n?";
    assert_eq!(binary(&Summary::of(odd).view(), odd, &[1]), Err(BinaryError::UnknownEncoding));
}

#[test]
fn partials() {
    assert_eq!(partial(b"abcdef", 2, 3), b"cde");
    assert_eq!(partial(b"abcdef", 4, 100), b"ef");
    assert_eq!(partial(b"abcdef", 100, 1), b"");
    assert_eq!(partial(b"abcdef", u64::MAX, u64::MAX), b"");
}
