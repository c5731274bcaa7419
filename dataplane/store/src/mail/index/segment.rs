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
//! Numbers are varints, lists are differences.

use std::collections::{BTreeMap, HashMap, HashSet};

use postern_message::{
    SummaryRef, attachment, header,
    search::{Field, text},
};

use super::token::{self, Piece, ROWS};
use crate::{
    compress,
    error::{Result, StoreError},
};

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
/// Octets of lists that one part takes before the next begins.
const LISTS_A_PART: usize = 8 * 1024;
/// Octets that a part may come to; what says more is damaged.
const MOST: usize = 1 << 30;

/// What a column says of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// There is no such field, or it is empty.
    Nothing,
    /// Only the message can tell.
    Ask,
    /// It says this, mapped for comparison.
    Text(Box<str>),
}

/// A segment in memory, to be added to and written.
#[derive(Default)]
pub struct Segment {
    uids: Vec<u32>,
    opaque: Vec<u16>,
    words: HashMap<Box<str>, Vec<u16>>,
    jumble: Vec<u8>,
    fields: [Vec<Cell>; Field::ALL.len()],
}

/// The first part of a segment, read.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// Its messages by UID, ascending; their places are what all other parts speak of.
    pub uids: Vec<u32>,
    /// Places of messages that may contain any text.
    pub opaque: Vec<u16>,
    /// The first word of each part with lists.
    pub firsts: Vec<usize>,
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

    /// The parts, by number.
    pub fn encode(&self) -> Vec<(i64, Vec<u8>)> {
        let mut parts = Vec::new();
        let mut words: Vec<(&str, &[u16])> = self.words.iter().map(|(word, places)| (&**word, &**places)).collect();
        words.sort_unstable();
        let (mut joined, mut firsts, mut lists) = (Vec::new(), Vec::new(), Vec::<Vec<u8>>::new());
        for (number, (word, places)) in words.iter().enumerate() {
            joined.extend_from_slice(word.as_bytes());
            joined.push(b'\n');
            if lists.last().is_none_or(|list| list.len() >= LISTS_A_PART) {
                firsts.push(number as u64);
                lists.push(Vec::with_capacity(LISTS_A_PART + 64));
            }
            if let Some(list) = lists.last_mut() {
                ascending(list, places.iter().map(|place| u64::from(*place)));
            }
        }
        let mut head = Vec::new();
        ascending(&mut head, self.uids.iter().map(|uid| u64::from(*uid)));
        ascending(&mut head, self.opaque.iter().map(|place| u64::from(*place)));
        ascending(&mut head, firsts.iter().copied());
        parts.push((HEAD, head));
        parts.push((WORDS, pack(&joined)));
        for (number, column) in (FIELDS..).zip(&self.fields) {
            parts.push((number, pack(&encode_column(column))));
        }
        for (number, rows) in (JUMBLE..).zip(self.jumble.chunks(ROWS_A_PART * ROW)) {
            parts.push((number, pack(rows)));
        }
        parts.extend((LISTS..).zip(lists));
        parts
    }

    /// A segment to be added to, from its parts.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn decode(parts: &BTreeMap<i64, Vec<u8>>) -> Result<Self> {
        let part = |number: i64| parts.get(&number).map(Vec::as_slice).ok_or_else(damaged);
        let head = Head::read(part(HEAD)?)?;
        let mut segment = Self { uids: head.uids, opaque: head.opaque, ..Self::default() };
        if segment.uids.is_empty() {
            return Ok(segment);
        }
        let mut lists = parts.range(LISTS..).flat_map(|(_, list)| Lists(list));
        for word in unpack(part(WORDS)?)?.split(|b| *b == b'\n').filter(|word| !word.is_empty()) {
            let places = lists.next().ok_or_else(damaged)??;
            segment.words.insert(String::from_utf8_lossy(word).into(), places);
        }
        for number in 0..ROWS / ROWS_A_PART {
            segment.jumble.extend(unpack(part(JUMBLE + number as i64)?)?);
        }
        for (number, column) in (FIELDS..).zip(&mut segment.fields) {
            each_cell(&unpack(part(number)?)?, |cell| column.push(cell))?;
        }
        Ok(segment)
    }
}

