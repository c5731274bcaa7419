//! The small words of the grammar: spaces, atoms, strings, literals, numbers.

use std::borrow::Cow;

use postern_message::charset::Charset;

use super::ParseError;
use crate::{
    types::{Dialect, MailboxName, Tag},
    utf7,
};

/// A place in a command. Each method takes what it names from the front or leaves everything and fails.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parser<'a> {
    rest: &'a [u8],
    dialect: Dialect,
    /// In which the texts of a search are written.
    charset: Charset,
}

type Parsed<T> = Result<T, ParseError>;

impl<'a> Parser<'a> {
    pub(crate) const fn new(frame: &'a [u8], dialect: Dialect) -> Self {
        Self { rest: frame, dialect, charset: Charset::UTF_8 }
    }

    pub(super) const fn charset(&self) -> Charset {
        self.charset
    }

    /// From here on, texts to find are of this charset.
    pub(super) const fn set_charset(&mut self, charset: Charset) {
        self.charset = charset;
    }

    pub(super) const fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(super) fn at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// The end of the command.
    pub(super) fn end(&self) -> Parsed<()> {
        if self.at_end() { Ok(()) } else { Err(ParseError::Syntax("Something follows the command")) }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Takes `byte` when it is next.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        if is_next {
            self.advance(1);
        }
        is_next
    }

    pub(super) fn expect(&mut self, byte: u8, else_say: &'static str) -> Parsed<()> {
        if self.take(byte) { Ok(()) } else { Err(ParseError::Syntax(else_say)) }
    }

    /// `SP`: exactly one.
    pub(super) fn space(&mut self) -> Parsed<()> {
        self.expect(b' ', "Expected a space")
    }

    /// Takes `word` when it is next, whatever its case, and ends there.
    pub(super) fn keyword(&mut self, word: &str) -> bool {
        let matches = self.rest.get(..word.len()).is_some_and(|next| next.eq_ignore_ascii_case(word.as_bytes()));
        let ends = !self.rest.get(word.len()).is_some_and(|&b| is_atom_char(b) && b != b'[');
        if matches && ends {
            self.advance(word.len());
        }
        matches && ends
    }

    pub(super) fn tag(&mut self) -> Parsed<Tag> {
        let bytes = self.take_while(|b| b != b'+' && is_astring_char(b));
        Tag::new(bytes).map_err(|_| ParseError::Syntax("Expected a tag"))
    }

    /// A command's name in capitals.
    pub(super) fn command_name(&mut self) -> Parsed<String> {
        self.upper_atom("Expected a command")
    }

    /// `atom`, in capitals.
    pub(super) fn upper_atom(&mut self, else_say: &'static str) -> Parsed<String> {
        let atom = self.atom(else_say)?;
        Ok(String::from_utf8_lossy(atom).to_ascii_uppercase())
    }

    /// `atom = 1*ATOM-CHAR`.
    pub(super) fn atom(&mut self, else_say: &'static str) -> Parsed<&'a [u8]> {
        let atom = self.take_while(is_atom_char);
        if atom.is_empty() { Err(ParseError::Syntax(else_say)) } else { Ok(atom) }
    }

    /// The name of a FETCH or STATUS item: letters, digits, dots. In capitals.
    pub(super) fn item_name(&mut self) -> String {
        let name = self.take_while(|b| b.is_ascii_alphanumeric() || b == b'.');
        String::from_utf8_lossy(name).to_ascii_uppercase()
    }

    /// `astring = 1*ASTRING-CHAR / string`.
    pub(super) fn astring(&mut self) -> Parsed<Cow<'a, [u8]>> {
        match self.peek() {
            Some(b'"' | b'{') => self.string(),
            _ => match self.take_while(is_astring_char) {
                [] => Err(ParseError::Syntax("Expected a string")),
                atom => Ok(Cow::Borrowed(atom)),
            },
        }
    }

    /// [`Parser::astring`] that must be UTF-8.
    pub(super) fn text(&mut self) -> Parsed<String> {
        utf8(self.astring()?)
    }

    /// `astring` in the charset of the search (RFC 3501 §6.4.4).
    pub(super) fn search_text(&mut self) -> Parsed<String> {
        let octets = self.astring()?;
        self.charset.read(&octets).ok_or(ParseError::Syntax("The text to find is not of its charset"))
    }

