//! Status responses, and the short untagged ones.

use postern_message::charset::Charset;

use super::text::{nstring, number, set, string};
use crate::types::{Code, Condition, Dialect, Extension, Flags, Keyword, Reply, SystemFlags, Tag, UidSet};

/// `tag SP resp-cond-state CRLF`
pub fn tagged(out: &mut Vec<u8>, tag: &Tag, reply: &Reply) {
    out.extend_from_slice(tag.as_str().as_bytes());
    condition(out, reply);
}

/// `"*" SP resp-cond-state CRLF`
pub fn untagged(out: &mut Vec<u8>, reply: &Reply) {
    out.push(b'*');
    condition(out, reply);
}

/// `"+" SP text CRLF`: more is wanted of the client.
pub fn continuation(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(b"+ ");
    resp_text(out, text);
}

/// `"*" SP "CAPABILITY" SP list CRLF`
pub fn capability(out: &mut Vec<u8>, list: &str) {
    out.extend_from_slice(b"* CAPABILITY ");
    resp_text(out, list);
}

/// `"*" SP "ENABLED" *(SP capability) CRLF`
pub fn enabled(out: &mut Vec<u8>, extensions: &[Extension]) {
    out.extend_from_slice(b"* ENABLED");
    for (extension, name) in Extension::NAMES {
        if extensions.contains(extension) {
            out.push(b' ');
            out.extend_from_slice(name.as_bytes());
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// `"*" SP number SP "EXISTS" CRLF`
pub fn exists(out: &mut Vec<u8>, count: u32) {
    numbered(out, count, b" EXISTS\r\n");
}

/// `"*" SP "0" SP "RECENT" CRLF`, which clients of rev1 wait for (RFC 3501 §7.3.2): nothing is ever recent here.
pub fn recent(out: &mut Vec<u8>) {
    numbered(out, 0, b" RECENT\r\n");
}

/// `"*" SP nz-number SP "EXPUNGE" CRLF`
pub fn expunge(out: &mut Vec<u8>, sequence: u32) {
    numbered(out, sequence, b" EXPUNGE\r\n");
}

/// `"*" SP "FLAGS" SP flag-list CRLF`: what the mailbox has.
pub fn flags(out: &mut Vec<u8>, flags: &Flags) {
    out.extend_from_slice(b"* FLAGS (");
    flag_list(out, flags.system, flags.keywords.iter().map(Keyword::as_str));
    out.extend_from_slice(b")\r\n");
}

/// `"*" SP "ID" SP id-params-list CRLF` (RFC 2971)
pub fn id(out: &mut Vec<u8>, pairs: &[(&str, &str)]) {
    if pairs.is_empty() {
        return out.extend_from_slice(b"* ID NIL\r\n");
    }
    out.extend_from_slice(b"* ID (");
    for (i, (name, value)) in pairs.iter().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        string(out, name.as_bytes(), Dialect::REV1);
        out.push(b' ');
        string(out, value.as_bytes(), Dialect::REV1);
    }
    out.extend_from_slice(b")\r\n");
}

/// Flags with spaces between, without parentheses.
pub(super) fn flag_list<'k>(out: &mut Vec<u8>, system: SystemFlags, keywords: impl IntoIterator<Item = &'k str>) {
    let from = out.len();
    for (flag, name) in SystemFlags::NAMES {
        if system.contains(flag) {
            out.extend_from_slice(name.as_bytes());
            out.push(b' ');
        }
    }
    for keyword in keywords {
        out.extend_from_slice(keyword.as_bytes());
        out.push(b' ');
    }
    if out.len() > from {
        out.pop();
    }
}

fn numbered(out: &mut Vec<u8>, n: u32, rest: &[u8]) {
    out.extend_from_slice(b"* ");
    number(out, u64::from(n));
    out.extend_from_slice(rest);
}

/// `SP ("OK" / "NO" / "BAD" / "BYE") SP resp-text CRLF`
fn condition(out: &mut Vec<u8>, reply: &Reply) {
    out.push(b' ');
    out.extend_from_slice(Condition::name(reply.condition).as_bytes());
    out.push(b' ');
    if let Some(code) = &reply.code {
        out.push(b'[');
        resp_text_code(out, code);
        out.extend_from_slice(b"] ");
    }
    // RFC 9051 §9: resp-text may not be empty in rev1 and should not be in rev2.
    resp_text(out, if reply.text.is_empty() { "." } else { &reply.text });
}

/// Text that cannot end its line, and the line's end.
fn resp_text(out: &mut Vec<u8>, text: &str) {
    out.extend(text.bytes().map(|b| if matches!(b, 0 | b'\r' | b'\n') { b'?' } else { b }));
    out.extend_from_slice(b"\r\n");
}

/// `resp-text-code`
fn resp_text_code(out: &mut Vec<u8>, code: &Code) {
    match code {
        Code::AppendUid { validity, uids } => {
            word_and_number(out, b"APPENDUID ", *validity);
            out.push(b' ');
            set(out, uids);
        }
        Code::CopyUid { validity, from, to } => copy_uid(out, *validity, from, to),
        Code::Capability(list) => {
            out.extend_from_slice(b"CAPABILITY ");
            out.extend_from_slice(list.as_bytes());
        }
        Code::PermanentFlags { flags, new_keywords } => {
            out.extend_from_slice(b"PERMANENTFLAGS (");
            let any = new_keywords.then_some("\\*");
            flag_list(out, flags.system, flags.keywords.iter().map(Keyword::as_str).chain(any));
            out.push(b')');
        }
        Code::HighestModSeq(n) => {
            out.extend_from_slice(b"HIGHESTMODSEQ ");
            number(out, *n);
        }
        Code::MailboxId(id) => {
            out.extend_from_slice(b"MAILBOXID (");
            out.extend_from_slice(id.as_str().as_bytes());
            out.push(b')');
        }
        Code::Modified(messages) => {
            out.extend_from_slice(b"MODIFIED ");
            set(out, messages);
        }
        Code::MessageLimit { limit, lowest } => {
            word_and_number(out, b"MESSAGELIMIT ", *limit);
            if let Some(lowest) = lowest {
                word_and_number(out, b" ", *lowest);
            }
        }
        Code::MetadataLongEntries(n) => {
            out.extend_from_slice(b"METADATA LONGENTRIES ");
            number(out, *n);
        }
        Code::MetadataMaxSize(n) => {
            out.extend_from_slice(b"METADATA MAXSIZE ");
            number(out, *n);
        }
        Code::InProgress { tag, done } => {
            out.extend_from_slice(b"INPROGRESS (");
            nstring(out, tag.as_ref().map(|tag| tag.as_str().as_bytes()), Dialect::REV1);
            match done {
                None => out.extend_from_slice(b" NIL NIL)"),
                Some((done, goal)) => {
                    out.push(b' ');
                    number(out, *done);
                    out.push(b' ');
                    number(out, *goal);
                    out.push(b')');
                }
            }
        }
        Code::BadUrl(url) => {
            out.extend_from_slice(b"BADURL ");
            url_resp_text(out, url);
        }
        Code::BadCharset => {
            out.extend_from_slice(b"BADCHARSET (");
            out.extend_from_slice(Charset::NAMES.join(" ").as_bytes());
            out.push(b')');
        }
        Code::NoUpdate(tag) => {
            out.extend_from_slice(b"NOUPDATE ");
            string(out, tag.as_str().as_bytes(), Dialect::REV1);
        }
        Code::UndefinedFilter(name) => {
            out.extend_from_slice(b"UNDEFINED-FILTER ");
            out.extend_from_slice(name.as_str().as_bytes());
        }
        Code::UidNext(n) => word_and_number(out, b"UIDNEXT ", *n),
        Code::UidValidity(n) => word_and_number(out, b"UIDVALIDITY ", *n),
        Code::Unseen(n) => word_and_number(out, b"UNSEEN ", *n),
        other => out.extend_from_slice(word(other).as_bytes()),
    }
}

/// `url-resp-text` (RFC 4469 §5): what cannot stand in a response code is written as URLs write it.
fn url_resp_text(out: &mut Vec<u8>, url: &str) {
    for b in url.bytes() {
        if matches!(b, 0x21..=0x7e) && !matches!(b, b']' | b'\\' | b'"') {
            out.push(b);
        } else {
            out.push(b'%');
            out.extend([b >> 4, b & 0xf].map(|digit| char::from_digit(digit.into(), 16).map_or(b'0', |c| c.to_ascii_uppercase() as u8)));
        }
    }
}

fn copy_uid(out: &mut Vec<u8>, validity: u32, from: &UidSet, to: &UidSet) {
    word_and_number(out, b"COPYUID ", validity);
    out.push(b' ');
    set(out, from);
    out.push(b' ');
    set(out, to);
}

fn word_and_number(out: &mut Vec<u8>, word: &[u8], n: u32) {
    out.extend_from_slice(word);
    number(out, u64::from(n));
}

/// The codes that are one word.
const fn word(code: &Code) -> &'static str {
    match code {
        Code::Alert => "ALERT",
        Code::AlreadyExists => "ALREADYEXISTS",
        Code::AuthenticationFailed => "AUTHENTICATIONFAILED",
        Code::AuthorizationFailed => "AUTHORIZATIONFAILED",
        Code::BadEvent => "BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange)",
        Code::Cannot => "CANNOT",
        Code::ClientBug => "CLIENTBUG",
        Code::Closed => "CLOSED",
        Code::ContactAdmin => "CONTACTADMIN",
        Code::Corruption => "CORRUPTION",
        Code::Expired => "EXPIRED",
        Code::ExpungeIssued => "EXPUNGEISSUED",
        Code::HasChildren => "HASCHILDREN",
        Code::InUse => "INUSE",
        Code::Limit => "LIMIT",
        Code::MetadataTooMany => "METADATA TOOMANY",
        Code::NonExistent => "NONEXISTENT",
        Code::NoPerm => "NOPERM",
        Code::NotificationOverflow => "NOTIFICATIONOVERFLOW",
        Code::NotSaved => "NOTSAVED",
        Code::OverQuota => "OVERQUOTA",
        Code::Parse => "PARSE",
        Code::PrivacyRequired => "PRIVACYREQUIRED",
        Code::ReadOnly => "READ-ONLY",
        Code::ReadWrite => "READ-WRITE",
        Code::ServerBug => "SERVERBUG",
        Code::TooBig => "TOOBIG",
        Code::TryCreate => "TRYCREATE",
        Code::UidNotSticky => "UIDNOTSTICKY",
        Code::UidRequired => "UIDREQUIRED",
        Code::Unavailable => "UNAVAILABLE",
        Code::CompressionActive => "COMPRESSIONACTIVE",
        Code::UnknownCte => "UNKNOWN-CTE",
        Code::UrlMech => "URLMECH INTERNAL",
        Code::UseAttr => "USEATTR",
        // Those with arguments are written above.
        Code::AppendUid { .. }
        | Code::BadUrl(_)
        | Code::BadCharset
        | Code::InProgress { .. }
        | Code::CopyUid { .. }
        | Code::Capability(_)
        | Code::HighestModSeq(_)
        | Code::MailboxId(_)
        | Code::MessageLimit { .. }
        | Code::Modified(_)
        | Code::MetadataLongEntries(_)
        | Code::MetadataMaxSize(_)
        | Code::NoUpdate(_)
        | Code::PermanentFlags { .. }
        | Code::UidNext(_)
        | Code::UidValidity(_)
        | Code::UndefinedFilter(_)
        | Code::Unseen(_) => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::FilterName;

    fn line(reply: &Reply) -> String {
        let mut out = Vec::new();
        tagged(&mut out, &Tag::new(b"A1").unwrap(), reply);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn codes_as_the_rfcs_write_them() {
        let uids = |list: &[u32]| list.iter().copied().collect::<UidSet>();
        let keywords = vec![Keyword::new(b"$Junk").unwrap()];
        for (code, text) in [
            (Code::AppendUid { validity: 38505, uids: uids(&[3955]) }, "[APPENDUID 38505 3955]"),
            (
                Code::CopyUid { validity: 38505, from: uids(&[304, 319, 320]), to: uids(&[3956, 3957, 3958]) },
                "[COPYUID 38505 304,319:320 3956:3958]",
            ),
            (
                Code::PermanentFlags { flags: Flags { system: SystemFlags::DELETED | SystemFlags::SEEN, keywords }, new_keywords: true },
                "[PERMANENTFLAGS (\\Seen \\Deleted $Junk \\*)]",
            ),
            (Code::PermanentFlags { flags: Flags::default(), new_keywords: false }, "[PERMANENTFLAGS ()]"),
            (Code::UidNext(4392), "[UIDNEXT 4392]"),
            (Code::HighestModSeq(715_194_045_007), "[HIGHESTMODSEQ 715194045007]"),
            (Code::Modified(uids(&[7, 9])), "[MODIFIED 7,9]"),
            (Code::ReadOnly, "[READ-ONLY]"),
            // RFC 9738 §3.1
            (Code::MessageLimit { limit: 1000, lowest: Some(23221) }, "[MESSAGELIMIT 1000 23221]"),
            (Code::MessageLimit { limit: 1000, lowest: None }, "[MESSAGELIMIT 1000]"),
            // RFC 9585 §3.1
            (Code::InProgress { tag: Tag::new(b"A001").ok(), done: Some((454, 1000)) }, "[INPROGRESS (\"A001\" 454 1000)]"),
            (Code::InProgress { tag: Tag::new(b"A001").ok(), done: None }, "[INPROGRESS (\"A001\" NIL NIL)]"),
            (Code::BadUrl("/Drafts;UIDVALIDITY=1/;UID=30".to_owned()), "[BADURL /Drafts;UIDVALIDITY=1/;UID=30]"),
            (Code::BadUrl("/a]\r\nö".to_owned()), "[BADURL /a%5D%0D%0A%C3%B6]"),
            (Code::NoUpdate(Tag::new(b"B02").unwrap()), "[NOUPDATE \"B02\"]"),
            (Code::UndefinedFilter(FilterName::new(b"on-vacation").unwrap()), "[UNDEFINED-FILTER on-vacation]"),
        ] {
            assert_eq!(line(&Reply::ok("done").with(code)), format!("A1 OK {text} done\r\n"));
        }
    }

    #[test]
    fn no_text_can_end_its_line() {
        assert_eq!(line(&Reply::no("a\r\n* BYE forged".to_owned())), "A1 NO a??* BYE forged\r\n");
    }
}
