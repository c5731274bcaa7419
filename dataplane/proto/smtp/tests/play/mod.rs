//! Reads transcripts: `#` cites, `!` sets, `C:`/`S:` are lines, `C+` is raw text with escapes, `C*n` is n letters.

use std::{fs, path::PathBuf};

/// One line of a transcript: its mark and the rest.
pub struct Line {
    pub mark: String,
    pub text: String,
    pub at: String,
}

/// Every transcript of a folder, by name.
pub fn transcripts(folder: &str) -> Vec<(String, Vec<Line>)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts").join(folder);
    let mut files: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| (file.file_stem().unwrap().to_string_lossy().into_owned(), read(&file))).collect()
}

fn read(file: &PathBuf) -> Vec<Line> {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.starts_with("# RFC "), "{file:?} must cite its RFC on line 1");
    let name = file.file_name().unwrap().to_string_lossy();
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.starts_with('#') && !line.is_empty())
        .map(|(n, line)| {
            let length = if line.starts_with(['C', 'S', 'E', 'R']) { 2 } else { 1 };
            let (mark, text) = line.split_at(length);
            Line { mark: mark.to_owned(), text: text.strip_prefix(' ').unwrap_or(text).to_owned(), at: format!("{name}:{}", n + 1) }
        })
        .collect()
}

impl Line {
    /// The octets that a `C` or `S` line stands for.
    pub fn octets(&self) -> Vec<u8> {
        match self.mark.as_str() {
            "C+" => unescape(&self.text),
            "C*" => vec![b'x'; self.text.parse().unwrap()],
            _ => format!("{}\r\n", self.text).into_bytes(),
        }
    }

    /// Whether `said` is this line; a `*` at the end stands for anything.
    pub fn expect(&self, said: Option<&str>) {
        let fits = match (self.text.strip_suffix('*'), said) {
            (Some(start), Some(said)) => said.starts_with(start),
            (None, Some(said)) => said == self.text,
            _ => false,
        };
        assert!(fits, "{}: expected {:?}, got {said:?}", self.at, self.text);
    }
}

fn unescape(text: &str) -> Vec<u8> {
    text.replace("\\r", "\r").replace("\\n", "\n").replace("\\0", "\0").into_bytes()
}

/// Takes the first line of `output`.
pub fn first_line(output: &mut Vec<u8>) -> Option<String> {
    let end = output.windows(2).position(|w| w == b"\r\n")?;
    let line: Vec<u8> = output.drain(..end + 2).collect();
    Some(String::from_utf8_lossy(&line[..end]).into_owned())
}
