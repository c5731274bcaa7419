//! URLs of messages and their parts (RFC 5092), as CATENATE and URLAUTH name them.
//!
//! ```text
//! imap://joe@example.com/INBOX;UIDVALIDITY=3857/;UID=20/;SECTION=1.2/;PARTIAL=0.1024;EXPIRE=2026-…;URLAUTH=anonymous:INTERNAL:91354a…
//!        └ user ┘└ host ─┘└────────────── MessageUrl ───────────────────────────────┘ └─ what it allows ─────────┘ └ Verifier ─────┘
//!                                                                          up to here it is the rump, which the token signs
//! ```
//! A decision of text alone: whether there is such a message, and who may see it, is the caller's to find out.

mod reader;

use postern_core::Timestamp;

use crate::{
    parse,
    types::{MailboxName, Partial, Section},
};
use reader::Reader;

/// Text that is no URL of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an IMAP URL of a message")]
pub struct NotAMessageUrl;

/// `imessagepart = imailbox-ref iuid [isection] [ipartial]` (RFC 5092 §11): which octets of which message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageUrl {
    /// The mailbox, by the name that the URL's user has for it.
    pub mailbox: MailboxName,
    /// `;UIDVALIDITY=`: the UID means nothing under another.
    pub uid_validity: Option<u32>,
    /// `;UID=`.
    pub uid: u32,
    /// `;SECTION=`; the whole message when absent.
    pub section: Section,
    /// `;PARTIAL=`.
    pub partial: Option<Partial>,
}

impl MessageUrl {
    /// Reads `iabsolute-path = "/" imessagepart` (RFC 5092 §7.2): a message of this server.
    ///
    /// # Errors
    /// [`NotAMessageUrl`] for anything else: other servers, other forms of relative URLs, mailboxes, searches.
    pub fn parse(text: &str) -> Result<Self, NotAMessageUrl> {
        let mut r = Reader::new(text);
        let message = message(&mut r)?;
        if r.is_empty() { Ok(message) } else { Err(NotAMessageUrl) }
    }
}

/// `access = ("submit+" enc-user) / ("user+" enc-user) / "authuser" / "anonymous"` (RFC 4467 §9): who may fetch it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// A submission server that acts for this user.
    Submit(String),
    /// This user.
    User(String),
    /// Whoever has logged in.
    AuthenticatedUser,
    /// Anybody.
    Anonymous,
}

/// `iua-verifier = ":" uauth-mechanism ":" enc-urlauth` (RFC 5092 §11): the proof that its user has allowed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    /// The mechanism in capitals; there is `INTERNAL`.
    pub mechanism: String,
    /// The token, 16 octets or more.
    pub token: Vec<u8>,
}

/// `"imap://" iserver "/" imessagepart iurlauth-rump [iua-verifier]`: a URL that lets others see a message (RFC 4467 §3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizedUrl {
    /// Who allows it: the user whose mailboxes it names.
    pub user: String,
    /// The server; a server of many names cannot say whether it is meant, but it knows its tokens.
    pub host: String,
    /// What it shows.
    pub message: MessageUrl,
    /// `;EXPIRE=`: until when.
    pub expires: Option<Timestamp>,
    /// To whom.
    pub access: Access,
    /// The text that the token signs: all up to the verifier.
    pub rump: String,
    /// The proof; GENURLAUTH's arguments have none yet.
    pub verifier: Option<Verifier>,
}

impl AuthorizedUrl {
    /// Reads it.
    ///
    /// # Errors
    /// [`NotAMessageUrl`] for anything else, a URL without `;URLAUTH=` or without a user (RFC 4467 §3) included.
    pub fn parse(text: &str) -> Result<Self, NotAMessageUrl> {
        let mut r = Reader::new(text);
        r.word("imap://").ok_or(NotAMessageUrl)?;
        let user = r.encoded(Reader::is_achar).filter(|user| !user.is_empty()).ok_or(NotAMessageUrl)?;
        if r.word(";AUTH=").is_some() && r.word("*").is_none() {
            r.encoded(Reader::is_achar).filter(|mechanism| !mechanism.is_empty()).ok_or(NotAMessageUrl)?;
        }
        r.word("@").ok_or(NotAMessageUrl)?;
        let host = r.until('/').filter(|host| !host.is_empty()).ok_or(NotAMessageUrl)?.to_owned();
        let message = message(&mut r)?;
        let expires = match r.word(";EXPIRE=") {
            Some(()) => Some(r.date_time().ok_or(NotAMessageUrl)?),
            None => None,
        };
        r.word(";URLAUTH=").ok_or(NotAMessageUrl)?;
        let access = access(&mut r).ok_or(NotAMessageUrl)?;
        let rump = text.get(..text.len() - r.rest().len()).ok_or(NotAMessageUrl)?.to_owned();
        let verifier = if r.is_empty() { None } else { Some(verifier(&mut r).ok_or(NotAMessageUrl)?) };
        Ok(Self { user, host, message, expires, access, rump, verifier })
    }
}

