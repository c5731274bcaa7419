//! What a submitted message still needs (RFC 6409 §8), and whose name it bears.
//!
//! Pure: date and id come in. Whether the login may use an address is decided elsewhere; here is only
//! read, strictly, which addresses the message claims.

use std::borrow::Cow;

use postern_core::{Address, DomainName, Timestamp, TraceId};

use crate::{address_list, date, header};

/// The addresses that a message claims to come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Author {
    /// Every mailbox of `From`, then that of `Sender` if there is one: each must belong to the login.
    Claims(Vec<Address>),
    /// There is no `From`, or nothing stands in it.
    Missing,
    /// There are several `From` or `Sender` fields (RFC 5322 §3.6): readers would not agree on the author.
    Repeated(&'static str),
    /// A mailbox there is none that mail could come from; holds what was written.
    Unreadable(String),
    /// The header goes on behind [`header::MAX_HEADER`] or [`header::MAX_FIELDS`], where another author may stand.
    TooLong,
}

/// Reads `From` and `Sender`.
#[must_use]
pub fn author(message: &[u8]) -> Author {
    let mut fields = header::fields(message);
    while fields.next().is_some() {}
    if !fields.is_at_end() {
        return Author::TooLong;
    }
    let mut claims = Vec::new();
    for name in ["From", "Sender"] {
        let mut fields = header::fields(message).filter(|f| f.is(name));
        let Some(field) = fields.next() else { continue };
        if fields.next().is_some() {
            return Author::Repeated(name);
        }
        let text = field.text();
        let mailboxes = address_list::mailboxes(&text);
        if name == "From" && mailboxes.is_empty() {
            return Author::Missing;
        }
        if mailboxes.len() >= address_list::MAX_ENTRIES {
            return Author::Unreadable(format!("more than {} addresses", address_list::MAX_ENTRIES));
        }
        for mailbox in mailboxes {
            match mailbox.address() {
                Some(address) if !claims.contains(&address) => claims.push(address),
                Some(_) => {}
                None => {
                    return Author::Unreadable(String::from_utf8_lossy(&[&mailbox.local[..], b"@", &mailbox.host].concat()).into_owned());
                }
            }
        }
        if name == "From" && claims.is_empty() {
            return Author::Missing;
        }
    }
    if claims.is_empty() || header::find(message, "From").is_none() { Author::Missing } else { Author::Claims(claims) }
}

/// The message as it is sent: `Bcc` and `Resent-Bcc` gone, `Date` and `Message-ID` there
/// (RFC 6409 §8.2, §8.3). Unchanged bytes when nothing was to do.
#[must_use]
pub fn complete<'m>(message: &'m [u8], now: Timestamp, trace: TraceId, host: &DomainName) -> Cow<'m, [u8]> {
    let message = header::without(message, &["Bcc", "Resent-Bcc", "Return-Path"]);
    let mut missing = String::new();
    if header::find(&message, "Date").is_none() {
        missing.push_str(&format!("Date: {}\r\n", date::format(now)));
    }
    if header::find(&message, "Message-ID").is_none() {
        missing.push_str(&format!("Message-ID: <{trace}@{}>\r\n", host.as_str()));
    }
    if missing.is_empty() { message } else { Cow::Owned(header::with_on_top(&missing, &message)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(header: &str) -> Author {
        author(format!("{header}\r\nSubject: x\r\n\r\nFrom: body@example.org\r\n").as_bytes())
    }

    fn addresses(list: &[&str]) -> Author {
        Author::Claims(list.iter().map(|a| Address::parse(a).unwrap()).collect())
    }

    #[test]
    fn every_author_and_the_sender_count() {
        assert_eq!(claims("From: Ann <ann@example.org>"), addresses(&["ann@example.org"]));
        assert_eq!(
            claims("from: Ann <ann@example.org>,\r\n bob@example.net\r\nSender: carl@example.com"),
            addresses(&["ann@example.org", "bob@example.net", "carl@example.com"])
        );
        assert_eq!(claims("From: \"ceo@example.com\" <ann@example.org>"), addresses(&["ann@example.org"]));
        assert_eq!(claims("From: Staff: ann@example.org, bob@example.org;"), addresses(&["ann@example.org", "bob@example.org"]));
    }

    #[test]
    fn what_cannot_be_decided_is_said() {
        assert_eq!(claims("To: ann@example.org"), Author::Missing);
        assert_eq!(claims("Sender: ann@example.org"), Author::Missing);
        assert_eq!(claims("From: "), Author::Missing);
        assert_eq!(claims("From: Nobody:;"), Author::Missing);
        assert_eq!(claims("From: a@example.org\r\nFrom: b@example.org"), Author::Repeated("From"));
        let padding = "X-Pad: y\r\n".repeat(header::MAX_FIELDS);
        assert_eq!(claims(&format!("From: a@example.org\r\n{padding}From: b@example.org")), Author::TooLong);
        assert_eq!(claims("From: root"), Author::Unreadable("root@".to_owned()));
        assert_eq!(claims("From: <a@b@-x->"), Author::Unreadable("a@b@-x-".to_owned()));
    }

    #[test]
    fn date_and_id_are_added_and_bcc_removed() {
        let host = DomainName::parse("mail.example.org").unwrap();
        let now = Timestamp::from_secs(1_795_305_600);
        let sent = complete(b"From: a@example.org\r\nBcc: b@example.org,\r\n c@example.org\r\n\r\nHi\r\n", now, TraceId(1), &host);
        assert_eq!(
            String::from_utf8_lossy(&sent),
            "Date: Sun, 22 Nov 2026 00:00:00 +0000\r\nMessage-ID: <0000000000001@mail.example.org>\r\nFrom: a@example.org\r\n\r\nHi\r\n"
        );
        assert!(matches!(complete(&sent, now, TraceId(2), &host), Cow::Borrowed(_)));
    }
}
