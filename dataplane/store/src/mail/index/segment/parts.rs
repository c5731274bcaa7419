//! A segment as parts, and back: its head, its words, its lists.

use std::collections::BTreeMap;

use super::{
    FIELDS, HEAD, JUMBLE, LISTS, ROW, ROWS_A_PART, Segment, WORDS,
    column::{each_cell, encode_column},
    number::{ascended, ascending, damaged, pack, unpack},
};
use crate::{error::Result, mail::index::token::ROWS};

/// Octets of lists that one part takes before the next begins.
const LISTS_A_PART: usize = 8 * 1024;

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
