//! Broken, hostile and enormous messages: a best reading, in bounds, in time.

mod show;

use postern_message::{
    Summary,
    header::MAX_FIELDS,
    mime::{MAX_DEPTH, MAX_PARTS},
    summary::{Kind, MAX_TEXT, SummaryRef},
};
use proptest::prelude::*;
use show::{check, show};

fn checked(mail: &[u8], look: impl FnOnce(SummaryRef<'_>)) {
    let summary = Summary::of(mail);
    check(&summary.view(), mail);
    assert!(summary.as_bytes().len() < 4 * MAX_TEXT);
    look(summary.view());
}

#[test]
fn what_is_hardly_a_message() {
    for mail in [&b""[..], b"\r\n", b"\n", b"\0", b"x", b"Subject: no end", b"\r\n\r\n", b"--", b":", b": \r\n\r\n", b"From x\r\n\r\nbody"]
    {
        checked(mail, |s| assert_eq!(s.len(), 1));
    }
}

#[test]
fn a_multipart_without_its_boundary_is_text() {
    for header in
        ["Content-Type: multipart/mixed", "Content-Type: multipart/mixed; boundary=b", "Content-Type: multipart/mixed; boundary=\"\""]
    {
        checked(format!("{header}\r\n\r\nhello\r\n").as_bytes(), |s| {
            let root = s.root().unwrap();
            assert!(root.is("text", "plain") && root.kind == Kind::Text);
            assert_eq!(root.params.find("charset"), Some(&b"us-ascii"[..]));
            assert_eq!(s.preview(), "hello");
        });
    }
}

#[test]
fn boundaries_that_are_missing_or_in_the_wrong_place() {
    let mail = "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\na\r\n--o\r\nSubject: cut\r\n--o\r\n\r\nb\n--o \t\n\nc\r\n--o--\r\n--o\r\nd";
    checked(mail.as_bytes(), |s| insta::assert_snapshot!("boundaries", show(&s)));
}

#[test]
fn nuls_and_eight_bits_in_the_header() {
    checked(b"Subject: a\0b \xff\xfe\r\nFrom: \xe9 <x@y.test>\r\nContent-Type: text/\0plain\r\n\r\n\0\xff", |s| {
        assert_eq!(s.envelope().subject, Some(&b"ab \xff\xfe"[..]));
        assert_eq!(s.envelope().from.next().unwrap().name, Some(&b"\xe9"[..]));
        assert!(s.root().unwrap().is("text", "plain"));
    });
}

#[test]
fn messages_in_messages_hundreds_deep() {
    let mail = "Content-Type: message/rfc822\r\n\r\n".repeat(500);
    checked(mail.as_bytes(), |s| {
        assert_eq!(s.len(), MAX_DEPTH);
        assert!(s.is_incomplete());
        let deepest = s.part(s.len() - 1).unwrap();
        assert!(deepest.is("application", "octet-stream") && deepest.kind == Kind::Basic);
    });
}

#[test]
fn multiparts_in_multiparts_hundreds_deep() {
    let open: String = (0..500).map(|i| format!("Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n")).collect();
    let close: String = (0..500).rev().map(|i| format!("\r\n--b{i}--")).collect();
    checked(format!("{open}\r\nx{close}").as_bytes(), |s| {
        assert_eq!(s.len(), MAX_DEPTH);
        assert!(s.is_incomplete());
    });
}

#[test]
fn parts_by_the_thousand() {
    let mail = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}--b--\r\n", "--b\r\n\r\nx\r\n".repeat(50_000));
    checked(mail.as_bytes(), |s| {
        assert_eq!(s.len(), MAX_PARTS);
        assert!(s.is_incomplete());
    });
}

#[test]
fn fields_parameters_and_addresses_without_end() {
    let fields = "X: y\r\n".repeat(MAX_FIELDS * 2);
    checked(format!("Subject: seen\r\n{fields}To: unseen@example.org\r\n\r\n").as_bytes(), |s| {
        assert_eq!(s.envelope().subject, Some(&b"seen"[..]));
        assert!(s.envelope().to.is_empty());
    });
    checked(format!("Content-Type: text/plain{}\r\n\r\n", "; a*1*=b; c=\"".repeat(200_000)).as_bytes(), |s| assert_eq!(s.len(), 1));
    checked(format!("To: {}\r\nSubject: after\r\n\r\n", "a,".repeat(100_000)).as_bytes(), |s| {
        assert!(s.envelope().to.count() <= postern_message::address_list::MAX_ENTRIES);
        assert_eq!(s.envelope().subject, Some(&b"after"[..]));
    });
    checked(format!("To: {}\r\n\r\n", "(".repeat(200_000)).as_bytes(), |s| assert!(s.envelope().to.is_empty()));
}

#[test]
fn damaged_summaries_read_as_little_and_never_panic() {
    let bytes = Summary::of(include_bytes!("mail/nested.eml")).encode();
    for end in 0..bytes.len() {
        if let Some(s) = SummaryRef::new(&bytes[..end]) {
            show(&s);
        }
    }
    for i in 0..bytes.len() {
        for bit in [1, 0x7f, 0x80] {
            let mut damaged = bytes.clone();
            damaged[i] ^= bit;
            if let Some(s) = SummaryRef::new(&damaged) {
                s.parts().take(2000).for_each(|p| drop((s.number(&p), s.children(&p).take(2000).count())));
            }
        }
    }
}

/// Pieces of which mail is made, so that chance finds the grammar.
fn mail() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("Content-Type: multipart/mixed; boundary=a\r\n\r\n".to_owned()),
        Just("Content-Type: multipart/digest; boundary=b\r\n".to_owned()),
        Just("Content-Type: message/rfc822\r\n".to_owned()),
        Just("Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n".to_owned()),
        Just("Content-Disposition: attachment; filename*0=a; filename*1=b\r\n".to_owned()),
        Just("From: \"a\" <b@c>, g:;\r\nSubject: s\r\n t\r\n".to_owned()),
        Just("--a\r\n".to_owned()),
        Just("--b\n".to_owned()),
        Just("--a--\r\n".to_owned()),
        Just("--b--".to_owned()),
        Just("\r\n".to_owned()),
        Just("\n".to_owned()),
        "\\PC{0,20}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|p| p.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_mail_has_a_consistent_summary(mail in mail()) {
        checked(&mail, |s| drop(show(&s)));
    }

    #[test]
    fn any_bytes_have_a_summary(bytes: Vec<u8>) {
        checked(&bytes, |s| drop(show(&s)));
    }

    #[test]
    fn any_bytes_are_read_as_a_summary(bytes: Vec<u8>) {
        let bytes = [&[postern_message::summary::VERSION][..], &bytes].concat();
        if let Some(s) = SummaryRef::new(&bytes) {
            s.parts().take(2000).for_each(|p| assert!(s.find(&[p.ordinal, 1]).is_none_or(|f| f.index < s.len())));
        }
    }
}
