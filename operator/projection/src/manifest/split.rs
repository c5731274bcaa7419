//! Cuts a file at its document markers, before any YAML is parsed: a marker at the left edge is one wherever it
//! stands (YAML 1.2.2 §9.1.2), so a syntax error cannot swallow what comes after it.

/// A document's text, its marker included.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Document<'a> {
    /// The text.
    pub text: &'a str,
    /// Line of the file on which it begins, from 1.
    pub line: u32,
}

/// The documents that hold more than comments, blank lines, directives and markers.
pub(super) fn documents(text: &str) -> Vec<Document<'_>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut out = Vec::new();
    let (mut start, mut start_line, mut at) = (0, 1, 0);
    for (number, line) in (1u32..).zip(text.split_inclusive('\n')) {
        if is_marker(line, "---") {
            push(&mut out, text.get(start..at).unwrap_or_default(), start_line);
            (start, start_line) = (at, number);
        }
        at += line.len();
    }
    push(&mut out, text.get(start..).unwrap_or_default(), start_line);
    out
}

fn push<'a>(out: &mut Vec<Document<'a>>, text: &'a str, line: u32) {
    let empty = text.lines().all(|l| {
        let rest = l.trim_start();
        rest.is_empty() || rest.starts_with('#') || l.starts_with('%') || l.trim_end() == "---" || is_marker(l, "...")
    });
    if !empty {
        out.push(Document { text, line });
    }
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_at_the_left_edge_only() {
        let text = "# head\n---\na: 1\n--- # next\nb: |\n  ---\n  x\n---\n# nothing\n---x: 1\n";
        let got: Vec<_> = documents(text).into_iter().map(|d| (d.line, d.text)).collect();
        assert_eq!(got, [(2, "---\na: 1\n"), (4, "--- # next\nb: |\n  ---\n  x\n"), (8, "---\n# nothing\n---x: 1\n")]);
    }
}
