//! The file: frames, each compressed and summed with its number, so that none can be changed, moved
//! or left out unseen, and an end without which the file was cut.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::table::Kind;
use crate::{
    compress,
    error::{Result, StoreError},
};

/// First bytes of every archive.
const MAGIC: &[u8; 16] = b"postern archive\n";
/// The format that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 1;
/// Uncompressed bytes after which a frame of rows is closed.
pub const FRAME: usize = 1 << 20;
/// Uncompressed bytes of a frame at most: a frame and one row of the largest body.
const MAX_FRAME: usize = 512 << 20;
const SUM: usize = 32;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// [`super::Head`] as JSON.
    Head = 1,
    /// [`TableHead`] as JSON: rows of this table follow.
    Table = 2,
    /// Rows of the table.
    Rows = 3,
    /// [`End`] as JSON.
    End = 4,
}

impl FrameKind {
    fn of(number: u8) -> Option<Self> {
        [Self::Head, Self::Table, Self::Rows, Self::End].into_iter().find(|kind| *kind as u8 == number)
    }
}

/// A table's name and columns, as the following rows have them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableHead {
    /// Name.
    pub name: String,
    /// Columns in order.
    pub columns: Vec<(String, Kind)>,
}

/// The end of a whole archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Rows by table.
    pub rows: BTreeMap<String, u64>,
}

/// Writes an archive.
pub struct Writer<W> {
    out: W,
    frames: u64,
    bytes: u64,
}

impl<W: AsyncWrite + Unpin + Send> Writer<W> {
    /// Begins one.
    pub async fn begin(mut out: W) -> Result<Self> {
        out.write_all(MAGIC).await.map_err(StoreError::unavailable)?;
        out.write_all(&FORMAT.to_le_bytes()).await.map_err(StoreError::unavailable)?;
        Ok(Self { out, frames: 0, bytes: MAGIC.len() as u64 + 4 })
    }

    /// Writes a frame.
    pub async fn frame(&mut self, kind: FrameKind, plain: &[u8]) -> Result<()> {
        if plain.len() > MAX_FRAME {
            return Err(StoreError::Refused("a row is too large for an archive".into()));
        }
        let stored = compress::pack(plain).map_err(StoreError::unavailable)?;
        let mut head = Vec::with_capacity(9 + SUM);
        head.push(kind as u8);
        // Both fit: MAX_FRAME bounds them.
        head.extend_from_slice(&u32::try_from(stored.len()).unwrap_or(u32::MAX).to_le_bytes());
        head.extend_from_slice(&u32::try_from(plain.len()).unwrap_or(u32::MAX).to_le_bytes());
        let sum = sum(self.frames, &head, &stored);
        head.extend_from_slice(&sum);
        self.out.write_all(&head).await.map_err(StoreError::unavailable)?;
        self.out.write_all(&stored).await.map_err(StoreError::unavailable)?;
        self.frames += 1;
        self.bytes += (head.len() + stored.len()) as u64;
        Ok(())
    }

    /// Writes a frame of JSON.
    pub async fn json<T: Serialize>(&mut self, kind: FrameKind, value: &T) -> Result<()> {
        let text = serde_json::to_vec(value).map_err(|e| StoreError::Refused(e.to_string()))?;
        self.frame(kind, &text).await
    }

    /// Ends it and gives the output back with the bytes written; flushing it to disk is the caller's.
    pub async fn end(mut self, end: &End) -> Result<(W, u64)> {
        self.json(FrameKind::End, end).await?;
        self.out.flush().await.map_err(StoreError::unavailable)?;
        Ok((self.out, self.bytes))
    }
}

/// Reads an archive; every frame that it gives has its sum.
pub struct Reader<R> {
    from: R,
    frames: u64,
    bytes: u64,
}

impl<R: AsyncRead + Unpin + Send> Reader<R> {
    /// Begins one.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when it is no archive or of a newer format.
    pub async fn begin(mut from: R) -> Result<Self> {
        let mut magic = [0; 20];
        from.read_exact(&mut magic).await.map_err(cut)?;
        let (magic, format) = magic.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(StoreError::Refused("this is no archive of Postern".into()));
        }
        let format = format.try_into().map(u32::from_le_bytes).unwrap_or(u32::MAX);
        if format > FORMAT {
            let text = format!("the archive has format {format} and this version reads up to {FORMAT}: restore with a newer version");
            return Err(StoreError::Refused(text));
        }
        Ok(Self { from, frames: 0, bytes: MAGIC.len() as u64 + 4 })
    }

    /// The next frame.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it was changed or the archive was cut.
    pub async fn frame(&mut self) -> Result<(FrameKind, Vec<u8>)> {
        let mut head = [0; 9 + SUM];
        self.from.read_exact(&mut head).await.map_err(cut)?;
        let (head, expected) = head.split_at(9);
        let number = |from: usize| head.get(from..from + 4).and_then(|b| b.try_into().ok()).map_or(u32::MAX, u32::from_le_bytes) as usize;
        let (stored, plain) = (number(1), number(5));
        // Compression never adds more than this; a damaged length must not make us ask for gigabytes.
        if plain > MAX_FRAME || stored > zstd::zstd_safe::compress_bound(plain) {
            return Err(self.damaged());
        }
        let mut bytes = vec![0; stored];
        self.from.read_exact(&mut bytes).await.map_err(cut)?;
        let kind = head.first().and_then(|kind| FrameKind::of(*kind));
        let (Some(kind), true) = (kind, sum(self.frames, head, &bytes) == *expected) else { return Err(self.damaged()) };
        let decoded = compress::unpack(&bytes, plain).map_err(|_| self.damaged())?;
        if decoded.len() != plain {
            return Err(self.damaged());
        }
        self.frames += 1;
        self.bytes += (9 + SUM + stored) as u64;
        Ok((kind, decoded))
    }

    /// A frame of JSON that must come now.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when another comes.
    pub async fn json<T: DeserializeOwned>(&mut self, wanted: FrameKind) -> Result<T> {
        let (kind, bytes) = self.frame().await?;
        if kind == wanted { self.parse(&bytes) } else { Err(self.damaged()) }
    }

    /// JSON of a frame.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it is none.
    pub fn parse<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T> {
        serde_json::from_slice(bytes).map_err(|_| self.damaged())
    }

    /// Bytes read after the last frame; nothing may follow it.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when something does.
    pub async fn end(mut self) -> Result<u64> {
        match self.from.read(&mut [0; 1]).await {
            Ok(0) => Ok(self.bytes),
            Ok(_) => Err(StoreError::Damaged("something follows the end of the archive".into())),
            Err(e) => Err(StoreError::unavailable(e)),
        }
    }

    /// What to say of the frame that comes next.
    pub fn damaged(&self) -> StoreError {
        StoreError::Damaged(format!("the archive is damaged after byte {}", self.bytes))
    }
}

fn sum(number: u64, head: &[u8], stored: &[u8]) -> [u8; SUM] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&number.to_le_bytes());
    hasher.update(head);
    hasher.update(stored);
    *hasher.finalize().as_bytes()
}

fn cut(error: std::io::Error) -> StoreError {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => StoreError::Damaged("the archive was cut: its end is missing".into()),
        _ => StoreError::unavailable(error),
    }
}
