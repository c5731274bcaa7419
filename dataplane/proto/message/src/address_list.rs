//! Address lists of header fields (RFC 5322 §3.4, §4.4) as IMAP shows them, made of whatever was written.

use std::borrow::Cow;

/// Entries that are read of one list; the rest is left out.
pub const MAX_ENTRIES: usize = 10_000;

/// One entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// `name <@route:local@host>`.
    Mailbox(Mailbox),
    /// `name:` opens a group.
    GroupStart(Vec<u8>),
    /// `;` closes it.
    GroupEnd,
}

/// A mailbox, comments left out, quotes undone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailbox {
    /// The display name, or the comment behind a bare address (`ann@example.org (Ann)`).
    pub name: Option<Vec<u8>>,
    /// The source route of old.
    pub route: Option<Vec<u8>>,
    /// The local part.
    pub local: Vec<u8>,
    /// The domain; empty when there was none.
    pub host: Vec<u8>,
}

impl Mailbox {
    /// As an address that mail can be sent to.
    #[must_use]
    pub fn address(&self) -> Option<postern_core::Address> {
        let domain = postern_core::DomainName::parse(std::str::from_utf8(&self.host).ok()?).ok()?;
        postern_core::Address::new(std::str::from_utf8(&self.local).ok()?, domain).ok()
    }
}

/// Reads an unfolded list, to its end or [`MAX_ENTRIES`], whatever stands in it.
#[must_use]
pub fn parse(text: &[u8]) -> Vec<Entry> {
    let mut parser = Parser { text, at: 0, entries: Vec::new(), current: Pending::default(), in_group: false };
    while parser.entries.len() < MAX_ENTRIES
        && let Some(b) = parser.peek()
    {
        parser.step(b);
    }
    parser.finish();
    if parser.in_group {
        parser.entries.push(Entry::GroupEnd);
    }
    parser.entries
}

/// The mailboxes alone, groups opened up.
#[must_use]
pub fn mailboxes(text: &[u8]) -> Vec<Mailbox> {
    parse(text).into_iter().filter_map(|e| if let Entry::Mailbox(m) = e { Some(m) } else { None }).collect()
}

/// What has been read of an entry.
#[derive(Default)]
struct Pending {
    /// Words before `<` or the end, joined as a phrase is.
    phrase: Vec<u8>,
    /// White space or a comment stood before the next word.
    gap: bool,
    /// Where in `phrase` an unquoted `@` stands.
    phrase_at: Option<usize>,
    angle: Option<Angle>,
    comment: Option<Vec<u8>>,
}

struct Angle {
    route: Option<Vec<u8>>,
    local: Vec<u8>,
    host: Vec<u8>,
}

