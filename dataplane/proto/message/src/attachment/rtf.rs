//! Rich Text Format (Microsoft's specification 1.9.1): the text between its control words.

use std::collections::HashMap;

use super::said::Said;
use crate::charset;

/// Groups within groups; what is nested deeper is no document.
const DEPTH: usize = 512;
/// Letters of a control word, and digits behind it.
const WORD: usize = 32;
const DIGITS: usize = 10;
/// Fonts whose charset is kept.
const FONTS: usize = 1_024;

/// Adds the text of a document.
pub(super) fn read(file: &[u8], said: &mut Said) {
    if !file.starts_with(b"{\\rtf") {
        return;
    }
    let fonts = Fonts { pages: HashMap::new(), described: 0, default: 0 };
    let mut walk = Walk { said, groups: Vec::new(), octets: Vec::new(), page: 1252, fonts, high: None, skip: 0 };
    let mut rest = file;
    while let Some((first, behind)) = rest.split_first() {
        if walk.said.is_full() || walk.groups.len() > DEPTH {
            break;
        }
        rest = match first {
            b'{' => {
                walk.skip = 0;
                walk.groups.push(walk.group());
                behind
            }
            b'}' => {
                walk.flush();
                walk.skip = 0;
                // What stands behind the document is no part of it.
                if walk.groups.pop().is_none() || walk.groups.is_empty() {
                    break;
                }
                behind
            }
            b'\\' => walk.control(behind),
            b'\r' | b'\n' => behind,
            octet => {
                walk.octet(*octet);
                behind
            }
        };
    }
    walk.flush();
}

/// What holds within a group.
#[derive(Clone, Copy, Default)]
struct Group {
    hidden: bool,
    /// It describes fonts.
    describes: bool,
    font: Option<i32>,
    /// How many characters after `\u` stand for the same in other programs, less one.
    fewer: i32,
}

struct Walk<'s> {
    said: &'s mut Said,
    groups: Vec<Group>,
    /// Octets in the charset of their font that are not text yet.
    octets: Vec<u8>,
    /// The document's code page.
    page: i32,
    fonts: Fonts,
    /// The first half of a character of two.
    high: Option<u16>,
    /// Characters to be passed over.
    skip: usize,
}

/// The fonts of a document that have a charset of their own.
struct Fonts {
    pages: HashMap<i32, i32>,
    /// Which is being described.
    described: i32,
    /// Which is used where none is named.
    default: i32,
}

impl Walk<'_> {
    fn group(&self) -> Group {
        self.groups.last().copied().unwrap_or_default()
    }

    /// Takes what follows a backslash; what is left behind it.
    fn control<'f>(&mut self, rest: &'f [u8]) -> &'f [u8] {
        let letters = rest.iter().take(WORD).take_while(|octet| octet.is_ascii_alphabetic()).count();
        if letters == 0 {
            return self.symbol(rest);
        }
        let (word, rest) = rest.split_at(letters);
        let sign = usize::from(rest.first() == Some(&b'-'));
        let digits = rest.iter().skip(sign).take(DIGITS).take_while(|octet| octet.is_ascii_digit()).count();
        let (number, rest) = if digits == 0 { (&b""[..], rest) } else { rest.split_at(sign + digits) };
        let number = std::str::from_utf8(number).ok().and_then(|number| number.parse::<i32>().ok());
        let rest = rest.strip_prefix(b" ").unwrap_or(rest);
        if word == b"bin" {
            let octets = number.and_then(|number| usize::try_from(number).ok()).unwrap_or(0);
            return rest.get(octets..).unwrap_or_default();
        }
        self.word(word, number);
        rest
    }

    fn symbol<'f>(&mut self, rest: &'f [u8]) -> &'f [u8] {
        let Some((symbol, behind)) = rest.split_first() else { return rest };
        match symbol {
            b'\'' => {
                let octet = behind
                    .first_chunk::<2>()
                    .and_then(|hex| std::str::from_utf8(hex).ok())
                    .and_then(|hex| u8::from_str_radix(hex, 16).ok());
                let Some(octet) = octet else { return behind };
                self.octet(octet);
                return behind.get(2..).unwrap_or_default();
            }
            b'*' => self.hide(),
            b'\\' | b'{' | b'}' => self.octet(*symbol),
            b'~' => self.octet(b' '),
            b'_' => self.octet(b'-'),
            b'\r' | b'\n' => self.char('\n'),
            _ => {}
        }
        behind
    }

    fn word(&mut self, word: &[u8], number: Option<i32>) {
        match word {
            b"par" | b"line" | b"sect" | b"page" | b"row" => self.char('\n'),
            b"tab" | b"cell" | b"nestcell" => self.char('\t'),
            b"emdash" => self.char('—'),
            b"endash" => self.char('–'),
            b"lquote" => self.char('‘'),
            b"rquote" => self.char('’'),
            b"ldblquote" => self.char('“'),
            b"rdblquote" => self.char('”'),
            b"bullet" => self.char('•'),
            b"u" => self.unicode(number.unwrap_or(0)),
            b"uc" => {
                if let Some(group) = self.groups.last_mut() {
                    group.fewer = number.unwrap_or(1).clamp(0, 16) - 1;
                }
            }
            b"ansicpg" => self.page = number.unwrap_or(1252),
            b"mac" => self.page = 10_000,
            b"pc" | b"pca" => self.page = 850,
            b"deff" => self.fonts.default = number.unwrap_or(0),
            b"f" => self.font(number),
            b"plain" => self.font(None),
            b"fcharset" if self.group().describes && self.fonts.pages.len() < FONTS => {
                if let Some(page) = number.and_then(page_of) {
                    self.fonts.pages.insert(self.fonts.described, page);
                }
            }
            // Destinations that no reader sees; those that came later begin with `\*`.
            b"fonttbl" => {
                self.hide();
                if let Some(group) = self.groups.last_mut() {
                    group.describes = true;
                }
            }
            b"colortbl" | b"stylesheet" | b"info" | b"pict" => self.hide(),
            _ => {}
        }
    }

    /// What follows is in another font; in the table of fonts, about one.
    fn font(&mut self, font: Option<i32>) {
        self.flush();
        match self.groups.last_mut() {
            Some(group) if group.describes => self.fonts.described = font.unwrap_or(0),
            Some(group) => group.font = font,
            None => {}
        }
    }

    fn hide(&mut self) {
        self.flush();
        if let Some(group) = self.groups.last_mut() {
            group.hidden = true;
        }
    }

    /// A character in the charset of its font, or a part of one.
    fn octet(&mut self, octet: u8) {
        if self.skip > 0 {
            self.skip -= 1;
        } else if !self.group().hidden {
            self.octets.push(octet);
        }
    }

    fn char(&mut self, c: char) {
        self.flush();
        if !self.group().hidden {
            self.said.push_char(c);
        }
    }

    /// `\uN`: a unit of UTF-16, as a number with a sign.
    fn unicode(&mut self, number: i32) {
        self.skip = usize::try_from(self.group().fewer + 1).unwrap_or(0);
        // The cast is how it is written.
        let unit = number as u16;
        match (self.high.take(), unit) {
            (_, 0xd800..=0xdbff) => self.high = Some(unit),
            (high, _) => {
                let units = high.into_iter().chain([unit]);
                char::decode_utf16(units).flatten().for_each(|c| self.char(c));
            }
        }
    }

    fn flush(&mut self) {
        if !self.octets.is_empty() {
            let font = self.group().font.unwrap_or(self.fonts.default);
            let page = self.fonts.pages.get(&font).copied().unwrap_or(self.page);
            self.said.push(&charset::decode(charset_of(page).as_bytes(), &self.octets));
            self.octets.clear();
        }
    }
}

