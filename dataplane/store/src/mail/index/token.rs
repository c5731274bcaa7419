//! Texts in pieces, so that a text which contains another has pieces that contain the other's pieces.
//!
//! What a character belongs to is decided by itself alone, never by its neighbours: therefore a run of characters of one
//! kind in a needle lies within one run of that kind in the text where the needle is found.
//! Texts come mapped ([`postern_message::casemap`]).

/// Longest word in octets that is kept as it is; longer ones, and those that look like codes, are jumble.
const LONGEST_WORD: usize = 20;
/// The same of words that are not ASCII.
const LONGEST_OTHER: usize = 48;
/// A word with letters and digits is jumble when it is longer.
const LONGEST_MIXED: usize = 6;

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    /// A word.
    Word(&'t str),
    /// Letters that stand for no word: ids, hashes, base64. There is no end of different ones.
    Jumble(&'t str),
    /// Two characters that stand together (or one alone) in a script that puts no spaces between words.
    Pair(&'t str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Gap,
    Word,
    Dense,
}

const fn kind(c: char) -> Kind {
    match c {
        '0'..='9' | 'A'..='Z' | 'a'..='z' => Kind::Word,
        '\0'..='\u{bf}' | '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{303f}' => Kind::Gap,
        // Thai to Myanmar, CJK, and what lies in the planes of ideographs.
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' => Kind::Dense,
        '\u{2e80}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' => Kind::Dense,
        _ => Kind::Word,
    }
}

/// Calls `each` with every piece of a text.
pub fn pieces<'t>(text: &'t str, mut each: impl FnMut(Piece<'t>)) {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let of_run = kind(first);
        let end = rest.find(|c| kind(c) != of_run).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(end);
        rest = behind;
        match of_run {
            Kind::Gap => {}
            Kind::Word => each(if is_jumble(run) { Piece::Jumble(run) } else { Piece::Word(run) }),
            Kind::Dense => pairs(run, &mut each),
        }
    }
}

fn pairs<'t>(run: &'t str, each: &mut impl FnMut(Piece<'t>)) {
    let starts: Vec<usize> = run.char_indices().map(|(at, _)| at).chain([run.len()]).collect();
    if starts.len() == 2 {
        return each(Piece::Pair(run));
    }
    starts.windows(3).filter_map(|w| run.get(w[0]..w[2])).for_each(|pair| each(Piece::Pair(pair)));
}

/// What contains jumble is jumble.
fn is_jumble(word: &str) -> bool {
    let bytes = word.as_bytes();
    if !word.is_ascii() {
        return bytes.len() > LONGEST_OTHER;
    }
    let mixed = || bytes.iter().any(u8::is_ascii_digit) && bytes.iter().any(u8::is_ascii_alphabetic);
    bytes.len() > LONGEST_WORD || (bytes.len() > LONGEST_MIXED && mixed())
}

/// Rows of the table of jumble.
pub const ROWS: usize = 2_048;

/// Calls `each` with the rows in which a word of jumble, or a word that may lie in one, leaves its marks: one for every
/// three octets that stand together.
pub fn marks(word: &str, mut each: impl FnMut(usize)) {
    for gram in word.as_bytes().windows(3) {
        let number = gram.iter().fold(0u32, |number, b| number << 8 | u32::from(*b));
        each((number.wrapping_mul(0x9e37_79b1) >> 21) as usize % ROWS);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(text: &str) -> Vec<Piece<'_>> {
        let mut all = Vec::new();
        pieces(text, |piece| all.push(piece));
        all
    }

    #[test]
    fn what_the_pieces_are() {
        use Piece::{Jumble, Pair, Word};
        assert_eq!(cut("THE REPORT, 2026"), [Word("THE"), Word("REPORT"), Word("2026")]);
        assert_eq!(cut("<A1B2C3D4@X>"), [Jumble("A1B2C3D4"), Word("X")]);
        assert_eq!(cut("東京都 X水"), [Pair("東京"), Pair("京都"), Word("X"), Pair("水")]);
        assert_eq!(cut("--"), []);
    }

    proptest! {
        /// Whatever contains a needle has, for each of its pieces, a piece that contains it.
        #[test]
        fn pieces_of_a_part_lie_in_pieces_of_the_whole(
            before in "[A-C0-9 東京ÄД-]{0,12}", needle in "[A-C0-9 東京ÄД-]{0,30}", after in "[A-C0-9 東京ÄД-]{0,12}"
        ) {
            let whole = format!("{before}{needle}{after}");
            let all = cut(&whole);
            for piece in cut(&needle) {
                let found = match piece {
                    Piece::Word(w) => all.iter().any(|p| matches!(p, Piece::Word(x) | Piece::Jumble(x) if x.contains(w))),
                    Piece::Jumble(w) => all.iter().any(|p| matches!(p, Piece::Jumble(x) if x.contains(w))),
                    Piece::Pair(w) => all.iter().any(|p| matches!(p, Piece::Pair(x) if x.contains(w))),
                };
                prop_assert!(found, "{piece:?} of {needle:?} in {all:?}");
            }
        }
    }
}
