//! `value; name=value; …` of Content-Type and Content-Disposition (RFC 2045 §5.1, RFC 2183, RFC 2231).
//!
//! Tolerant: values with spaces and no quotes, comments, stray semicolons, quotes that never close.

use std::borrow::Cow;

use super::MAX_PARAMS;

/// A parameter: its name as written and its value with quotes undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param<'m> {
    /// The name; of joined RFC 2231 continuations without their numbers.
    pub name: Cow<'m, [u8]>,
    /// The value, not decoded.
    pub value: Cow<'m, [u8]>,
}

/// A value with parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Valued<'m> {
    /// What stands before the first semicolon.
    pub value: &'m [u8],
    /// The parameters, continuations joined.
    pub params: Vec<Param<'m>>,
}

/// A Content-Type that has a type and a subtype.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentType<'m> {
    /// `text` of text/plain, as written.
    pub media_type: &'m [u8],
    /// `plain` of text/plain, as written.
    pub subtype: &'m [u8],
    /// The parameters.
    pub params: Vec<Param<'m>>,
}

impl ContentType<'_> {
    /// The first parameter of that name, case aside.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&[u8]> {
        self.params.iter().find(|p| p.name.eq_ignore_ascii_case(name.as_bytes())).map(|p| &*p.value)
    }
}

/// Reads a Content-Type; `None` when it is no `type/subtype` (RFC 2045 §5.2: then text/plain is meant).
///
/// `text` is the unfolded field body.
#[must_use]
pub fn parse_content_type(text: &[u8]) -> Option<ContentType<'_>> {
    let Valued { value, params } = parse_valued(text);
    let slash = memchr::memchr(b'/', value)?;
    let (media_type, subtype) = (value.get(..slash)?.trim_ascii(), value.get(slash + 1..)?.trim_ascii());
    if !is_token(media_type) || !is_token(subtype) {
        return None;
    }
    Some(ContentType { media_type, subtype, params })
}

/// Reads a value and its parameters from an unfolded field body.
#[must_use]
pub fn parse_valued(text: &[u8]) -> Valued<'_> {
    let mut at = Cursor { text, at: 0 };
    let value = at.bare(true);
    let mut params = Vec::new();
    while params.len() < MAX_PARAMS && at.skip_semicolon() {
        if let Some(param) = at.param() {
            params.push(param);
        }
    }
    Valued { value, params: join_continuations(params) }
}

fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|b| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(b))
}

struct Cursor<'m> {
    text: &'m [u8],
    at: usize,
}

impl<'m> Cursor<'m> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn slice(&self, from: usize) -> &'m [u8] {
        self.text.get(from..self.at).unwrap_or_default()
    }

    /// To behind the next semicolon; `false` at the end.
    fn skip_semicolon(&mut self) -> bool {
        let rest = self.text.get(self.at..).unwrap_or_default();
        match memchr::memchr(b';', rest) {
            Some(i) => self.at += i + 1,
            None => return false,
        }
        true
    }

    /// Text up to a semicolon or comment (or, `whole` not being set, `=`), without the space around it.
    fn bare(&mut self, whole: bool) -> &'m [u8] {
        let from = self.at;
        while let Some(b) = self.peek() {
            if matches!(b, b';' | b'(') || (!whole && b == b'=') {
                break;
            }
            self.at += 1;
        }
        self.slice(from).trim_ascii()
    }

    fn param(&mut self) -> Option<Param<'m>> {
        let name = self.bare(false);
        if self.peek() != Some(b'=') {
            return None;
        }
        self.at += 1;
        while self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += 1;
        }
        let value = if self.peek() == Some(b'"') { self.quoted() } else { Cow::Borrowed(self.bare(true)) };
        (!name.is_empty()).then_some(Param { name: Cow::Borrowed(name), value })
    }

    /// A quoted string, at its first quote. A backslash counts only before a quote or backslash, for Windows paths.
    fn quoted(&mut self) -> Cow<'m, [u8]> {
        self.at += 1;
        let from = self.at;
        let mut owned: Option<Vec<u8>> = None;
        while let Some(mut b) = self.peek() {
            if b == b'"' {
                break;
            }
            if b == b'\\'
                && let Some(next @ (b'"' | b'\\')) = self.text.get(self.at + 1).copied()
            {
                owned.get_or_insert_with(|| self.slice(from).to_vec());
                self.at += 1;
                b = next;
            }
            if let Some(owned) = &mut owned {
                owned.push(b);
            }
            self.at += 1;
        }
        let plain = self.slice(from);
        self.at += 1;
        owned.map_or(Cow::Borrowed(plain), Cow::Owned)
    }
}

/// A parameter name's parts (RFC 2231 §3, §4.1): `name*1*` is `name`, section 1, extended.
fn split_name(name: &[u8]) -> Option<(&[u8], u32, bool)> {
    let (name, extended) = name.strip_suffix(b"*").map_or((name, false), |n| (n, true));
    let star = memchr::memrchr(b'*', name)?;
    let digits = name.get(star + 1..)?;
    if digits.is_empty() || digits.len() > 4 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let section = digits.iter().fold(0, |n, d| n * 10 + u32::from(d - b'0'));
    Some((name.get(..star)?, section, extended))
}

