//! ZIP archives, and documents in them, written as an office suite writes them.

use std::io::Write;

use flate2::{Compression, Crc, write::DeflateEncoder};

/// How entries are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// As they are.
    Stored,
    /// Compressed.
    Deflated,
    /// Compressed, with the sizes behind the octets: by who writes to a stream.
    Streamed,
    /// Said to be encrypted.
    Encrypted,
}

/// An archive of files with their paths.
pub fn zip(how: How, files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (path, octets) in files {
        let mut crc = Crc::new();
        crc.update(octets);
        let packed = match how {
            How::Stored => octets.to_vec(),
            _ => deflated(octets),
        };
        let streamed = how == How::Streamed;
        let flags = u16::from(how == How::Encrypted) | u16::from(streamed) << 3;
        let method: u16 = if how == How::Stored { 0 } else { 8 };
        let sizes = [crc.sum(), size(&packed), size(octets)];
        let common = |sizes: [u32; 3]| {
            let mut common = [20, flags, method, 0, 0x21].into_iter().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
            common.extend(sizes.into_iter().flat_map(u32::to_le_bytes));
            common.extend(u16::try_from(path.len()).expect("a short path").to_le_bytes());
            common
        };
        let offset = size(&out);
        out.extend(b"PK\x03\x04");
        out.extend(common(if streamed { [0; 3] } else { sizes }));
        out.extend([0; 2]);
        out.extend(path.as_bytes());
        out.extend(&packed);
        if streamed {
            out.extend(b"PK\x07\x08");
            out.extend(sizes.into_iter().flat_map(u32::to_le_bytes));
        }
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(common(sizes));
        directory.extend([0; 12]);
        directory.extend(offset.to_le_bytes());
        directory.extend(path.as_bytes());
    }
    let count = u16::try_from(files.len()).unwrap_or(u16::MAX).to_le_bytes();
    let end = [size(&directory).to_le_bytes(), size(&out).to_le_bytes()].concat();
    [&out[..], &directory, b"PK\x05\x06\0\0\0\0", &count, &count, &end, &[0; 2]].concat()
}

/// A text document (OOXML) with a paragraph for each line.
pub fn docx(text: &str) -> Vec<u8> {
    let paragraphs: String = text.lines().map(|line| format!("<w:p><w:r><w:t xml:space=\"preserve\">{line}</w:t></w:r></w:p>")).collect();
    let document = format!("<?xml version=\"1.0\"?><w:document xmlns:w=\"w\"><w:body>{paragraphs}</w:body></w:document>");
    zip(How::Deflated, &[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", document.as_bytes())])
}

/// Octets as DEFLATE makes them smallest.
pub fn deflated(octets: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(octets).expect("room in memory");
    encoder.finish().expect("room in memory")
}

fn size(octets: &[u8]) -> u32 {
    u32::try_from(octets.len()).expect("less than 4 GiB")
}