    /// `string = quoted / literal`.
    pub(super) fn string(&mut self) -> Parsed<Cow<'a, [u8]>> {
        match self.peek() {
            Some(b'"') => self.quoted(),
            Some(b'{') => self.literal().map(Cow::Borrowed),
            _ => Err(ParseError::Syntax("Expected a string")),
        }
    }

    /// `nstring = string / nil`.
    pub(super) fn nstring(&mut self) -> Parsed<Option<Cow<'a, [u8]>>> {
        if self.keyword("NIL") { Ok(None) } else { self.string().map(Some) }
    }

    /// `nstring / literal8` (RFC 5464 §5): octets of any kind, or NIL.
    pub(super) fn octets(&mut self) -> Parsed<Option<Vec<u8>>> {
        let mut ahead = *self;
        if ahead.take(b'~') {
            let bytes = ahead.any_literal()?.to_vec();
            *self = ahead;
            return Ok(Some(bytes));
        }
        Ok(self.nstring()?.map(Cow::into_owned))
    }

    /// `list-mailbox = 1*list-char / string`: an astring that may hold wildcards.
    pub(super) fn list_mailbox(&mut self) -> Parsed<String> {
        let bytes = match self.peek() {
            Some(b'"' | b'{') => self.string()?,
            _ => match self.take_while(|b| is_astring_char(b) || matches!(b, b'*' | b'%')) {
                [] => return Err(ParseError::Syntax("Expected a mailbox pattern")),
                pattern => Cow::Borrowed(pattern),
            },
        };
        if bytes.len() > MailboxName::MAX {
            return Err(ParseError::Syntax("Pattern too long"));
        }
        self.decode_name(&bytes)
    }

    /// `mailbox = "INBOX" / astring`, in the wire's encoding of names.
    pub(super) fn mailbox(&mut self) -> Parsed<MailboxName> {
        let bytes = self.astring()?;
        let name = self.decode_name(&bytes)?;
        MailboxName::new(&name)
            .map_err(|_| ParseError::Cannot("A mailbox name has 1 to 1000 bytes, no control characters and no empty level"))
    }

    /// `mailbox` to be made: rev1 lets it end in the delimiter (RFC 3501 §6.3.3).
    pub(super) fn new_mailbox(&mut self) -> Parsed<MailboxName> {
        let bytes = self.astring()?;
        let name = self.decode_name(&bytes)?;
        let name = name.strip_suffix('/').unwrap_or(&name);
        MailboxName::new(name)
            .ok()
            .filter(MailboxName::may_be_created)
            .ok_or(ParseError::Cannot("A new mailbox name has 1 to 1000 bytes, no control characters, no empty level, and neither * nor %"))
    }

    fn decode_name(&self, bytes: &[u8]) -> Parsed<String> {
        let utf8 = || std::str::from_utf8(bytes).ok().map(str::to_owned);
        if self.dialect.utf8 {
            utf8().ok_or(ParseError::Cannot("A mailbox name is UTF-8"))
        } else if bytes.is_ascii() {
            utf7::decode(bytes).ok_or(ParseError::Cannot("A mailbox name is modified UTF-7 here"))
        } else {
            // Raw UTF-8 from rev1 clients is no UTF-7 and can mean only itself, so it is taken.
            utf8().ok_or(ParseError::Cannot("A mailbox name is modified UTF-7 here"))
        }
    }

    /// `number64`, at most 2^63 − 1.
    pub(super) fn number(&mut self) -> Parsed<u64> {
        let digits = self.take_while(|b| b.is_ascii_digit());
        decimal(digits).ok_or(ParseError::Syntax("Expected a number"))
    }

    /// `nz-number`: 1 to 2^32 − 1.
    pub(super) fn nz_number(&mut self) -> Parsed<u32> {
        let n = self.number()?;
        u32::try_from(n).ok().filter(|&n| n > 0).ok_or(ParseError::Syntax("Expected a number from 1 to 4294967295"))
    }

    /// Whether all that is left is the header of a literal, whose octets are not here.
    pub(super) fn is_literal_header(&self) -> bool {
        let mut ahead = *self;
        let begins = ahead.take(b'{') && ahead.number().is_ok();
        ahead.take(b'+');
        begins && ahead.take(b'}') && ahead.at_end()
    }

    /// Exactly `n` digits, as a number.
    pub(super) fn digits(&mut self, n: usize) -> Option<u16> {
        let digits = self.rest.get(..n).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
        self.advance(n);
        decimal(digits).and_then(|n| u16::try_from(n).ok())
    }

    /// `literal`, which holds no NUL: that is for `literal8`.
    fn literal(&mut self) -> Parsed<&'a [u8]> {
        let mut ahead = *self;
        let bytes = ahead.any_literal()?;
        if memchr::memchr(0, bytes).is_some() {
            return Err(ParseError::Syntax("NUL in a literal"));
        }
        *self = ahead;
        Ok(bytes)
    }

    /// `"{" number64 ["+"] "}" CRLF *OCTET`; the frame holds it whole.
    fn any_literal(&mut self) -> Parsed<&'a [u8]> {
        const BROKEN: ParseError = ParseError::Syntax("Expected a literal");
        let mut p = *self;
        p.expect(b'{', "Expected a literal")?;
        let size = p.number()?;
        p.take(b'+');
        p.expect(b'}', "Expected a literal")?;
        p.take(b'\r');
        p.expect(b'\n', "Expected a literal")?;
        let size = usize::try_from(size).map_err(|_| BROKEN)?;
        let bytes = p.rest.get(..size).ok_or(BROKEN)?;
        p.advance(size);
        *self = p;
        Ok(bytes)
    }

    /// `quoted = DQUOTE *QUOTED-CHAR DQUOTE`; UTF-8 is taken at all times (RFC 9051 §4.3).
    fn quoted(&mut self) -> Parsed<Cow<'a, [u8]>> {
        const OPEN: ParseError = ParseError::Syntax("A quoted string does not end");
        let inside = self.rest.get(1..).ok_or(OPEN)?;
        let mut owned: Option<Vec<u8>> = None;
        let mut from = 0;
        loop {
            let tail = inside.get(from..).ok_or(OPEN)?;
            let at = from + memchr::memchr2(b'"', b'\\', tail).ok_or(OPEN)?;
            let run = inside.get(from..at).unwrap_or_default();
            if run.iter().any(|b| matches!(b, 0 | b'\r' | b'\n')) {
                return Err(OPEN);
            }
            if inside.get(at) == Some(&b'"') {
                self.advance(at + 2);
                return Ok(match owned {
                    None => Cow::Borrowed(run),
                    Some(mut bytes) => {
                        bytes.extend_from_slice(run);
                        Cow::Owned(bytes)
                    }
                });
            }
            // RFC 9051 §9: only quoted-specials, " and \, may be escaped.
            let escaped = inside.get(at + 1).copied().filter(|b| matches!(b, b'"' | b'\\'));
            let bytes = owned.get_or_insert_default();
            bytes.extend_from_slice(run);
            bytes.push(escaped.ok_or(ParseError::Syntax("Only \" and \\ may be escaped"))?);
            from = at + 2;
        }
    }

    pub(super) fn take_while(&mut self, mut accept: impl FnMut(u8) -> bool) -> &'a [u8] {
        let n = self.rest.iter().position(|&b| !accept(b)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(n).unwrap_or_default();
        self.rest = rest;
        taken
    }

    fn advance(&mut self, n: usize) {
        self.rest = self.rest.get(n..).unwrap_or_default();
    }
}

