//! The trace header that Postern writes: `Received` (RFC 5321 §4.4), `Return-Path`, `Delivered-To`.
//!
//! What the other side said (its greeting, its addresses) stands in these fields, so nothing of it
//! passes that could end a line or a comment.

use std::net::IpAddr;

use postern_core::{Address, DomainName, ReversePath, Timestamp, TraceId};

use crate::date;

/// Columns of a line where it can be folded (RFC 5322 §2.1.1).
const COLUMNS: usize = 78;
/// Characters of one injected value.
const MAX_VALUE: usize = 255;

/// How the message came, for the `with` keyword (RFC 3848, RFC 6531 §4.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Protocol {
    /// EHLO was used.
    pub extended: bool,
    /// Under TLS.
    pub tls: bool,
    /// After AUTH.
    pub authenticated: bool,
    /// With SMTPUTF8.
    pub utf8: bool,
}

impl Protocol {
    /// `SMTP`, `ESMTP`, `ESMTPS`, `ESMTPA`, `ESMTPSA`, `UTF8SMTP` and so on.
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match (self.utf8, self.extended, self.tls, self.authenticated) {
            (true, _, false, false) => "UTF8SMTP",
            (true, _, true, false) => "UTF8SMTPS",
            (true, _, false, true) => "UTF8SMTPA",
            (true, _, true, true) => "UTF8SMTPSA",
            // AUTH and STARTTLS are extensions: there is no SMTPS keyword.
            (false, _, true, true) => "ESMTPSA",
            (false, _, true, false) => "ESMTPS",
            (false, _, false, true) => "ESMTPA",
            (false, true, false, false) => "ESMTP",
            (false, false, false, false) => "SMTP",
        }
    }
}

/// What a `Received` field tells.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// The name in HELO or EHLO, as given.
    pub helo: &'a str,
    /// Where the connection came from; left out for users, whose place is their own affair.
    pub peer: Option<IpAddr>,
    /// The name that DNS gives for it, if it was asked and holds.
    pub peer_name: Option<&'a str>,
    /// This host.
    pub by: &'a DomainName,
    /// For `with`.
    pub protocol: Protocol,
    /// Version and suite, such as `TLS1.3 TLS_AES_256_GCM_SHA384`.
    pub tls: Option<&'a str>,
    /// The trace id.
    pub id: TraceId,
    /// The recipient, to be given only when there is one: others must not learn of each other.
    pub only_recipient: Option<&'a Address>,
    /// When.
    pub at: Timestamp,
}

/// Writes the field, folded, with its CRLF.
#[must_use]
pub fn received(r: &Received<'_>) -> String {
    let helo = clean(r.helo);
    let helo = if helo.is_empty() { "unknown".to_owned() } else { helo };
    let mut line = Folded::new("Received:");
    line.word(&format!("from {helo}"));
    if let Some(ip) = r.peer {
        let ip = match ip.to_canonical() {
            IpAddr::V4(ip) => format!("[{ip}]"),
            IpAddr::V6(ip) => format!("[IPv6:{ip}]"),
        };
        line.word(&match r.peer_name.map(clean).filter(|n| !n.is_empty()) {
            Some(name) => format!("({name} {ip})"),
            None => format!("({ip})"),
        });
    }
    line.word(&format!("by {}", r.by.as_str()));
    line.word(&format!("with {}", r.protocol.keyword()));
    if let Some(tls) = r.tls.map(clean_words).filter(|t| !t.is_empty()) {
        line.word(&format!("({tls})"));
    }
    line.word(&format!("id {}", r.id));
    if let Some(recipient) = r.only_recipient {
        line.word(&format!("for <{}>", wire(recipient)));
    }
    line.punctuate(';');
    line.word(&date::format(r.at));
    line.finish()
}

/// Writes `Return-Path` (RFC 5321 §4.4), put on at final delivery, with its CRLF.
#[must_use]
pub fn return_path(sender: &ReversePath) -> String {
    format!("Return-Path: <{}>\r\n", sender.as_ref().map(wire).unwrap_or_default())
}

/// Writes `Delivered-To` (RFC 9228), by which a loop through this host is seen, with its CRLF.
#[must_use]
pub fn delivered_to(recipient: &Address) -> String {
    format!("Delivered-To: {}\r\n", wire(recipient))
}

/// An address has no controls ([`Address::new`]); a quoted local part keeps its spaces.
fn wire(address: &Address) -> String {
    address.to_string().chars().filter(|c| !c.is_control()).collect()
}

