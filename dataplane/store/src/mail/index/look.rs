//! What one segment says to questions, from its parts: nothing is read here.
//!
//! A header field is answered by its column alone. A text begins with the words of the segment, which say in what lists the
//! words that contain its pieces stand; those lists and the rows of jumble say which messages have all pieces.

use std::collections::{BTreeMap, HashMap};

use postern_message::search::Field;

use super::{
    query::{Found, Question},
    segment::{self, Cell, FIELDS, Head, JUMBLE, LISTS, Lists, ROW, ROWS_A_PART, WORDS},
    token::{self, Piece},
};
use crate::error::Result;

/// Parts of segments by segment and number.
pub(super) type Parts = HashMap<(i64, i64), Vec<u8>>;

/// A segment's messages as bits.
type Bits = [u8; ROW];

/// Where in a segment the pieces of a text stand; `None` of them all is a segment that was written again meanwhile.
pub(super) struct Places(Vec<PieceAt>);

/// Where one piece stands.
struct PieceAt {
    /// Parts with lists, each with the places in it of the words that contain the piece, ascending.
    lists: BTreeMap<i64, Vec<usize>>,
    /// Rows of the table of jumble that all have a mark where the piece may lie in jumble, ascending; none where it cannot.
    rows: Vec<usize>,
}

/// The part that a question begins with.
pub(super) fn first_part(question: &Question) -> i64 {
    match question {
        Question::Text(_) => WORDS,
        Question::Field(field, _) => FIELDS + Field::ALL.iter().position(|each| each == field).unwrap_or(0) as i64,
    }
}

/// Answers the questions about header fields, and says where the texts lead to: for each question something, where there is more
/// to ask. Of a segment that was written again meanwhile nothing is known.
///
/// # Errors
/// [`crate::StoreError::Damaged`].
pub(super) fn begin(id: i64, head: &Head, questions: &[Question], parts: &Parts, found: &mut [Found]) -> Result<Vec<Option<Places>>> {
    let mut words = None;
    let mut places = Vec::with_capacity(questions.len());
    for (question, found) in questions.iter().zip(found) {
        let Some(part) = parts.get(&(id, first_part(question))) else {
            found.maybe.extend(&head.uids);
            places.push(None);
            continue;
        };
        places.push(match question {
            Question::Field(_, text) => {
                look_into_column(head, &segment::unpack(part)?, text, found)?;
                None
            }
            Question::Text(text) => {
                let words = match &mut words {
                    Some(words) => words,
                    none => none.insert(segment::unpack(part)?),
                };
                Some(Places::of(head, words, text))
            }
        });
    }
    Ok(places)
}

fn look_into_column(head: &Head, column: &[u8], text: &str, found: &mut Found) -> Result<()> {
    let finder = memchr::memmem::Finder::new(text.as_bytes());
    let mut uids = head.uids.iter();
    segment::each_cell(column, |cell| match (uids.next(), cell) {
        (Some(uid), Cell::Text(said)) if finder.find(said.as_bytes()).is_some() => found.yes.push(*uid),
        (Some(uid), Cell::Ask) => found.maybe.push(*uid),
        _ => {}
    })
}

impl Places {
    fn of(head: &Head, words: &[u8], text: &str) -> Self {
        let mut pieces = Vec::new();
        token::pieces(text, |piece| pieces.extend(PieceAt::of(head, words, piece)));
        Self(pieces)
    }

    /// The parts to read.
    pub fn parts(&self) -> impl Iterator<Item = i64> {
        self.0.iter().flat_map(|piece| piece.lists.keys().copied().chain(piece.rows.iter().map(|row| part_of(*row))))
    }

    /// Adds the messages that have all pieces, and those of which nothing is known.
    ///
    /// # Errors
    /// [`crate::StoreError::Damaged`].
    pub fn candidates(&self, id: i64, head: &Head, parts: &Parts, found: &mut Found) -> Result<()> {
        let mut bits = [0xff; ROW];
        for piece in &self.0 {
            let Some(having) = piece.having(id, parts)? else {
                // Written again meanwhile: nothing is known.
                found.maybe.extend(&head.uids);
                return Ok(());
            };
            bits.iter_mut().zip(having).for_each(|(b, h)| *b &= h);
        }
        head.opaque.iter().for_each(|place| set(&mut bits, *place));
        found.maybe.extend((0u16..).zip(&head.uids).filter(|(place, _)| has(&bits, *place)).map(|(_, uid)| *uid));
        Ok(())
    }
}