impl Head {
    /// Reads part 0.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn read(mut bytes: &[u8]) -> Result<Self> {
        let mut list = || ascended(&mut bytes).ok_or_else(damaged);
        let uids = list()?.into_iter().map(|n| u32::try_from(n).unwrap_or(u32::MAX)).collect();
        let opaque = list()?.into_iter().map(|n| u16::try_from(n).unwrap_or(u16::MAX)).collect();
        let firsts = list()?.into_iter().map(|n| usize::try_from(n).unwrap_or(usize::MAX)).collect();
        Ok(Self { uids, opaque, firsts })
    }

    /// Notes that of messages with higher UIDs not all texts are known; how many they are.
    pub fn lack_behind(&mut self, uid: i64) -> usize {
        let known = self.uids.partition_point(|at| i64::from(*at) <= uid);
        self.opaque.extend((known..self.uids.len()).filter_map(|place| u16::try_from(place).ok()));
        self.uids.len() - known
    }
}

/// The lists of one part, in order.
pub struct Lists<'p>(pub &'p [u8]);

impl Iterator for Lists<'_> {
    type Item = Result<Vec<u16>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let list = ascended(&mut self.0).map(|list| list.into_iter().map(|n| u16::try_from(n).unwrap_or(u16::MAX)).collect());
        if list.is_none() {
            self.0 = &[];
        }
        Some(list.ok_or_else(damaged))
    }
}

/// Calls `each` with the cells of a column, message by message.
///
/// # Errors
/// [`StoreError::Damaged`].
pub fn each_cell(mut bytes: &[u8], mut each: impl FnMut(Cell)) -> Result<()> {
    while !bytes.is_empty() {
        each(match varint(&mut bytes).ok_or_else(damaged)? {
            0 => Cell::Nothing,
            1 => Cell::Ask,
            length => {
                let (text, rest) =
                    usize::try_from(length - 2).ok().and_then(|length| bytes.split_at_checked(length)).ok_or_else(damaged)?;
                bytes = rest;
                Cell::Text(std::str::from_utf8(text).map_err(|_| damaged())?.into())
            }
        });
    }
    Ok(())
}

fn encode_column(column: &[Cell]) -> Vec<u8> {
    let mut out = Vec::new();
    for cell in column {
        match cell {
            Cell::Nothing => push_varint(&mut out, 0),
            Cell::Ask => push_varint(&mut out, 1),
            Cell::Text(text) => {
                push_varint(&mut out, text.len() as u64 + 2);
                out.extend_from_slice(text.as_bytes());
            }
        }
    }
    out
}

fn mark(jumble: &mut [u8], row: usize, place: u16) {
    if let Some(octet) = jumble.get_mut(row * ROW + usize::from(place) / 8) {
        *octet |= 1 << (place % 8);
    }
}

/// How many, then each less the one before.
fn ascending(out: &mut Vec<u8>, numbers: impl ExactSizeIterator<Item = u64>) {
    push_varint(out, numbers.len() as u64);
    let mut before = 0;
    for number in numbers {
        push_varint(out, number - before);
        before = number;
    }
}

fn ascended(bytes: &mut &[u8]) -> Option<Vec<u64>> {
    let count = usize::try_from(varint(bytes)?).ok().filter(|count| *count <= bytes.len())?;
    let mut before = 0u64;
    (0..count)
        .map(|_| {
            before = before.checked_add(varint(bytes)?)?;
            Some(before)
        })
        .collect()
}

fn push_varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut n = 0u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        n |= u64::from(first & 0x7f) << shift;
        if *first < 0x80 {
            return Some(n);
        }
    }
    None
}

/// Compressed, behind its length.
fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    push_varint(&mut out, bytes.len() as u64);
    // Memory is the one thing that can be short here; what cannot be unpacked is made again.
    out.extend(compress::pack(bytes).unwrap_or_default());
    out
}

