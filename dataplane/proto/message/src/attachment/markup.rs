//! The text in XML, for a vocabulary that says what elements mean.

use quick_xml::{
    Reader,
    escape::resolve_xml_entity,
    events::{BytesRef, BytesStart, Event},
};

use super::said::Said;

/// Elements within elements; what is nested deeper is no document.
const DEPTH: usize = 512;
/// Attributes of one element that are looked at.
const ATTRIBUTES: usize = 32;
/// Spaces that one element stands for, at most.
const SPACES: usize = 16;

/// What an element means to a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// Nothing by itself.
    Nothing,
    /// What is written directly in it is text, as it stands.
    Text,
    /// A line ends with it.
    Line,
    /// What is written in it at any depth is text, its white space as in XML; a line ends with it.
    Paragraph,
    /// It stands for a character.
    Char(char),
    /// It stands for as many spaces as its attribute `c` says.
    Spaces,
    /// A cell of a table: its attribute `t` says what [`Means::Value`] is, and a line ends with it.
    Cell,
    /// Text, unless its cell says that it means something else.
    Value,
    /// It stands beside the text around it, which goes on behind it: a note, a box.
    Aside,
    /// A reader does not see it, nor what is in it.
    Hidden,
}

/// Adds the text of XML up to the first error. Entities but XML's own five are not known, and what declares any is not read.
pub(super) fn read(xml: &[u8], vocabulary: fn(&str) -> Means, said: &mut Said) {
    if declares(xml) {
        return;
    }
    let mut reader = Reader::from_reader(xml);
    let mut walk = Walk { said, aside: None, open: Vec::new(), asides: 0, hidden: 0, values: true };
    while !walk.said.is_full() && walk.open.len() <= DEPTH {
        match reader.read_event() {
            Ok(Event::Start(element)) => walk.begin(&element, vocabulary),
            Ok(Event::End(_)) => walk.end(),
            Ok(Event::Empty(element)) => {
                walk.begin(&element, vocabulary);
                walk.end();
            }
            Ok(Event::Text(text)) => match text.decode() {
                Ok(text) => walk.text(&text),
                Err(_) => break,
            },
            Ok(Event::CData(text)) => match text.decode() {
                Ok(text) => walk.text(&text),
                Err(_) => break,
            },
            Ok(Event::GeneralRef(reference)) => walk.reference(&reference),
            Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_)) => {}
            Ok(Event::DocType(_) | Event::Eof) | Err(_) => break,
        }
    }
    walk.finish();
}

/// Whether there is a DOCTYPE: documents have none, and those who mean harm do.
fn declares(xml: &[u8]) -> bool {
    memchr::memmem::find_iter(xml, b"<!").any(|at| matches!(xml.get(at + 2), Some(b'D' | b'd')))
}

struct Walk<'s> {
    said: &'s mut Said,
    /// What stands beside the text, until the text has ended.
    aside: Option<Said>,
    /// What is open, and whether what is written there belongs to a paragraph.
    open: Vec<(Means, bool)>,
    /// How many of those that are open stand aside.
    asides: usize,
    /// How many of those that are open are hidden.
    hidden: usize,
    /// Whether values are text, in the cell that is open.
    values: bool,
}

impl Walk<'_> {
    fn begin(&mut self, element: &BytesStart<'_>, vocabulary: fn(&str) -> Means) {
        let means = std::str::from_utf8(element.local_name().into_inner()).map_or(Means::Nothing, vocabulary);
        match means {
            Means::Char(c) => self.push(|said| said.push_char(c)),
            Means::Spaces => {
                let count = attribute(element, b"c").and_then(|count| count.parse().ok()).unwrap_or(1);
                self.push(|said| said.push(&" ".repeat(SPACES.min(count))));
            }
            Means::Cell => self.values = !matches!(attribute(element, b"t").as_deref(), Some("s" | "b" | "e")),
            Means::Aside => self.asides += 1,
            Means::Hidden => self.hidden += 1,
            Means::Nothing | Means::Text | Means::Line | Means::Paragraph | Means::Value => {}
        }
        let in_paragraph = match means {
            Means::Paragraph => true,
            Means::Aside => false,
            _ => self.open.last().is_some_and(|(_, in_paragraph)| *in_paragraph),
        };
        self.open.push((means, in_paragraph));
    }

    fn end(&mut self) {
        match self.open.pop() {
            Some((Means::Line | Means::Paragraph | Means::Cell, _)) => self.push(Said::end_line),
            Some((Means::Aside, _)) => self.asides -= 1,
            Some((Means::Hidden, _)) => self.hidden -= 1,
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        match self.open.last() {
            Some((Means::Text, _)) => self.push(|said| said.push(text)),
            Some((Means::Value, _)) if self.values => self.push(|said| said.push(text)),
            Some((_, true)) => self.push(|said| said.push_collapsed(text)),
            _ => {}
        }
    }

    fn reference(&mut self, reference: &BytesRef<'_>) {
        match reference.resolve_char_ref() {
            Ok(Some(c)) => self.text(c.encode_utf8(&mut [0; 4])),
            Ok(None) => self.text(reference.decode().ok().and_then(|name| resolve_xml_entity(&name)).unwrap_or_default()),
            Err(_) => {}
        }
    }

    fn push(&mut self, add: impl FnOnce(&mut Said)) {
        match self.asides {
            _ if self.hidden > 0 => {}
            0 => add(self.said),
            _ => add(self.aside.get_or_insert_with(|| Said::new(super::TEXT))),
        }
    }

    fn finish(self) {
        if let Some(aside) = self.aside {
            self.said.end_line();
            self.said.push(&aside.into_text());
        }
    }
}

/// An attribute's value, as it is written.
fn attribute(element: &BytesStart<'_>, name: &[u8]) -> Option<String> {
    let mut attributes = element.attributes();
    // They are not compared with each other: that takes the square of their number.
    let found = attributes.with_checks(false).take(ATTRIBUTES).flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    std::str::from_utf8(&found.value).ok().map(str::to_owned)
}
