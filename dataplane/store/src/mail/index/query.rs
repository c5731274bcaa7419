//! Asks the index of a folder.

use std::collections::BTreeMap;

use postern_core::{AccountId, FolderId};
use postern_message::search::Field;

use super::{
    segment::{self, Cell, FIELDS, HEAD, Head, JUMBLE, LISTS, Lists, ROW, ROWS_A_PART, WORDS},
    token::{self, Piece},
};
use crate::{args, db::Db, error::Result};

/// What is to be found. Texts are mapped for comparison.
#[derive(Clone, Debug)]
pub enum Question {
    /// Any text of the message contains this.
    Text(Box<str>),
    /// A header field contains this, which is not empty.
    Field(Field, Box<str>),
}

/// What the index says to a question: it speaks of the messages up to [`Index::upto`] alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// UIDs of those that match, ascending.
    pub yes: Vec<u32>,
    /// UIDs of those that may match, ascending: they are to be looked at.
    pub maybe: Vec<u32>,
}

/// The index of a folder as it was at one moment.
pub struct Index {
    db: Db,
    account: AccountId,
    folder: FolderId,
    upto: u32,
    segments: Vec<(i64, Head)>,
}

/// A segment's messages as bits.
type Bits = [u8; ROW];

impl Index {
    /// Reads what segments there are.
    ///
    /// # Errors
    /// As the database says.
    pub async fn open(db: &Db, account: AccountId, folder: FolderId) -> Result<Self> {
        let sql = "SELECT segment, last_uid, data FROM text_segment WHERE account = $1 AND folder = $2 AND part = $3 ORDER BY segment";
        let (mut upto, mut segments) = (0, Vec::new());
        for row in db.rows(sql, args![account, folder, HEAD]).await? {
            upto = upto.max(u32::try_from(row.int(1)?).unwrap_or(u32::MAX));
            segments.push((row.int(0)?, Head::read(row.slice(2)?)?));
        }
        Ok(Self { db: db.clone(), account, folder, upto, segments })
    }

    /// The watermark: what has a higher UID is not indexed.
    #[must_use]
    pub const fn upto(&self) -> u32 {
        self.upto
    }

    /// Answers questions, each with what it says of all segments.
    ///
    /// # Errors
    /// As the database says.
    pub async fn ask(&self, questions: &[Question]) -> Result<Vec<Found>> {
        let mut found = vec![Found::default(); questions.len()];
        for (id, head) in &self.segments {
            for (question, found) in questions.iter().zip(&mut found) {
                match question {
                    Question::Text(text) => self.ask_text(*id, head, text, found).await?,
                    Question::Field(field, text) => self.ask_field(*id, head, *field, text, found).await?,
                }
            }
            tokio::task::yield_now().await;
        }
        for found in &mut found {
            found.yes.sort_unstable();
            found.maybe.sort_unstable();
        }
        Ok(found)
    }

    async fn ask_field(&self, id: i64, head: &Head, field: Field, text: &str, found: &mut Found) -> Result<()> {
        let number = FIELDS + Field::ALL.iter().position(|each| *each == field).unwrap_or(0) as i64;
        let Some(column) = self.parts(id, &[number]).await?.remove(&number) else {
            // Written again meanwhile: nothing is known.
            found.maybe.extend(&head.uids);
            return Ok(());
        };
        let finder = memchr::memmem::Finder::new(text.as_bytes());
        let mut uids = head.uids.iter();
        segment::each_cell(&segment::unpack(&column)?, |cell| match (uids.next(), cell) {
            (Some(uid), Cell::Text(said)) if finder.find(said.as_bytes()).is_some() => found.yes.push(*uid),
            (Some(uid), Cell::Ask) => found.maybe.push(*uid),
            _ => {}
        })
    }

    async fn ask_text(&self, id: i64, head: &Head, text: &str, found: &mut Found) -> Result<()> {
        let mut pieces = Vec::new();
        token::pieces(text, |piece| pieces.push(piece));
        let Some(mut bits) = self.candidates(id, head, &pieces).await? else {
            found.maybe.extend(&head.uids);
            return Ok(());
        };
        head.opaque.iter().for_each(|place| set(&mut bits, *place));
        found.maybe.extend((0u16..).zip(&head.uids).filter(|(place, _)| has(&bits, *place)).map(|(_, uid)| *uid));
        Ok(())
    }

