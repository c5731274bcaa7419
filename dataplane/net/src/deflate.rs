//! DEFLATE around a connection's bytes (RFC 4978), between TLS and the session.
//!
//! What a connection may hold is bounded. Outward it holds nothing: a compressor belongs to the
//! thread, as read buffers do, and begins anew with every write, so no part of an answer refers to
//! one before it and the block that a flush ends stands alone. Inward it holds the decompressor, whose
//! window of 32 KiB the client chooses to use, and one read of at most 64 KiB until the session has taken
//! what was in it: a bomb comes out in pieces that are limits like any other input's.

use std::{cell::RefCell, io};

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::scratch::Filled;

/// Spare compressors that a thread keeps, of some 300 KiB each.
const SPARE: usize = 2;
/// Room added to the output at a time.
const STEP: usize = 16 * 1024;

thread_local! {
    static POOL: RefCell<Vec<Compress>> = const { RefCell::new(Vec::new()) };
}

/// The compressed side of one connection.
#[derive(Debug)]
pub(crate) struct Deflate {
    inward: Decompress,
    /// What was read and is not taken in yet: octets, and how many are done.
    pending: Option<(Filled, usize)>,
    /// The decompressor filled all the room that it had: there may be more in it.
    more: bool,
}

impl Deflate {
    pub(crate) fn new() -> Self {
        // Raw blocks, without a zlib header (RFC 4978 §3).
        Self { inward: Decompress::new(false), pending: None, more: false }
    }

    /// What came from the network; only when [`Deflate::inflate`] has no more.
    pub(crate) fn feed(&mut self, bytes: Filled) {
        self.pending = Some((bytes, 0));
    }

    /// The next octets that the client meant, into `space`; 0 when the network must be read first.
    ///
    /// # Errors
    /// When what the client sends is not DEFLATE, or says that it ends.
    pub(crate) fn inflate(&mut self, space: &mut [u8]) -> io::Result<usize> {
        loop {
            let rest = self.pending.as_ref().and_then(|(bytes, done)| bytes.get(*done..)).unwrap_or_default();
            if rest.is_empty() && !self.more {
                self.pending = None;
                return Ok(0);
            }
            let (read, written) = (self.inward.total_in(), self.inward.total_out());
            let status = self.inward.decompress(rest, space, FlushDecompress::Sync).map_err(io::Error::other)?;
            let (read, written) = (advance(read, self.inward.total_in()), advance(written, self.inward.total_out()));
            if let Some((_, done)) = &mut self.pending {
                *done += read;
            }
            self.more = written == space.len();
            match status {
                // RFC 4978 says nothing of an end: the connection's is the only one.
                Status::StreamEnd => return Err(io::Error::new(io::ErrorKind::InvalidData, "the compressed stream ended")),
                _ if written > 0 => return Ok(written),
                _ if read == 0 => self.more = false,
                _ => {}
            }
            if read == 0 && written == 0 {
                self.pending = None;
                return Ok(0);
            }
        }
    }
}

fn advance(before: u64, after: u64) -> usize {
    usize::try_from(after.saturating_sub(before)).unwrap_or(usize::MAX)
}

/// Octets as they go to the client, complete: it needs nothing more to read them all.
///
/// # Errors
/// Never in practice: the compressor has all the room that it asks for.
pub(crate) fn pack(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut compress = POOL.with_borrow_mut(Vec::pop).unwrap_or_else(|| Compress::new(Compression::fast(), false));
    compress.reset();
    let mut out = Vec::with_capacity(bytes.len() / 3 + 64);
    loop {
        let done = advance(0, compress.total_in());
        compress.compress_vec(bytes.get(done..).unwrap_or_default(), &mut out, FlushCompress::Sync).map_err(io::Error::other)?;
        // A flush that left room has written everything.
        if out.len() < out.capacity() && advance(0, compress.total_in()) == bytes.len() {
            break;
        }
        out.reserve(STEP);
    }
    // A thread that ends has no pool any more.
    let _ = POOL.try_with(|pool| {
        let mut pool = pool.borrow_mut();
        if pool.len() < SPARE {
            pool.push(compress);
        }
    });
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(bytes: &[u8]) -> Filled {
        Filled::take()
            .fill(|space| {
                space[..bytes.len()].copy_from_slice(bytes);
                Ok::<_, ()>(bytes.len())
            })
            .unwrap()
    }

    /// All that a peer reads, with as much room as it has.
    fn read(deflate: &mut Deflate, wire: &[u8], step: usize, room: usize) -> Vec<u8> {
        let mut seen = Vec::new();
        for piece in wire.chunks(step.max(1)) {
            deflate.feed(filled(piece));
            let mut space = vec![0; room];
            loop {
                match deflate.inflate(&mut space).unwrap() {
                    0 => break,
                    n => seen.extend_from_slice(&space[..n]),
                }
            }
        }
        seen
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_is_packed_comes_out_however_it_is_cut(
            writes in prop::collection::vec(prop_oneof![
                prop::collection::vec(any::<u8>(), 0..400),
                "[ -~]{1,40}".prop_map(|text| text.repeat(700).into_bytes()),
            ], 1..5),
            step in 1usize..5_000,
            room in 1usize..3_000,
        ) {
            let mut peer = Deflate::new();
            for write in writes {
                let wire = pack(&write).unwrap();
                prop_assert!(wire.len() < write.len() + 64);
                // After each write everything is there: no octet waits for the next one.
                prop_assert_eq!(read(&mut peer, &wire, step, room), write);
            }
        }

        #[test]
        fn nothing_that_comes_makes_it_panic_or_spin(wire in prop::collection::vec(any::<u8>(), 0..2_000)) {
            let (mut peer, mut space) = (Deflate::new(), [0; 100]);
            peer.feed(filled(&wire));
            for _ in 0..1_000_000 {
                match peer.inflate(&mut space) {
                    Ok(0) | Err(_) => return Ok(()),
                    Ok(_) => {}
                }
            }
            prop_assert!(false, "it goes on for ever");
        }
    }

    #[test]
    fn a_bomb_comes_out_in_pieces() {
        let wire = pack(&vec![0; 30 << 20]).unwrap();
        assert!(wire.len() < 1 << 20);
        let (mut peer, mut space, mut seen) = (Deflate::new(), vec![0; 64 * 1024], 0);
        for piece in wire.chunks(60_000) {
            peer.feed(filled(piece));
            loop {
                match peer.inflate(&mut space).unwrap() {
                    0 => break,
                    n => seen += n,
                }
            }
        }
        assert_eq!(seen, 30 << 20);
    }
}
