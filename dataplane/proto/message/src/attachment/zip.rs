//! Entries of a ZIP archive, read where they lie.
//!
//! A library that reads archives makes a list of all entries first, names and all, as many as the archive says there are, and knows
//! of encryption, five ways of compression and archives over several files. A document needs a walk over its directory and DEFLATE,
//! which is `flate2`'s. Checksums are not looked at: what can be read of a damaged document is worth finding.

use std::io::Read;

use flate2::bufread::DeflateDecoder;

/// Entries of one archive that are looked at.
const ENTRIES: usize = 4_096;
/// The end of the directory, without the comment that may follow.
const END: usize = 22;
/// An entry's place in the directory, without its names.
const CENTRAL: usize = 46;
/// What stands before an entry's octets, without its names.
const LOCAL: usize = 30;
/// The directory's end is looked for as far from the end of the file as a comment can push it.
const COMMENT: usize = 0xffff;

/// A file in an archive.
pub(super) struct Entry<'z> {
    /// Its path, as it is written.
    pub(super) name: &'z [u8],
    method: usize,
    packed: &'z [u8],
}

impl Entry<'_> {
    /// Its octets, as many as there are up to the first damage, and no more than `most`.
    pub(super) fn read(&self, most: usize) -> Vec<u8> {
        let mut out = Vec::new();
        match self.method {
            0 => out.extend_from_slice(self.packed.get(..self.packed.len().min(most)).unwrap_or_default()),
            8 => {
                // What was unpacked before an error stays.
                let _ = DeflateDecoder::new(self.packed).take(most as u64).read_to_end(&mut out);
            }
            _ => {}
        }
        out
    }
}

/// The files of an archive that are not encrypted, in the order of its directory. An archive whose directory cannot be read (that of
/// ZIP64 included, which no document needs) has none.
pub(super) fn entries(archive: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    let mut directory = Directory::find(archive);
    let mut left = ENTRIES;
    std::iter::from_fn(move || {
        left = left.checked_sub(1)?;
        directory.as_mut()?.next()
    })
    .flatten()
}

struct Directory<'z> {
    /// From where offsets count.
    archive: &'z [u8],
    rest: &'z [u8],
}

impl<'z> Directory<'z> {
    fn find(archive: &'z [u8]) -> Option<Self> {
        let tail = archive.len().saturating_sub(END + COMMENT);
        let end = tail + memchr::memmem::rfind(archive.get(tail..)?, b"PK\x05\x06")?;
        let [octets, offset] = [12, 16].map(|at| number(archive.get(end..).unwrap_or_default(), at, 4));
        let start = end.checked_sub(octets?)?;
        // What stands before an archive, a program that unpacks it for example, is not counted.
        Some(Self { archive: archive.get(start.checked_sub(offset?)?..)?, rest: archive.get(start..end)? })
    }

    /// The next place in the directory; inside, `None` for a file that is not to be had.
    fn next(&mut self) -> Option<Option<Entry<'z>>> {
        let place = self.rest.strip_prefix(b"PK\x01\x02").map(|_| self.rest)?;
        let [name, extra, comment] = [28, 30, 32].map(|at| number(place, at, 2));
        let name_end = CENTRAL + name?;
        self.rest = place.get(name_end + extra? + comment?..)?;
        Some(self.entry(place, place.get(CENTRAL..name_end)?))
    }

    fn entry(&self, place: &'z [u8], name: &'z [u8]) -> Option<Entry<'z>> {
        let encrypted = number(place, 8, 2)? & 1 != 0;
        let local = self.archive.get(number(place, 42, 4)?..).filter(|local| !encrypted && local.starts_with(b"PK\x03\x04"))?;
        let start = LOCAL + number(local, 26, 2)? + number(local, 28, 2)?;
        let packed = local.get(start..start.checked_add(number(place, 20, 4)?)?)?;
        Some(Entry { name, method: number(place, 10, 2)?, packed })
    }
}

/// A number of so many octets, little end first.
fn number(bytes: &[u8], at: usize, octets: usize) -> Option<usize> {
    let octets = bytes.get(at..at + octets)?;
    Some(octets.iter().rev().fold(0, |number, octet| number << 8 | usize::from(*octet)))
}
