//! One segment: its form in rows, and back.
//!
//! | part | holds |
//! |---|---|
//! | 0 | UIDs; which messages could not be read; how words are shared out to lists |
//! | 1 | the words, sorted, a line each |
//! | 2 … 8 | a column for each [`Field`]: what it says in each message |
//! | 100 … | 64 parts of the table of jumble: a row for each mark, a bit for each message |
//! | 1000 … | for each word the messages that have it |
//!
//! Numbers are varints, lists are differences ([`number`]); [`parts`] writes and reads them, [`column`] what a field says. It must not
//! say of a message that it lacks a text that it has: what cannot be read is opaque.

mod column;
mod number;
mod parts;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use postern_message::{
    SummaryRef, attachment, header,
    search::{Field, text},
};

pub use self::{
    column::{Cell, each_cell},
    number::unpack,
    parts::{Head, Lists},
};
use super::token::{self, Piece, ROWS};

/// Messages of a full segment.
pub const FULL: usize = 2_048;
/// Part numbers.
pub const HEAD: i64 = 0;
pub const WORDS: i64 = 1;
pub const FIELDS: i64 = 2;
pub const JUMBLE: i64 = 100;
pub const LISTS: i64 = 1_000;
/// Rows of the table of jumble in one part.
pub const ROWS_A_PART: usize = 32;
/// Octets of a row.
pub const ROW: usize = FULL / 8;

/// A segment in memory, to be added to and written.
#[derive(Default)]
pub struct Segment {
    uids: Vec<u32>,
    opaque: Vec<u16>,
    words: HashMap<Box<str>, Vec<u16>>,
    jumble: Vec<u8>,
    fields: [Vec<Cell>; Field::ALL.len()],
}

impl Segment {
    /// Messages in it.
    pub const fn len(&self) -> usize {
        self.uids.len()
    }

    /// Adds a message that has a higher UID than all others.
    pub fn add(&mut self, uid: u32, summary: &SummaryRef<'_>, prefix: &[u8], body: &[u8]) {
        let place = self.place(uid);
        self.add_texts(place, |look| text::everything(summary, prefix, body, look));
        for (column, field) in self.fields.iter_mut().zip(Field::ALL) {
            column.push(if summary.is_incomplete() || header::find(prefix, field.name()).is_some() {
                Cell::Ask
            } else {
                field.of(summary).map_or(Cell::Nothing, |text| Cell::Text(text.into()))
            });
        }
    }

    /// Adds what is attached to a message that is in it already.
    pub fn add_attached(&mut self, uid: u32, summary: &SummaryRef<'_>, body: &[u8]) {
        let Some(place) = self.uids.binary_search(&uid).ok().and_then(|place| u16::try_from(place).ok()) else { return };
        self.add_texts(place, |look| {
            attachment::texts(summary, body, |text| {
                look(text);
                false
            });
        });
    }

    /// Adds a message that cannot be read: it may contain anything.
    pub fn add_opaque(&mut self, uid: u32) {
        let place = self.place(uid);
        self.opaque.push(place);
        self.fields.iter_mut().for_each(|column| column.push(Cell::Ask));
    }

    /// Adds what another segment, whose UIDs are all higher, says of those of its messages that live.
    pub fn append(&mut self, other: Self, living: &HashSet<u32>) {
        let places: Vec<Option<u16>> = other.uids.iter().map(|uid| living.contains(uid).then(|| self.place(*uid))).collect();
        let moved = |place: &u16| places.get(usize::from(*place)).copied().flatten();
        self.opaque.extend(other.opaque.iter().filter_map(moved));
        for (word, before) in other.words {
            let now: Vec<u16> = before.iter().filter_map(moved).collect();
            if !now.is_empty() {
                self.words.entry(word).or_default().extend(now);
            }
        }
        for (row, bits) in other.jumble.chunks(ROW).enumerate() {
            for (octet, bits) in (0u16..).zip(bits).filter(|(_, bits)| **bits != 0) {
                let set = (0..8).filter(|bit| bits & 1 << bit != 0).filter_map(|bit| moved(&(octet * 8 + bit)));
                set.for_each(|place| mark(&mut self.jumble, row, place));
            }
        }
        for (column, before) in self.fields.iter_mut().zip(other.fields) {
            column.extend(before.into_iter().zip(&places).filter_map(|(cell, place)| place.map(|_| cell)));
        }
    }

    /// Adds the words of texts, with which `texts` calls what it is given.
    fn add_texts(&mut self, place: u16, texts: impl FnOnce(&mut dyn FnMut(&str))) {
        let mut seen: HashSet<Box<str>> = HashSet::new();
        texts(&mut |text| {
            token::pieces(text, |piece| match piece {
                Piece::Word(word) | Piece::Pair(word) => {
                    if !seen.contains(word) {
                        seen.insert(word.into());
                    }
                }
                Piece::Jumble(word) => token::marks(word, |row| mark(&mut self.jumble, row, place)),
            });
        });
        for word in seen {
            let places = self.words.entry(word).or_default();
            match places.last() {
                Some(last) if *last >= place => {
                    if let Err(at) = places.binary_search(&place) {
                        places.insert(at, place);
                    }
                }
                _ => places.push(place),
            }
        }
    }

    fn place(&mut self, uid: u32) -> u16 {
        self.uids.push(uid);
        self.jumble.resize(ROWS * ROW, 0);
        // No segment has more than FULL.
        u16::try_from(self.uids.len() - 1).unwrap_or(u16::MAX)
    }
}

fn mark(jumble: &mut [u8], row: usize, place: u16) {
    if let Some(octet) = jumble.get_mut(row * ROW + usize::from(place) / 8) {
        *octet |= 1 << (place % 8);
    }
}