/// From the slash before the mailbox to the end of what is shown.
fn message(r: &mut Reader<'_>) -> Result<MessageUrl, NotAMessageUrl> {
    r.word("/").ok_or(NotAMessageUrl)?;
    let mut mailbox = r.raw(Reader::is_bchar);
    let mut uid_validity = None;
    if r.word(";UIDVALIDITY=").is_some() {
        uid_validity = Some(r.nz_number().ok_or(NotAMessageUrl)?);
        r.word("/").ok_or(NotAMessageUrl)?;
    } else {
        // A slash is a character of the name, and the last one ends it.
        mailbox = mailbox.strip_suffix('/').ok_or(NotAMessageUrl)?;
    }
    let mailbox = reader::decode(mailbox).and_then(|name| MailboxName::new(&name).ok()).ok_or(NotAMessageUrl)?;
    r.word(";UID=").ok_or(NotAMessageUrl)?;
    let uid = r.nz_number().ok_or(NotAMessageUrl)?;
    let (mut section, mut slash) = (Section::default(), false);
    if r.word("/;SECTION=").is_some() {
        let mut text = r.raw(Reader::is_bchar);
        if r.rest().starts_with(';')
            && let Some(before) = text.strip_suffix('/')
        {
            // The slash is of what follows.
            (text, slash) = (before, true);
        }
        section = reader::decode(text).and_then(|text| parse::section_of_url(text.as_bytes())).ok_or(NotAMessageUrl)?;
    } else {
        slash = r.rest().starts_with("/;") && r.word("/").is_some();
    }
    let mut partial = None;
    if slash {
        r.word(";PARTIAL=").ok_or(NotAMessageUrl)?;
        partial = Some(r.partial().ok_or(NotAMessageUrl)?);
    }
    Ok(MessageUrl { mailbox, uid_validity, uid, section, partial })
}

fn access(r: &mut Reader<'_>) -> Option<Access> {
    let user = |r: &mut Reader<'_>| r.encoded(Reader::is_achar).filter(|user| !user.is_empty());
    if r.word("submit+").is_some() {
        user(r).map(Access::Submit)
    } else if r.word("user+").is_some() {
        user(r).map(Access::User)
    } else if r.word("authuser").is_some() {
        Some(Access::AuthenticatedUser)
    } else {
        r.word("anonymous").map(|()| Access::Anonymous)
    }
}

