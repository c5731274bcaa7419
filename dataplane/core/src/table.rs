//! Columns as `kubectl` prints them: upper-case headings, three spaces between, no lines.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Headings and rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Headings, as they are printed.
    pub columns: Vec<String>,
    /// Cells; a row may be shorter than the headings.
    pub rows: Vec<Vec<String>>,
}

/// Between two columns.
const GAP: &str = "   ";

impl Table {
    /// Headings and no rows.
    #[must_use]
    pub fn new<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Self {
        Self { columns: columns.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }
}

/// Control characters are shown as `?`: a cell may come from a stranger and the reader is a terminal.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<Vec<String>> =
            std::iter::once(&self.columns).chain(&self.rows).map(|row| row.iter().map(|c| plain(c)).collect()).collect();
        let width = |column: usize| lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..lines.iter().map(Vec::len).max().unwrap_or(0)).map(width).collect();
        for line in &lines {
            let mut text = String::new();
            for (cell, width) in line.iter().zip(&widths) {
                text.push_str(&format!("{cell:<width$}{GAP}"));
            }
            writeln!(f, "{}", text.trim_end())?;
        }
        Ok(())
    }
}

/// What strangers wrote, as it may go to a terminal.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_no_line_ends_in_blanks() {
        let mut table = Table::new(["NAME", "READY", "AGE"]);
        table.row(["example.org", "True", "3d"]);
        table.row(["bücher.example", "False", ""]);
        table.row(["x\u{1b}[2J"]);
        assert_eq!(
            table.to_string(),
            "NAME             READY   AGE\n\
             example.org      True    3d\n\
             bücher.example   False\n\
             x?[2J\n"
        );
    }
}