/// The code page of a font's charset; `None` where it is the document's, or none of letters.
const fn page_of(charset: i32) -> Option<i32> {
    Some(match charset {
        77 => 10_000,
        128 => 932,
        129 => 949,
        134 => 936,
        136 => 950,
        161 => 1253,
        162 => 1254,
        163 => 1258,
        177 => 1255,
        178 => 1256,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        254 => 437,
        255 => 850,
        _ => return None,
    })
}

/// The charset that Windows numbers so.
fn charset_of(page: i32) -> String {
    match page {
        437 | 850 => "ibm850".to_owned(),
        866 => "ibm866".to_owned(),
        932 => "shift_jis".to_owned(),
        936 => "gbk".to_owned(),
        949 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        10_000 => "macintosh".to_owned(),
        65_001 => "utf-8".to_owned(),
        page => format!("windows-{page}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(file: &str) -> String {
        let mut said = Said::new(1_000);
        read(file.as_bytes(), &mut said);
        said.into_text()
    }

    #[test]
    fn what_stands_between_the_words() {
        let file = r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\*\generator Us;}{\info{\title No}}\f0\b Caf\'e9\b0  5\u8364 ?\par
Split{\i  he}re\tab \{x\}\~y\emdash z{\pict\bin4 }\'41 ab}";
        // The picture's octets hold what would end its group.
        assert_eq!(text(file), "Café 5€\nSplit here\t{x} y—z");
        let file = r"{\rtf1{\pict\bin2 }}x}text} behind";
        assert_eq!(text(file), "text");
    }

    #[test]
    fn characters_of_other_charsets() {
        assert_eq!(text(r"{\rtf1\ansicpg932 \'93\'fa\'96\'7b}"), "日本");
        assert_eq!(text(r"{\rtf1\ansicpg1251 \'cf\'f0\'e8}"), "При");
        assert_eq!(text(r"{\rtf1{\uc0\u26085\u26412}\u-10179?\u-8704??}"), "日本😀?");
        assert_eq!(text(r"{\rtf1\uc2\u233\'c3\'a9t\'e9}"), "été");
    }

    #[test]
    fn a_font_has_a_charset_of_its_own() {
        let fonts = r"{\fonttbl{\f0\fnil\fcharset0 Arial;}{\f1\fcharset204{\*\falt Y}Times;}{\f2\fcharset161 X;}}";
        let file = format!(r"{{\rtf1\ansi\deff0{fonts}\'e9 {{\f1\'cf\'f0\'e8 \b\'e2\plain\'e9}}\f2\'e1 \f0\'e1}}");
        assert_eq!(text(&file), "é При вéα á");
        let file = r"{\rtf1\ansi\deff1{\fonttbl\f0\fcharset0 A;\f1\fcharset238 B;}\'b3\f7\'b3\f0\'b3}";
        assert_eq!(text(file), "ł³³", "the font where none is named, one that is not described, and another");
    }

    #[test]
    fn what_is_no_document_says_nothing() {
        for none in ["", "text", "{\\rtf", "{\\rtf1\\", "{\\rtf1\\'", "{\\rtf1\\'zz", "{\\rtf1\\bin2147483647 x", "{\\rtf1{\\*", "}"] {
            assert_eq!(text(none).trim_end_matches("zz"), "", "{none}");
        }
        assert_eq!(text(&format!("{{\\rtf1{}deep", "{".repeat(10_000))), "");
    }
}