fn verifier(r: &mut Reader<'_>) -> Option<Verifier> {
    r.word(":")?;
    let mechanism = r.raw(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.')).to_ascii_uppercase();
    r.word(":")?;
    // RFC 5092 §11: enc-urlauth = 32*HEXDIG
    let token = reader::hex(r.raw(|b| b.is_ascii_hexdigit())).filter(|token| token.len() >= 16)?;
    (r.is_empty() && !mechanism.is_empty()).then_some(Verifier { mechanism, token })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::types::SectionText;

    #[test]
    fn messages_and_parts() {
        let url = MessageUrl::parse("/Drafts;UIDVALIDITY=385759045/;UID=20/;section=1.2.MIME/;PARTIAL=10.1024").unwrap();
        assert_eq!((url.mailbox.as_str(), url.uid_validity, url.uid), ("Drafts", Some(385_759_045), 20));
        assert_eq!((url.section.part.0, url.section.text), (vec![1, 2], SectionText::Mime));
        assert_eq!(url.partial, Some(Partial { start: 10, length: 1024 }));
        let url = MessageUrl::parse("/Other%20Users/bob@example.org/%E2%82%AC/a/;UID=1/;PARTIAL=7").unwrap();
        assert_eq!(url.mailbox.as_str(), "Other Users/bob@example.org/€/a");
        assert_eq!((url.section, url.partial), (Section::default(), Some(Partial { start: 7, length: u64::MAX })));
        let url = MessageUrl::parse("/inbox/;uid=4294967295/;Section=HEADER.FIELDS%20(From%20To)").unwrap();
        assert!(url.mailbox.is_inbox());
        assert!(matches!(url.section.text, SectionText::HeaderFields { ref names, not: false } if names.len() == 2));
    }

    #[test]
    fn what_is_none() {
        for bad in [
            "",
            "/",
            "/INBOX",
            "/INBOX/",
            ";UID=1",
            "INBOX/;UID=1",
            "//host/INBOX/;UID=1",
            "imap://joe@example.com/INBOX/;UID=1",
            "/INBOX/;UID=0",
            "/INBOX/;UID=4294967296",
            "/INBOX;UID=1",
            "/INBOX;UIDVALIDITY=0/;UID=1",
            "/INBOX/;UID=1/",
            "/INBOX/;UID=1/;SECTION=",
            "/INBOX/;UID=1/;SECTION=MIME",
            "/INBOX/;UID=1/;SECTION=1/",
            "/INBOX/;UID=1/;PARTIAL=",
            "/INBOX/;UID=1/;PARTIAL=1.0",
            "/INBOX/;UID=1;SECTION=1",
            "/INBOX/;UID=1?x",
            "/INBOX%2/;UID=1",
            "/INBOX%00/;UID=1",
            "/P%E4evik/;UID=5",
            "/a//b/;UID=5",
            "/a b/;UID=5",
        ] {
            assert_eq!(MessageUrl::parse(bad), Err(NotAMessageUrl), "{bad}");
        }
    }

    #[test]
    fn authorized_urls() {
        // RFC 4467 §1.1, §7
        let text = "imap://joe@example.com/INBOX/;uid=20/;section=1.2;expire=2006-09-01T12:00:00-05:00;urlauth=submit+fred:internal:91354a473744909de610943775f92038";
        let url = AuthorizedUrl::parse(text).unwrap();
        assert_eq!((url.user.as_str(), url.host.as_str(), url.message.uid), ("joe", "example.com", 20));
        assert_eq!(url.access, Access::Submit("fred".to_owned()));
        assert_eq!(url.expires.map(|at| at.to_string()).as_deref(), Some("2006-09-01T17:00:00Z"));
        assert!(url.rump.ends_with(";urlauth=submit+fred"));
        let verifier = url.verifier.unwrap();
        assert_eq!((verifier.mechanism.as_str(), verifier.token.len(), verifier.token[0]), ("INTERNAL", 16, 0x91));
        let url = AuthorizedUrl::parse("imap://a%40b;AUTH=*@[::1]:143/x/;UID=1;URLAUTH=user+c%40d").unwrap();
        assert_eq!((url.user.as_str(), url.access, url.verifier), ("a@b", Access::User("c@d".to_owned()), None));
        for bad in [
            "imap://example.com/INBOX/;uid=20;urlauth=anonymous",
            "imap://joe@/INBOX/;uid=20;urlauth=anonymous",
            "imap://joe@h/INBOX/;uid=20",
            "imap://joe@h/INBOX/;uid=20;urlauth=everybody",
            "imap://joe@h/INBOX/;uid=20;urlauth=user+",
            "imap://joe@h/INBOX/;uid=20;expire=2006-13-01T12:00:00Z;urlauth=anonymous",
            "imap://joe@h/INBOX/;uid=20;urlauth=anonymous:internal:91354a",
            "imap://joe@h/INBOX/;uid=20;urlauth=anonymous:internal:91354a473744909de610943775f9203",
            "imap://joe@h/INBOX/;uid=20;urlauth=anonymous:internal",
            "/INBOX/;uid=20;urlauth=anonymous",
        ] {
            assert_eq!(AuthorizedUrl::parse(bad), Err(NotAMessageUrl), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "(imap://)?(a@b)?/[a-z%/]{0,5}(;UIDVALIDITY=[0-9]{0,11})?/?;UID=[0-9]{0,11}(/;(SECTION|PARTIAL)=[0-9.A-Z%]{0,9}){0,2}(;EXPIRE=[-0-9TZ:.+]{0,25})?(;URLAUTH=[a-z+:0-9é]{0,40})?") {
            let _ = (MessageUrl::parse(&text), AuthorizedUrl::parse(&text));
        }

        #[test]
        fn any_name_can_be_encoded(name in "[^\\p{C}/\u{2028}\u{2029}]{1,9}(/[^\\p{C}/\u{2028}\u{2029}]{1,9}){0,2}") {
            let encoded: String = name.bytes().map(|b| format!("%{b:02x}")).collect();
            let url = MessageUrl::parse(&format!("/{encoded}/;UID=7"));
            prop_assert_eq!(url.map(|url| url.mailbox), Ok(MailboxName::new(&name).unwrap()));
        }
    }
}