/// Without anything that could end a line, a comment or a word.
fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() && !c.is_whitespace() && !matches!(c, '(' | ')' | '\\' | '"' | ';' | '<' | '>' | ','))
        .take(MAX_VALUE)
        .collect()
}

/// The same, spaces kept.
fn clean_words(text: &str) -> String {
    text.split_whitespace().map(clean).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A field that breaks its lines between words.
pub(crate) struct Folded {
    out: String,
    column: usize,
}

impl Folded {
    /// Begins with `Name:`.
    pub(crate) fn new(name: &str) -> Self {
        Self { out: name.to_owned(), column: name.len() }
    }

    /// Appends a word, which is not broken itself, behind a space or on a new line.
    pub(crate) fn word(&mut self, word: &str) {
        // One column is left for punctuation.
        if self.column + 1 + word.len() >= COLUMNS && self.column > 1 {
            self.out.push_str("\r\n\t");
            self.column = 8;
        } else {
            self.out.push(' ');
            self.column += 1;
        }
        self.out.push_str(word);
        self.column += word.len();
    }

    pub(crate) fn punctuate(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    pub(crate) fn finish(mut self) -> String {
        self.out.push_str("\r\n");
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header;
    use proptest::prelude::*;

    fn host() -> DomainName {
        DomainName::parse("mx.example.org").unwrap()
    }

    #[test]
    fn a_field_tells_how_the_message_came() {
        let recipient = Address::parse("ann@example.org").unwrap();
        let by = host();
        let text = received(&Received {
            helo: "mail.example.com",
            peer: Some("192.0.2.1".parse().unwrap()),
            peer_name: Some("out1.example.com"),
            by: &by,
            protocol: Protocol { extended: true, tls: true, ..Protocol::default() },
            tls: Some("TLS1.3 TLS_AES_256_GCM_SHA384"),
            id: TraceId(42),
            only_recipient: Some(&recipient),
            at: Timestamp::from_secs(1_795_305_600),
        });
        insta::assert_snapshot!(text.replace("\r\n", "\n"), @r"
        Received: from mail.example.com (out1.example.com [192.0.2.1])
        	by mx.example.org with ESMTPS (TLS1.3 TLS_AES_256_GCM_SHA384)
        	id 000000000001a for <ann@example.org>;
        	Sun, 22 Nov 2026 00:00:00 +0000
        ");
    }

    #[test]
    fn keywords_of_rfc_3848_and_6531() {
        let p = |extended, tls, authenticated, utf8| Protocol { extended, tls, authenticated, utf8 }.keyword();
        assert_eq!(p(false, false, false, false), "SMTP");
        assert_eq!(p(true, false, false, false), "ESMTP");
        assert_eq!(p(true, true, false, false), "ESMTPS");
        assert_eq!(p(true, false, true, false), "ESMTPA");
        assert_eq!(p(true, true, true, false), "ESMTPSA");
        assert_eq!(p(true, true, true, true), "UTF8SMTPSA");
    }

    #[test]
    fn return_path_and_delivered_to() {
        assert_eq!(return_path(&None), "Return-Path: <>\r\n");
        let address = Address::parse("\"a b\"@example.org").unwrap();
        assert_eq!(return_path(&Some(address.clone())), "Return-Path: <\"a b\"@example.org>\r\n");
        assert_eq!(delivered_to(&address), "Delivered-To: \"a b\"@example.org\r\n");
    }

    proptest! {
        #[test]
        fn nothing_that_the_peer_says_makes_a_second_field(helo in "(\\PC|[\r\n()<>; \t\0]){0,300}", name in "(\\PC|[\r\n()]){0,60}", tls in "(\\PC|[\r\n();]){0,60}") {
            let by = host();
            let text = received(&Received {
                helo: &helo,
                peer: Some("2001:db8::1".parse().unwrap()),
                peer_name: Some(&name),
                by: &by,
                protocol: Protocol::default(),
                tls: Some(&tls),
                id: TraceId(42),
                only_recipient: None,
                at: Timestamp::from_secs(0),
            });
            let message = format!("{text}\r\n");
            prop_assert_eq!(header::fields(message.as_bytes()).count(), 1);
            prop_assert_eq!(header::fields(message.as_bytes()).next().unwrap().raw, text.as_bytes());
            prop_assert!(text.matches('(').count() == text.matches(')').count());
        }
    }
}