/// Owned UTF-8.
pub(super) fn utf8(bytes: Cow<'_, [u8]>) -> Parsed<String> {
    String::from_utf8(bytes.into_owned()).map_err(|_| ParseError::Syntax("Expected UTF-8"))
}

/// `ATOM-CHAR`: printable ASCII but `( ) { SP % * " \ ]` (RFC 9051 §9).
pub(crate) const fn is_atom_char(b: u8) -> bool {
    matches!(b, 0x21..=0x7e) && !matches!(b, b'(' | b')' | b'{' | b'%' | b'*' | b'"' | b'\\' | b']')
}

/// `ASTRING-CHAR = ATOM-CHAR / "]"` (RFC 9051 §9).
pub(crate) const fn is_astring_char(b: u8) -> bool {
    is_atom_char(b) || b == b']'
}

fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits
        .iter()
        .try_fold(0u64, |n, &d| n.checked_mul(10)?.checked_add(u64::from(d.wrapping_sub(b'0'))))
        .filter(|&n| i64::try_from(n).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parser(bytes: &[u8]) -> Parser<'_> {
        Parser::new(bytes, Dialect::REV1)
    }

    #[test]
    fn strings_in_every_form() {
        for (wire, value) in [
            (&b"atom"[..], &b"atom"[..]),
            (b"a]b", b"a]b"),
            (b"\"q \\\" \\\\ \"", b"q \" \\ "),
            (b"\"\"", b""),
            (b"{3}\r\na\r\n", b"a\r\n"),
            (b"{3+}\r\nabc", b"abc"),
            (b"\"\xc3\xa4\"", b"\xc3\xa4"),
        ] {
            let mut p = parser(wire);
            assert_eq!(p.astring().as_deref(), Ok(value));
            assert!(p.at_end());
        }
        for bad in
            [&b""[..], b"\"open", b"\"\\n\"", b"\"\r\"", b"{4}\r\nabc", b"{1}\r\n\0", b"{x}\r\n", b"(", b"{99999999999999999999}\r\n"]
        {
            assert!(parser(bad).astring().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_are_utf7_until_utf8_is_enabled() {
        assert_eq!(parser(b"&AOQ-").mailbox().unwrap().as_str(), "ä");
        assert_eq!(parser("\"ä\"".as_bytes()).mailbox().unwrap().as_str(), "ä");
        assert_eq!(Parser::new(b"&AOQ-", Dialect::REV2).mailbox().unwrap().as_str(), "&AOQ-");
        assert!(matches!(parser(b"R&D").mailbox(), Err(ParseError::Cannot(_))));
        assert!(matches!(parser(b"\"\xff\"").mailbox(), Err(ParseError::Cannot(_))));
    }
}
