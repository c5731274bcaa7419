//! Documents that are XML in an archive: which entries hold what a reader sees, and what their elements mean.

use super::{
    ALWAYS, RATIO,
    markup::{self, Means},
    said::Said,
    zip,
};

/// Adds the text of a document; `inflated` is what may still come out of archives, and becomes less.
pub(super) fn read(archive: &[u8], inflated: &mut usize, said: &mut Said) {
    let mut left = archive.len().saturating_mul(RATIO).saturating_add(ALWAYS).min(*inflated);
    for entry in zip::entries(archive) {
        let Some(vocabulary) = vocabulary(entry.name) else { continue };
        if left == 0 || said.is_full() {
            break;
        }
        let xml = entry.read(left);
        left -= xml.len();
        *inflated -= xml.len();
        markup::read(&xml, vocabulary, said);
        said.end_line();
    }
}

/// What the elements of an entry mean, by its path; `None` for what is not looked into.
fn vocabulary(path: &[u8]) -> Option<fn(&str) -> Means> {
    let path = std::str::from_utf8(path).ok()?.strip_suffix(".xml")?;
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let vocabulary = match (folder, file.trim_end_matches(|c: char| c.is_ascii_digit())) {
        // Some write document2.xml.
        ("word", "document" | "header" | "footer" | "footnotes" | "endnotes" | "comments") => word,
        ("xl", "sharedStrings" | "comments") | ("xl/worksheets", "sheet") | ("xl/comments", "comment") => sheet,
        ("ppt/slides", "slide") | ("ppt/notesSlides", "notesSlide") | ("ppt/comments", _) => slide,
        ("", "content" | "styles") => open_document,
        _ => return None,
    };
    Some(vocabulary)
}

/// WordprocessingML (ECMA-376 part 1, §17), by names without their prefixes, for those are free.
fn word(element: &str) -> Means {
    match element {
        "t" => Means::Text,
        "p" => Means::Line,
        "tab" => Means::Char('\t'),
        "br" | "cr" => Means::Char('\n'),
        "noBreakHyphen" => Means::Char('-'),
        "txbxContent" => Means::Aside,
        // Stops of tabs; and what is said once more for programs that do not know the first.
        "tabs" | "Fallback" => Means::Hidden,
        _ => Means::Nothing,
    }
}

/// SpreadsheetML (§18). A cell holds its value, or the number of a text in a table of the whole document.
fn sheet(element: &str) -> Means {
    match element {
        "t" => Means::Text,
        "v" => Means::Value,
        "c" => Means::Cell,
        "si" | "comment" => Means::Line,
        // How it is pronounced.
        "rPh" => Means::Hidden,
        _ => Means::Nothing,
    }
}

/// DrawingML (§21.1.2), of slides and notes; `text` is that of a comment.
fn slide(element: &str) -> Means {
    match element {
        "t" => Means::Text,
        "text" => Means::Paragraph,
        "p" => Means::Line,
        "br" => Means::Char('\n'),
        "Fallback" => Means::Hidden,
        _ => Means::Nothing,
    }
}

/// OpenDocument 1.3 part 3, §5 and §6: text stands in paragraphs and headings, its white space as in XML.
fn open_document(element: &str) -> Means {
    match element {
        "p" | "h" => Means::Paragraph,
        "s" => Means::Spaces,
        "tab" => Means::Char('\t'),
        "line-break" => Means::Char('\n'),
        "note" | "annotation" | "text-box" => Means::Aside,
        // What was deleted, and is kept for whoever wants it back.
        "tracked-changes" => Means::Hidden,
        _ => Means::Nothing,
    }
}