impl PieceAt {
    /// `None` for a piece that is too short to say anything.
    fn of(head: &Head, words: &[u8], piece: Piece<'_>) -> Option<Self> {
        let (word, in_jumble) = match piece {
            Piece::Word(word) | Piece::Jumble(word) if word.len() < 3 => return None,
            Piece::Word(word) | Piece::Jumble(word) => (word, true),
            Piece::Pair(word) => (word, false),
        };
        let mut lists = BTreeMap::<i64, Vec<usize>>::new();
        for number in containing(words, word.as_bytes()) {
            let part = head.firsts.partition_point(|first| *first <= number).saturating_sub(1);
            lists.entry(LISTS + part as i64).or_default().push(number - head.firsts.get(part).copied().unwrap_or(0));
        }
        let mut rows = Vec::new();
        if in_jumble {
            token::marks(word, |row| rows.push(row));
            rows.sort_unstable();
            rows.dedup();
        }
        Some(Self { lists, rows })
    }

    /// Messages that have a word which contains the piece, or jumble that may; `None` when a part is gone.
    fn having(&self, id: i64, parts: &Parts) -> Result<Option<Bits>> {
        let mut bits = [0; ROW];
        for (part, places) in &self.lists {
            let Some(lists) = parts.get(&(id, *part)) else { return Ok(None) };
            let mut places = places.iter().peekable();
            for (at, list) in Lists(lists).enumerate() {
                match places.peek() {
                    Some(place) if **place == at => {
                        places.next();
                        list?.into_iter().for_each(|place| set(&mut bits, place));
                    }
                    Some(_) => {}
                    None => break,
                }
            }
        }
        let Some(marked) = self.marked(id, parts)? else { return Ok(None) };
        bits.iter_mut().zip(marked).for_each(|(b, m)| *b |= m);
        Ok(Some(bits))
    }

    /// Messages whose jumble may contain the piece.
    fn marked(&self, id: i64, parts: &Parts) -> Result<Option<Bits>> {
        if self.rows.is_empty() {
            return Ok(Some([0; ROW]));
        }
        let mut bits = [0xff; ROW];
        for rows in self.rows.chunk_by(|a, b| part_of(*a) == part_of(*b)) {
            let Some(part) = rows.first().and_then(|row| parts.get(&(id, part_of(*row)))) else { return Ok(None) };
            let part = segment::unpack(part)?;
            for row in rows {
                let from = row % ROWS_A_PART * ROW;
                bits.iter_mut().zip(part.get(from..from + ROW).unwrap_or_default()).for_each(|(b, r)| *b &= r);
            }
        }
        Ok(Some(bits))
    }
}

/// The part in which a row of the table of jumble lies.
const fn part_of(row: usize) -> i64 {
    JUMBLE + (row / ROWS_A_PART) as i64
}

/// Numbers of the words that contain a text, ascending. Words have a line each, and the text has no line break.
fn containing(words: &[u8], text: &[u8]) -> Vec<usize> {
    let (mut numbers, mut number, mut from) = (Vec::new(), 0, 0);
    let finder = memchr::memmem::Finder::new(text);
    while let Some(at) = words.get(from..).and_then(|rest| finder.find(rest)) {
        let hit = from + at;
        number += memchr::memchr_iter(b'\n', words.get(from..hit).unwrap_or_default()).count();
        numbers.push(number);
        let Some(end) = memchr::memchr(b'\n', words.get(hit..).unwrap_or_default()) else { break };
        (from, number) = (hit + end + 1, number + 1);
    }
    numbers
}

const fn has(bits: &Bits, place: u16) -> bool {
    bits[place as usize / 8 % ROW] & 1 << (place % 8) != 0
}

fn set(bits: &mut Bits, place: u16) {
    if let Some(octet) = bits.get_mut(usize::from(place) / 8) {
        *octet |= 1 << (place % 8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_by_any_part_of_them() {
        let words = b"ALPHA\nBETA\nGAMMA\n";
        assert_eq!(containing(words, b"A"), [0, 1, 2]);
        assert_eq!(containing(words, b"MM"), [2]);
        assert_eq!(containing(words, b"ALPHA"), [0]);
        assert_eq!(containing(words, b"X"), [0; 0]);
        assert_eq!(containing(b"", b"X"), [0; 0]);
    }
}