/// Joins `name*0`, `name*1`, … (RFC 2231 §6: IMAP servers do). Sections after a gap are dropped.
fn join_continuations(params: Vec<Param<'_>>) -> Vec<Param<'_>> {
    if !params.iter().any(|p| split_name(&p.name).is_some()) {
        return params;
    }
    let sections: Vec<Option<(&[u8], u32, bool)>> = params.iter().map(|p| split_name(&p.name)).collect();
    let mut joined: Vec<Param<'_>> = Vec::with_capacity(params.len());
    for (param, section) in params.iter().zip(&sections) {
        match section {
            None => joined.push(param.clone()),
            Some((base, 0, _)) => joined.push(join_one(base, &params, &sections)),
            Some(_) => {}
        }
    }
    joined
}

fn join_one<'m>(base: &[u8], params: &[Param<'m>], sections: &[Option<(&[u8], u32, bool)>]) -> Param<'m> {
    let mut pieces: Vec<(u32, bool, &[u8])> = Vec::new();
    for (param, section) in params.iter().zip(sections) {
        if let Some((name, n, extended)) = section
            && name.eq_ignore_ascii_case(base)
        {
            pieces.push((*n, *extended, &param.value));
        }
    }
    pieces.sort_by_key(|(n, ..)| *n);
    pieces.dedup_by_key(|(n, ..)| *n);
    let unbroken = pieces.iter().enumerate().take_while(|(i, (n, ..))| *i == *n as usize).count();
    pieces.truncate(unbroken);
    let extended = pieces.iter().any(|(_, extended, _)| *extended);
    let mut value = Vec::new();
    if extended && pieces.first().is_some_and(|(_, first_extended, _)| !first_extended) {
        value.extend_from_slice(b"''");
    }
    for (_, piece_extended, piece) in pieces {
        if extended && !piece_extended {
            percent_encode(&mut value, piece);
        } else {
            value.extend_from_slice(piece);
        }
    }
    let mut name = base.to_vec();
    if extended {
        name.push(b'*');
    }
    Param { name: Cow::Owned(name), value: Cow::Owned(value) }
}

/// Writes what is no `attribute-char` (RFC 2231 §7) as `%XX`.
fn percent_encode(out: &mut Vec<u8>, text: &[u8]) {
    for &b in text {
        if b.is_ascii_graphic() && !b"*'%()<>@,;:\\\"/[]?=".contains(&b) {
            out.push(b);
        } else {
            out.extend_from_slice(format!("%{b:02X}").as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(field: &str) -> Vec<(String, String)> {
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        parse_valued(field.as_bytes()).params.iter().map(|p| (text(&p.name), text(&p.value))).collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn quotes_comments_and_spaces() {
        let ct = parse_content_type(br#"text/plain (words); charset = "us-ascii" (c); format=flowed;; Name=a b.txt; x="q\"\\z""#).unwrap();
        assert_eq!((ct.media_type, ct.subtype), (&b"text"[..], &b"plain"[..]));
        assert_eq!(ct.param("CHARSET"), Some(&b"us-ascii"[..]));
        assert_eq!(ct.param("format"), Some(&b"flowed"[..]));
        assert_eq!(ct.param("name"), Some(&b"a b.txt"[..]));
        assert_eq!(ct.param("x"), Some(&br#"q"\z"#[..]));
        assert_eq!(params(r#"a; n="C:\dir\f.txt"#), [pair("n", r"C:\dir\f.txt")]);
        assert_eq!(params(r#"a; n="semi;colon"; m=1"#), [pair("n", "semi;colon"), pair("m", "1")]);
    }

    #[test]
    fn no_type_is_none() {
        for text in ["", "text", "/plain", "text/", "text plain/x", "te(x)t/plain"] {
            assert_eq!(parse_content_type(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn continuations_of_rfc_2231_section_3_and_4_are_joined() {
        assert_eq!(
            params(r#"message/external-body; access-type=URL; URL*0="ftp://"; URL*1="cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar""#),
            [pair("access-type", "URL"), pair("URL", "ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar")]
        );
        assert_eq!(
            params(
                r#"application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2="isn't it!""#
            ),
            [pair("title*", "us-ascii'en'This%20is%20even%20more%20%2A%2A%2Afun%2A%2A%2A%20isn%27t%20it!")]
        );
        assert_eq!(params("a; n*1=b; n*0=a; n*3=d"), [pair("n", "ab")]);
        assert_eq!(params("a; title*=us-ascii'en-us'x%20y"), [pair("title*", "us-ascii'en-us'x%20y")]);
    }

    #[test]
    fn many_parameters_are_cut_off() {
        let many = "; a*0=1".repeat(100_000);
        assert!(parse_valued(many.as_bytes()).params.len() <= MAX_PARAMS);
    }
}
