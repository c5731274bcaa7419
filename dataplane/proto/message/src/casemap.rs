//! i;unicode-casemap (RFC 5051): the form in which texts are compared, found in one another and sorted.
//!
//! Every character becomes its titlecase and then its decomposition, again and again until nothing changes; what comes
//! out is compared octet by octet. So case, and the difference between `é` in one character or in two, plays no part.

use unicode_normalization::char::decompose_compatible;

/// The titlecased canonicalised form of a text (RFC 5051 §2).
#[must_use]
pub fn casemap(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_uppercase();
    }
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    text.chars().for_each(|c| push(c, &mut out));
    out
}

/// One character. It ends, for what is decomposed once is decomposed wholly, and titlecase is undone by nothing.
fn push(c: char, out: &mut String) {
    let title = titlecase(c);
    // RFC 5051 §2 goes by the character's own entry in UnicodeData.txt, and Hangul syllables have none.
    if title.is_ascii() || matches!(title, '\u{ac00}'..='\u{d7a3}') {
        return out.push(title);
    }
    decompose_compatible(title, |part| if part == title { out.push(part) } else { push(part, out) });
}

/// Simple_Titlecase_Mapping: one character for one. It is the uppercase, with a few exceptions.
fn titlecase(c: char) -> char {
    match c {
        _ if c.is_ascii() => c.to_ascii_uppercase(),
        '\u{1c4}'..='\u{1c6}' => '\u{1c5}',
        '\u{1c7}'..='\u{1c9}' => '\u{1c8}',
        '\u{1ca}'..='\u{1cc}' => '\u{1cb}',
        '\u{1f1}'..='\u{1f3}' => '\u{1f2}',
        // Georgian has capitals and does not use them in titles.
        '\u{10d0}'..='\u{10ff}' => c,
        '\u{1f80}'..='\u{1faf}' => char::from_u32(u32::from(c) | 8).unwrap_or(c),
        '\u{1fb3}' => '\u{1fbc}',
        '\u{1fc3}' => '\u{1fcc}',
        '\u{1ff3}' => '\u{1ffc}',
        _ => {
            let mut upper = c.to_uppercase();
            // More than one character is of SpecialCasing.txt, which RFC 5051 does not ask.
            match (upper.next(), upper.next()) {
                (Some(one), None) => one,
                _ => c,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_and_composition_play_no_part() {
        for (a, b) in [
            ("König", "KÖNIG"),
            ("café", "CAFE\u{301}"),
            ("ǆ", "Ǆ"),
            ("ﬁn", "FIN"),
            ("Привет", "ПРИВЕТ"),
            ("ᾳ", "ᾼ"),
            ("ａｂｃ", "ABC"),
            ("ა", "ა"),
        ] {
            assert_eq!(casemap(a), casemap(b), "{a} {b}");
        }
        for (a, b) in [("ß", "ss"), ("ı", "j"), ("가", "나")] {
            assert_ne!(casemap(a), casemap(b), "{a} {b}");
        }
        assert_eq!(casemap("한국"), "한국");
    }

    proptest! {
        /// What is mapped stays as it is, and a part of a text is mapped to a part: so a search in mapped texts finds what it should.
        #[test]
        fn twice_is_once_and_parts_stay_parts(before in "\\PC{0,8}", text in "\\PC{0,8}", after in "\\PC{0,8}") {
            let mapped = casemap(&text);
            prop_assert_eq!(casemap(&mapped), mapped.clone());
            prop_assert_eq!(casemap(&format!("{before}{text}{after}")), casemap(&before) + &mapped + &casemap(&after));
        }
    }
}