    /// Messages of a segment that have all pieces; `None` when a part is gone, for it was written again.
    async fn candidates(&self, id: i64, head: &Head, pieces: &[Piece<'_>]) -> Result<Option<Bits>> {
        let mut all = [0xff; ROW];
        let Some(words) = self.parts(id, &[WORDS]).await?.remove(&WORDS) else { return Ok(None) };
        let words = segment::unpack(&words)?;
        for piece in pieces {
            let (word, in_jumble) = match piece {
                Piece::Word(word) | Piece::Jumble(word) if word.len() < 3 => continue,
                Piece::Word(word) | Piece::Jumble(word) => (*word, true),
                Piece::Pair(word) => (*word, false),
            };
            let mut bits = [0; ROW];
            let numbers = containing(&words, word.as_bytes());
            if !self.lists(id, head, &numbers, &mut bits).await? {
                return Ok(None);
            }
            if in_jumble {
                let Some(marked) = self.marked(id, word).await? else { return Ok(None) };
                bits.iter_mut().zip(marked).for_each(|(b, m)| *b |= m);
            }
            all.iter_mut().zip(bits).for_each(|(a, b)| *a &= b);
        }
        Ok(Some(all))
    }

    /// Adds the messages that have one of these words, by the numbers of the words; whether all lists were there.
    async fn lists(&self, id: i64, head: &Head, numbers: &[usize], bits: &mut Bits) -> Result<bool> {
        let mut wanted: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        for number in numbers {
            let part = head.firsts.partition_point(|first| first <= number).saturating_sub(1);
            wanted.entry(LISTS + part as i64).or_default().push(number - head.firsts.get(part).copied().unwrap_or(0));
        }
        let parts = self.parts(id, &wanted.keys().copied().collect::<Vec<_>>()).await?;
        for (part, places) in wanted {
            let Some(lists) = parts.get(&part) else { return Ok(false) };
            let mut places = places.into_iter().peekable();
            for (at, list) in Lists(lists).enumerate() {
                match places.peek() {
                    Some(place) if *place == at => {
                        places.next();
                        list?.into_iter().for_each(|place| set(bits, place));
                    }
                    Some(_) => {}
                    None => break,
                }
            }
        }
        Ok(true)
    }

    /// Messages whose jumble may contain a word of three octets or more.
    async fn marked(&self, id: i64, word: &str) -> Result<Option<Bits>> {
        let mut rows = Vec::new();
        token::marks(word, |row| rows.push(row));
        rows.sort_unstable();
        rows.dedup();
        let part_of = |row: usize| JUMBLE + (row / ROWS_A_PART) as i64;
        let mut wanted: Vec<i64> = rows.iter().map(|row| part_of(*row)).collect();
        wanted.dedup();
        let parts = self.parts(id, &wanted).await?;
        let mut bits = [0xff; ROW];
        for number in wanted {
            let Some(part) = parts.get(&number) else { return Ok(None) };
            let part = segment::unpack(part)?;
            for row in rows.iter().filter(|row| part_of(**row) == number) {
                let from = row % ROWS_A_PART * ROW;
                bits.iter_mut().zip(part.get(from..from + ROW).unwrap_or_default()).for_each(|(b, r)| *b &= r);
            }
        }
        Ok(Some(bits))
    }

    async fn parts(&self, id: i64, numbers: &[i64]) -> Result<BTreeMap<i64, Vec<u8>>> {
        if numbers.is_empty() {
            return Ok(BTreeMap::new());
        }
        let sql = "SELECT part, data FROM text_segment WHERE account = $1 AND folder = $2 AND segment = $3 AND part = ANY($4)";
        let rows = self.db.rows(sql, args![self.account, self.folder, id, numbers]).await?;
        rows.iter().map(|row| Ok((row.int(0)?, row.bytes(1)?))).collect()
    }
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
