//! Base subjects (RFC 5256 §2.1): what is left of a subject without `Re:`, `Fwd:`, `[list]` and their like.
//!
//! Takes time in proportion to the subject, however many of them it has.

use crate::encoded_word;

/// A subject without what mail programs and lists put around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BaseSubject {
    /// What is left, case as written. May be empty.
    pub text: String,
    /// Whether what was taken off says that the message is a reply or was forwarded (RFC 5256 §3, step 5).
    pub is_reply: bool,
}

impl BaseSubject {
    /// Of a Subject field's octets, unfolded, encoded-words as they stand.
    #[must_use]
    pub fn of(raw: &[u8]) -> Self {
        // RFC 5256 §2.1 (1): decoded, tabs to spaces, several spaces to one.
        let decoded = encoded_word::text(raw);
        let mut text = String::with_capacity(decoded.len());
        for c in decoded.chars().map(|c| if matches!(c, '\t' | '\r' | '\n') { ' ' } else { c }) {
            if c != ' ' || !text.ends_with(' ') {
                text.push(c);
            }
        }
        let (base, is_reply) = base(&text);
        Self { text: base.to_owned(), is_reply }
    }
}

fn base(subject: &str) -> (&str, bool) {
    let (mut text, mut is_reply) = (subject, false);
    loop {
        text = without_trailers(text, &mut is_reply);
        text = without_leaders(text, &mut is_reply);
        // RFC 5256 §2.1 (6)
        match strip_word(text, "[fwd:").and_then(|inside| inside.strip_suffix(']')) {
            Some(inside) => (text, is_reply) = (inside, true),
            None => return (text, is_reply),
        }
    }
}

/// RFC 5256 §2.1 (2): `subj-trailer = "(fwd)" / WSP`
fn without_trailers<'t>(mut text: &'t str, is_reply: &mut bool) -> &'t str {
    loop {
        text = text.trim_end_matches(' ');
        let Some(at) = text.len().checked_sub("(fwd)".len()) else { return text };
        match text.split_at_checked(at) {
            Some((before, last)) if last.eq_ignore_ascii_case("(fwd)") => {
                *is_reply = true;
                text = before;
            }
            _ => return text,
        }
    }
}

/// RFC 5256 §2.1 (3) to (5)
fn without_leaders<'t>(mut text: &'t str, is_reply: &mut bool) -> &'t str {
    loop {
        text = text.trim_start_matches(' ');
        // subj-leader = (*subj-blob subj-refwd) / WSP
        let mut behind_blobs = text;
        while let Some(rest) = strip_blob(behind_blobs) {
            behind_blobs = rest;
        }
        if let Some(rest) = strip_refwd(behind_blobs) {
            *is_reply = true;
            text = rest;
            continue;
        }
        // No leader stands behind these blobs, so each of them may go while a base is left, and nothing else follows.
        while let Some(rest) = strip_blob(text)
            && !rest.is_empty()
        {
            text = rest;
        }
        return text;
    }
}

/// `subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"`
fn strip_refwd(text: &str) -> Option<&str> {
    let rest = ["re", "fwd", "fw"].iter().find_map(|word| strip_word(text, word))?;
    let rest = rest.trim_start_matches(' ');
    rest.strip_prefix(':').or_else(|| strip_blob(rest)?.strip_prefix(':'))
}

/// `subj-blob = "[" *BLOBCHAR "]" *WSP`
fn strip_blob(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('[')?;
    let (_, rest) = inside.split_at_checked(inside.find(['[', ']'])?)?;
    Some(rest.strip_prefix(']')?.trim_start_matches(' '))
}

fn strip_word<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(word.len())?;
    start.eq_ignore_ascii_case(word).then_some(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_taken_off_and_what_stays() {
        for (subject, expected, is_reply) in [
            ("Tea", "Tea", false),
            ("Re: Tea", "Tea", true),
            ("RE : [list] Fwd[2]: fw:Tea  (fwd) ", "Tea", true),
            ("[list] Tea", "Tea", false),
            ("[list] [again] Re: Tea", "Tea", true),
            ("[list]", "[list]", false),
            ("[a] [b]", "[b]", false),
            ("Re: [list]", "[list]", true),
            ("[fwd: Re: Tea]", "Tea", true),
            ("[Fwd: [fwd: Tea (fwd)]] (FWD)", "Tea", true),
            ("[list] [fwd: Tea]", "Tea", true),
            ("Reply: Tea", "Reply: Tea", false),
            ("Tea (fwd) two", "Tea (fwd) two", false),
            ("a\t b  c", "a b c", false),
            ("=?utf-8?q?Re=3A_caf=C3=A9?=", "café", true),
            ("", "", false),
            ("Re:", "", true),
            ("[un[closed] Tea", "[un[closed] Tea", false),
            ("Re [x: Tea", "Re [x: Tea", false),
        ] {
            assert_eq!(BaseSubject::of(subject.as_bytes()), BaseSubject { text: expected.to_owned(), is_reply }, "{subject}");
        }
    }

    #[test]
    fn many_of_them_take_no_longer_than_they_are() {
        for hostile in ["[a]".repeat(80_000), "re:".repeat(80_000), "[fwd:".repeat(50_000) + &"]".repeat(50_000), "re[x".repeat(60_000)] {
            let _ = BaseSubject::of(hostile.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn the_base_of_a_base_is_itself(subject in "(re|fwd?|\\[fwd:|\\(fwd\\)|\\[|\\]|:| |a|é){0,12}") {
            let base = BaseSubject::of(subject.as_bytes());
            prop_assert_eq!(BaseSubject::of(base.text.as_bytes()).text, base.text);
        }
    }
}
