//! By what SORT and THREAD order messages (RFC 5256, RFC 5957).

use crate::{
    casemap::casemap,
    encoded_word,
    subject::BaseSubject,
    summary::{AddressRef, Addresses, SummaryRef},
};

/// The local part of the first address (`addr-mailbox`, RFC 5256 §3); empty when there is none.
#[must_use]
pub fn local_part(list: Addresses<'_>) -> String {
    let first = list.into_iter().next().and_then(|address| address.mailbox);
    first.map(|mailbox| casemap(&encoded_word::text(mailbox))).unwrap_or_default()
}

/// What a client would show of the first address (RFC 5957 §3): its name, else the address; of a group its name.
#[must_use]
pub fn display(list: Addresses<'_>) -> String {
    let Some(AddressRef { name, mailbox, host, .. }) = list.into_iter().next() else { return String::new() };
    let text = |bytes: &[u8]| encoded_word::text(bytes);
    let shown = match (name.filter(|name| !name.is_empty()), mailbox, host) {
        (Some(name), ..) => text(name),
        (None, Some(group), None) => text(group),
        (None, Some(mailbox), Some(host)) => format!("{}@{}", text(mailbox), text(host)),
        (None, None, _) => String::new(),
    };
    casemap(&shown)
}

/// The base subject (RFC 5256 §2.1) ready to be compared, and whether it was that of a reply.
#[must_use]
pub fn subject(summary: &SummaryRef<'_>) -> BaseSubject {
    let base = summary.envelope().subject.map(BaseSubject::of).unwrap_or_default();
    BaseSubject { text: casemap(&base.text), ..base }
}

/// The message's id as threads know it, when it has a valid one (RFC 5256 §3, REFERENCES).
#[must_use]
pub fn id(summary: &SummaryRef<'_>) -> Option<String> {
    summary.envelope().id().and_then(normal)
}

/// The messages that it answers, oldest first: its References, else the first id in In-Reply-To (RFC 5256 §3, step 1).
#[must_use]
pub fn references(summary: &SummaryRef<'_>) -> Vec<String> {
    let all: Vec<String> = summary.references().filter_map(normal).collect();
    if !all.is_empty() {
        return all;
    }
    summary.envelope().reply_ids().find_map(normal).into_iter().collect()
}

/// `"a"@b` and `a@b` are one id (RFC 5256 §3). What has no `@` is none.
fn normal(id: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(id);
    let (local, domain) = text.rsplit_once('@')?;
    match local.strip_prefix('"').and_then(|inside| inside.strip_suffix('"')) {
        Some(quoted) => Some(format!("{}@{domain}", quoted.replace("\\\"", "\"").replace("\\\\", "\\"))),
        None => Some(text.into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Summary;

    #[test]
    fn what_is_compared() {
        let mail = b"From: =?utf-8?q?J=C3=B6rg?= <j@example.org>\r\nTo: Friends: ann@example.org;\r\nCc: bob@example.org\r\n\
            Subject: Re: [x] Tea\r\nMessage-ID: <\"a b\"@x>\r\nIn-Reply-To: no id, <one@x> <two@x>\r\n\r\n";
        let summary = Summary::of(mail);
        let (view, envelope) = (summary.view(), summary.view().envelope());
        assert_eq!([local_part(envelope.from), display(envelope.from)], ["J", "JO\u{308}RG"]);
        assert_eq!([local_part(envelope.to), display(envelope.to)], ["FRIENDS", "FRIENDS"]);
        assert_eq!([local_part(envelope.cc), display(envelope.cc)], ["BOB", "BOB@EXAMPLE.ORG"]);
        assert_eq!([local_part(envelope.bcc), display(envelope.bcc)], ["", ""]);
        assert_eq!(subject(&view), BaseSubject { text: "TEA".to_owned(), is_reply: true });
        assert_eq!((id(&view), references(&view)), (Some("a b@x".to_owned()), vec!["one@x".to_owned()]));
    }
}