/// What [`pack`] packed.
///
/// # Errors
/// [`StoreError::Damaged`].
pub fn unpack(mut bytes: &[u8]) -> Result<Vec<u8>> {
    let length = varint(&mut bytes).and_then(|n| usize::try_from(n).ok()).filter(|n| *n <= MOST).ok_or_else(damaged)?;
    let unpacked = compress::unpack(bytes, length).map_err(|_| damaged())?;
    if unpacked.len() == length { Ok(unpacked) } else { Err(damaged()) }
}

fn damaged() -> StoreError {
    StoreError::Damaged("a segment of the text index cannot be read; `postern index` makes it again".into())
}

#[cfg(test)]
mod tests {
    use postern_message::Summary;

    use super::*;

    fn add(segment: &mut Segment, n: u32) {
        if n.is_multiple_of(50) {
            return segment.add_opaque(n * 7);
        }
        let mail = format!("From: Ann{n} <ann@example.org>\r\nMessage-ID: <abc{n}def{n}ghi@x>\r\n\r\nNumber {n} of all, 東京.\r\n");
        segment.add(n * 7, &Summary::of(mail.as_bytes()).view(), b"Delivered-To: ann\r\n", mail.as_bytes());
    }

    #[test]
    fn attachments_that_were_left_out_are_added() {
        let mail = |n: u32, name: &str| {
            let lines = format!("number {n} a{}b9f2c7d1", "東".repeat(n as usize % 3));
            format!("Content-Type: application/octet-stream; name={name}\r\nMessage-ID: <{n}@x>\r\n\r\n{lines}").into_bytes()
        };
        let (mut bare, mut whole) = (Segment::default(), Segment::default());
        for n in 1..=100u32 {
            let (without, with) = (mail(n, "a.bin"), mail(n, if n.is_multiple_of(2) { "a.txt" } else { "a.bin" }));
            // Their own names stand in their headers.
            let (without, with) =
                (["Subject: a.txt a.bin\r\n".as_bytes(), &without].concat(), ["Subject: a.txt a.bin\r\n".as_bytes(), &with].concat());
            bare.add(n * 3, &Summary::of(&without).view(), b"", &without);
            whole.add(n * 3, &Summary::of(&with).view(), b"", &with);
        }
        assert_ne!(bare.encode(), whole.encode());
        for n in [7, 2, 100, 100].into_iter().chain(1..=200) {
            let with = mail(n, "a.txt");
            if n.is_multiple_of(2) {
                bare.add_attached(n * 3, &Summary::of(&with).view(), &with);
            }
        }
        assert_eq!(bare.encode(), whole.encode());
    }

    #[test]
    fn what_is_joined_is_what_would_be_made_of_the_living() {
        let (mut first, mut second, mut all) = (Segment::default(), Segment::default(), Segment::default());
        let lives = |n: u32| !n.is_multiple_of(3) && n != 150;
        for n in 1..=300 {
            add(if n <= 150 { &mut first } else { &mut second }, n);
            if lives(n) {
                add(&mut all, n);
            }
        }
        let living: HashSet<u32> = (1..=300).filter(|n| lives(*n)).map(|n| n * 7).collect();
        let mut joined = Segment::default();
        joined.append(first, &living);
        joined.append(second, &living);
        assert_eq!(joined.encode(), all.encode());
        let mut nothing = Segment::default();
        nothing.append(all, &HashSet::new());
        assert_eq!(Segment::decode(&nothing.encode().into_iter().collect()).unwrap().len(), 0);
    }

    #[test]
    fn what_is_written_is_read() {
        let mut segment = Segment::default();
        (1..=300).for_each(|n| add(&mut segment, n));
        let parts: BTreeMap<i64, Vec<u8>> = segment.encode().into_iter().collect();
        let again = Segment::decode(&parts).unwrap();
        assert_eq!((&again.uids, &again.opaque, &again.words), (&segment.uids, &segment.opaque, &segment.words));
        assert_eq!((&again.fields, again.jumble == segment.jumble), (&segment.fields, true));
        assert_eq!(again.encode(), segment.encode());
        assert_eq!(segment.words["NUMBER"].len(), 294);
        for (number, part) in &parts {
            let cut = BTreeMap::from([(*number, part[..part.len() / 2].to_vec())]);
            assert!(Segment::decode(&cut).is_err());
        }
    }
}