struct Parser<'t> {
    text: &'t [u8],
    at: usize,
    entries: Vec<Entry>,
    current: Pending,
    in_group: bool,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn step(&mut self, b: u8) {
        match b {
            b',' => {
                self.at += 1;
                self.finish();
            }
            b';' => {
                self.at += 1;
                self.finish();
                if std::mem::take(&mut self.in_group) {
                    self.entries.push(Entry::GroupEnd);
                }
            }
            b':' if !self.in_group && self.current.phrase_at.is_none() && self.current.angle.is_none() => {
                self.at += 1;
                self.in_group = true;
                let name = std::mem::take(&mut self.current).phrase;
                self.entries.push(Entry::GroupStart(name));
            }
            b'(' => {
                let comment = self.comment();
                self.current.comment = Some(comment);
                self.current.gap = true;
            }
            b'<' if self.current.angle.is_none() => self.angle(),
            b' ' | b'\t' | b'\r' | b'\n' | 0 => {
                self.at += 1;
                self.current.gap = true;
            }
            b'"' => {
                let text = self.quoted();
                self.word(&text);
            }
            _ => {
                let word = self.atom();
                if let (None, Some(at)) = (self.current.phrase_at, memchr::memchr(b'@', word)) {
                    // Spaces around `@` are obsolete syntax, not part of the address (RFC 5322 §4.4).
                    let joined = self.current.phrase.len() + usize::from(self.current.gap && !self.current.phrase.is_empty() && at > 0);
                    self.current.phrase_at = Some(joined + at);
                    self.current.gap &= at > 0;
                }
                self.word(word);
            }
        }
    }

    fn word(&mut self, text: &[u8]) {
        let current = &mut self.current;
        let after_at = current.phrase_at.is_some_and(|at| at + 1 == current.phrase.len());
        if current.gap && !current.phrase.is_empty() && !after_at {
            current.phrase.push(b' ');
        }
        current.gap = false;
        current.phrase.extend_from_slice(text);
    }

    /// Text up to what has a meaning of its own. Takes one octet at least.
    fn atom(&mut self) -> &'t [u8] {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let in_group = self.in_group;
        let len = rest
            .iter()
            .skip(1)
            .position(|b| matches!(b, b',' | b';' | b'(' | b'<' | b'"' | b' ' | b'\t' | b'\r' | b'\n' | 0) || (*b == b':' && !in_group))
            .map_or(rest.len(), |n| n + 1);
        self.at += len;
        rest.get(..len).unwrap_or_default()
    }

    /// A comment, at its `(`; nested ones belong to it.
    fn comment(&mut self) -> Vec<u8> {
        let mut depth = 0usize;
        let mut out = Vec::new();
        while let Some(b) = self.peek() {
            self.at += 1;
            match b {
                b'(' => {
                    depth += 1;
                    if depth == 1 {
                        continue;
                    }
                }
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                b'\\' => {
                    out.extend(self.peek());
                    self.at += 1;
                    continue;
                }
                _ => {}
            }
            out.push(b);
        }
        out.trim_ascii().to_vec()
    }

    /// A quoted string, at its first quote.
    fn quoted(&mut self) -> Cow<'t, [u8]> {
        self.at += 1;
        let rest = self.text.get(self.at..).unwrap_or_default();
        match memchr::memchr2(b'"', b'\\', rest) {
            Some(end) if rest.get(end) == Some(&b'"') => {
                self.at += end + 1;
                return Cow::Borrowed(rest.get(..end).unwrap_or_default());
            }
            _ => {}
        }
        let mut out = Vec::new();
        while let Some(b) = self.peek() {
            self.at += 1;
            match b {
                b'"' => break,
                b'\\' => {
                    out.extend(self.peek());
                    self.at += 1;
                }
                b => out.push(b),
            }
        }
        Cow::Owned(out)
    }

    /// `<…>`, at its `<`.
    fn angle(&mut self) {
        self.at += 1;
        let mut angle = Angle { route: None, local: Vec::new(), host: Vec::new() };
        let mut domain = false;
        while let Some(b) = self.peek() {
            match b {
                b'>' => {
                    self.at += 1;
                    break;
                }
                b'"' if !domain => angle.local.extend_from_slice(&self.quoted()),
                b'(' => drop(self.comment()),
                b' ' | b'\t' | b'\r' | b'\n' | 0 => self.at += 1,
                // `@a,@b:local@host` (RFC 5322 §4.4 obs-route).
                b':' if angle.local.is_empty() && domain && angle.route.is_none() => {
                    self.at += 1;
                    angle.route = Some([b"@", &*std::mem::take(&mut angle.host)].concat());
                    domain = false;
                }
                // The last `@` parts local part and domain, but none of a route's.
                b'@' => {
                    self.at += 1;
                    if domain && !angle.local.is_empty() {
                        angle.local.push(b'@');
                        angle.local.append(&mut angle.host);
                    } else if domain {
                        angle.host.push(b'@');
                    }
                    domain = true;
                }
                b => {
                    self.at += 1;
                    if domain { angle.host.push(b) } else { angle.local.push(b) }
                }
            }
        }
        self.current.angle = Some(angle);
    }

    /// Ends an entry.
    fn finish(&mut self) {
        let Pending { phrase, phrase_at, angle, comment, .. } = std::mem::take(&mut self.current);
        let some = |text: Vec<u8>| if text.is_empty() { None } else { Some(text) };
        let mailbox = match (angle, phrase_at) {
            (Some(a), _) => Mailbox { name: some(phrase).or(comment.and_then(some)), route: a.route, local: a.local, host: a.host },
            (None, _) if phrase.is_empty() => return,
            (None, Some(at)) => {
                let (local, host) = phrase.split_at_checked(at).unwrap_or((&phrase, &[]));
                let host = host.get(1..).unwrap_or_default();
                Mailbox { name: comment.and_then(some), route: None, local: local.to_vec(), host: host.to_vec() }
            }
            (None, None) => Mailbox { name: comment.and_then(some), route: None, local: phrase, host: Vec::new() },
        };
        self.entries.push(Entry::Mailbox(mailbox));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> String {
        let text_of = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        let entries = parse(text.as_bytes()).into_iter().map(|e| match e {
            Entry::GroupStart(name) => format!("[{}", text_of(&name)),
            Entry::GroupEnd => "]".to_owned(),
            Entry::Mailbox(m) => format!(
                "{}|{}|{}|{}",
                m.name.map_or("-".to_owned(), |n| text_of(&n)),
                m.route.map_or("-".to_owned(), |n| text_of(&n)),
                text_of(&m.local),
                text_of(&m.host)
            ),
        });
        entries.collect::<Vec<_>>().join(" ; ")
    }

    #[test]
    fn examples_of_rfc_5322_appendix_a() {
        for (text, entries) in [
            ("John Doe <jdoe@machine.example>", "John Doe|-|jdoe|machine.example"),
            (
                "Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
                "Mary Smith|-|mary|x.test ; -|-|jdoe|example.org ; Who?|-|one|y.test",
            ),
            (
                r#"<boss@nil.test>, "Giant; \"Big\" Box" <sysservices@example.net>"#,
                r#"-|-|boss|nil.test ; Giant; "Big" Box|-|sysservices|example.net"#,
            ),
            (
                "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
                "[A Group ; Ed Jones|-|c|a.test ; -|-|joe|where.test ; John|-|jdoe|one.test ; ]",
            ),
            ("Undisclosed recipients:;", "[Undisclosed recipients ; ]"),
            (r"Pete(A nice \) chap) <pete(his account)@silly.test(his host)>", "Pete|-|pete|silly.test"),
            (
                "A Group(Some people)\r\n :Chris Jones <c@(Chris's host.)public.example>, joe@example.org, John <jdoe@one.test> (my dear friend); (the end of the group)",
                "[A Group ; Chris Jones|-|c|public.example ; -|-|joe|example.org ; John|-|jdoe|one.test ; ]",
            ),
            ("Joe Q. Public <john.q.public@example.com>", "Joe Q. Public|-|john.q.public|example.com"),
            (
                "Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
                "Mary Smith|@node.test|mary|example.net ; -|-|jdoe|test . example",
            ),
        ] {
            assert_eq!(shown(text), entries, "{text}");
        }
    }

    #[test]
    fn what_else_is_written() {
        for (text, entries) in [
            ("", ""),
            ("ann@example.org (Ann A.)", "Ann A.|-|ann|example.org"),
            (r#""a b"@example.org"#, "-|-|a b|example.org"),
            (r#"<"a@b"@example.org>"#, "-|-|a@b|example.org"),
            ("ann @ example.org", "-|-|ann|example.org"),
            ("=?utf-8?q?J=C3=B6rg?= <j@example.org>", "=?utf-8?q?J=C3=B6rg?=|-|j|example.org"),
            ("root", "-|-|root|"),
            ("<>", "-|-||"),
            ("Ann <ann@example.org", "Ann|-|ann|example.org"),
            ("ann@example.org <ann@example.org>", "ann@example.org|-|ann|example.org"),
            ("user:name@example.org", "[user ; -|-|name|example.org ; ]"),
            ("<@a.test,@b.test:c@d.test>", "-|@a.test,@b.test|c|d.test"),
        ] {
            assert_eq!(shown(text), entries, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_fine(text in r#"([<>@,;:()"\\ a.]|\PC){0,60}"#) {
            let entries = parse(text.as_bytes());
            let starts = entries.iter().filter(|e| matches!(e, Entry::GroupStart(_))).count();
            let ends = entries.iter().filter(|e| **e == Entry::GroupEnd).count();
            prop_assert_eq!(starts, ends);
        }
    }
}
