//! Text as it is put together, up to a size.

/// A text that grows up to a limit; what does not fit is left out.
pub(super) struct Said {
    text: String,
    most: usize,
}

impl Said {
    pub(super) const fn new(most: usize) -> Self {
        Self { text: String::new(), most }
    }

    /// Adds as much as fits.
    pub(super) fn push(&mut self, text: &str) {
        let mut fits = text.len().min(self.most - self.text.len());
        while !text.is_char_boundary(fits) {
            fits -= 1;
        }
        self.text.push_str(text.get(..fits).unwrap_or_default());
        if fits < text.len() {
            self.most = self.text.len();
        }
    }

    pub(super) fn push_char(&mut self, c: char) {
        self.push(c.encode_utf8(&mut [0; 4]));
    }

    /// Begins a line, if something stands in this one.
    pub(super) fn end_line(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.push("\n");
        }
    }

    /// Adds text whose white space is written as XML is: a run of it is one space.
    pub(super) fn push_collapsed(&mut self, text: &str) {
        let blank = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
        let mut rest = text;
        while let Some(at) = rest.find(blank) {
            let (before, after) = rest.split_at(at);
            self.push(before);
            if !self.text.is_empty() && !self.text.ends_with(blank) {
                self.push(" ");
            }
            rest = after.trim_start_matches(blank);
        }
        self.push(rest);
    }

    /// Whether nothing more fits.
    pub(super) const fn is_full(&self) -> bool {
        self.text.len() >= self.most
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_left_out() {
        let mut said = Said::new(5);
        said.push("aé");
        assert!(!said.is_full());
        said.push("東");
        assert!(said.is_full());
        // Nothing follows what is missing.
        said.push("x");
        assert_eq!(said.into_text(), "aé");
    }

    #[test]
    fn white_space_of_xml_is_one_space() {
        let mut said = Said::new(100);
        for text in [" \n a\t\tb ", " c", "d\n"] {
            said.push_collapsed(text);
        }
        assert_eq!(said.into_text(), "a b cd ");
    }
}
