//! BODYSTRUCTURE is never wrong about its own part numbers, whatever the message.

mod numbers;

use numbers::check;
use proptest::prelude::*;

/// A message inside so many others, `wrap` putting one around another.
fn nested(depth: usize, wrap: impl Fn(usize, &[u8]) -> Vec<u8>) -> Vec<u8> {
    (0..depth).fold(b"Subject: deep\r\n\r\nbottom".to_vec(), |inside, n| wrap(n, &inside))
}

#[test]
fn nested_hundreds_deep() {
    for depth in [1, 2, 98, 99, 100, 101, 300] {
        check(&nested(depth, |n, inside| {
            [
                format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n").as_bytes(),
                inside,
                format!("\r\n--b{n}--\r\n").as_bytes(),
            ]
            .concat()
        }));
        check(&nested(depth, |_, inside| [b"Content-Type: message/rfc822\r\n\r\n".as_slice(), inside].concat()));
        check(&nested(depth, |n, inside| {
            let around = format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\nContent-Type: message/rfc822\r\n\r\n");
            [around.as_bytes(), inside, format!("\r\n--b{n}\r\n\r\nsecond\r\n--b{n}--\r\n").as_bytes()].concat()
        }));
    }
}

#[test]
fn broken_on_purpose() {
    let messages: [&[u8]; 16] = [
        b"",
        b"\r\n",
        b"no header and no newline",
        b"Subject: header only",
        b"Subject: nul \0 and 8bit \xff\r\nContent-Type: te\0xt/pl\xe4in; na\xe4me=\"\0\xff\"\r\n\r\n\0\xff",
        b"Content-Type: multipart/mixed; boundary=never\r\n\r\nno boundary at all",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b--",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b\r\n--b\r\n\r\n--b--\r\n--b\r\nafter",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n",
        b"Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\na\n--o\n\nb",
        b"Content-Type: message/rfc822\r\n\r\n",
        b"Content-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n1\r\n--x\r\n\r\n2",
        b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogeA0KDQo=",
        b"Content-Type: multipart/digest; boundary=d\r\n\r\n--d\r\n\r\nSubject: one\r\n\r\n1\r\n--d\r\nContent-Type: text/plain\r\n\r\n2\r\n--d--",
        b"Content-Disposition: attachment; filename*=utf-8''%00\r\nContent-Language: \xff, de\r\nContent-ID: <\r\n a>\r\n\r\n",
    ];
    messages.iter().for_each(|message| check(message));
}

/// Pieces of mail, so that chance finds the grammar.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => Just(b"Content-Type: multipart/mixed; boundary=a\r\n\r\n".to_vec()),
        3 => Just(b"Content-Type: multipart/digest; boundary=b\r\n\r\n".to_vec()),
        4 => Just(b"Content-Type: message/rfc822\r\n\r\n".to_vec()),
        1 => Just(b"Content-Type: message/global\n\n".to_vec()),
        2 => Just(b"Content-Type: text/html; charset=\"\xff\0\"\r\nContent-Transfer-Encoding: base64\r\n".to_vec()),
        1 => Just(b"Content-Type: image/png; name=\"a\\\"b\"\r\nContent-Description: \xe9\r\n".to_vec()),
        1 => Just(b"From: \"a\" <b@c>, g:;\r\nSubject: s\r\n t\r\n".to_vec()),
        6 => Just(b"--a\r\n".to_vec()),
        3 => Just(b"\r\n--b\n".to_vec()),
        2 => Just(b"\r\n--a--\r\n".to_vec()),
        2 => Just(b"--b--".to_vec()),
        4 => Just(b"\r\n".to_vec()),
        2 => Just(b"\n".to_vec()),
        2 => prop::collection::vec(any::<u8>(), 0..12),
        2 => "[a-z:; \r\n-]{0,20}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_any_message(pieces in prop::collection::vec(piece(), 0..40)) {
        check(&pieces.concat());
    }
}
