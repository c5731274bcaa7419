//! One pass over a message: every part with its offsets, in the order in which they stand.
//!
//! The walk reads a header, then looks for the next line that is a boundary of any multipart still open,
//! innermost first. So a message of any nesting is read once, and a part that forgot its closing
//! boundary ends where the multipart around it goes on.

use memchr::memmem::Finder;

use super::{ContentType, MAX_BOUNDARY, MAX_DEPTH, MAX_PARTS, Node, boundaries::Boundaries, parse_content_type};
use crate::summary::Kind;

/// Every part of a message, the root first, and whether a limit was met on the way.
pub(crate) fn walk(message: &[u8]) -> (Vec<Node<'_>>, bool) {
    let mut walk = Walk {
        message,
        nodes: Vec::new(),
        open: Vec::new(),
        boundaries: Boundaries::default(),
        lines: Lines::default(),
        incomplete: false,
    };
    let finder = Finder::new(b"\n--");
    let mut at = walk.begin(0, true);
    while let Some(hit) = walk.next_delimiter(&finder, at) {
        walk.close(hit.level + 1, hit.text_end);
        at = hit.after;
        if hit.closing {
            if let Some(boundary) = walk.open.get_mut(hit.level).and_then(|o| o.boundary.take()) {
                walk.boundaries.close(&boundary);
            }
        } else if walk.nodes.len() >= MAX_PARTS {
            walk.incomplete = true;
            break;
        } else {
            at = walk.begin(at, false);
        }
    }
    walk.close(0, message.len());
    (walk.nodes, walk.incomplete)
}

/// A part whose end is not known yet.
struct Open {
    node: usize,
    /// A multipart's, until its closing delimiter.
    boundary: Option<Vec<u8>>,
    digest: bool,
}

/// A delimiter line found.
struct Delimiter {
    level: usize,
    closing: bool,
    /// Where the text before it ends: the line break before the line belongs to the delimiter.
    text_end: usize,
    after: usize,
}

struct Walk<'m> {
    message: &'m [u8],
    nodes: Vec<Node<'m>>,
    open: Vec<Open>,
    boundaries: Boundaries,
    lines: Lines,
    incomplete: bool,
}

impl<'m> Walk<'m> {
    /// Reads the header at `at` and, while that is of a message/rfc822, the enclosed message's header too.
    /// Returns where to look for the next delimiter.
    fn begin(&mut self, mut at: usize, mut is_message: bool) -> usize {
        loop {
            let body_start = self.header_end(at);
            let digest = self.open.last().is_some_and(|o| o.digest);
            let parent = self.open.last().map(|o| o.node);
            let mut node = Node::read(self.message.get(at..body_start).unwrap_or_default(), is_message);
            (node.parent, node.header_start, node.body_start) = (parent, at, body_start);
            let content_type = node.content_type.take();
            let shape = {
                let parsed = content_type.as_deref().and_then(parse_content_type);
                let identity = node.encoding.as_deref().is_none_or(is_identity);
                self.shape(parsed.as_ref(), digest, identity)
            };
            node.content_type = content_type;
            node.kind = shape.kind;
            node.stand_in = shape.stand_in;
            node.lines = self.lines.before(self.message, body_start);
            let index = self.nodes.len();
            if let Some(parent) = parent.and_then(|p| self.nodes.get_mut(p)) {
                parent.children += 1;
                node.ordinal = parent.children;
            }
            let descend = node.kind == Kind::Message;
            self.nodes.push(node);
            if let Some(boundary) = &shape.boundary {
                self.boundaries.open(boundary, self.open.len());
            }
            self.open.push(Open { node: index, boundary: shape.boundary, digest: shape.digest });
            at = body_start;
            if !descend {
                return at;
            }
            is_message = true;
        }
    }

    /// What a part is, by its Content-Type and by what the limits allow.
    fn shape(&mut self, content_type: Option<&ContentType<'_>>, digest: bool, identity: bool) -> Shape {
        let is = |t: &str, s: &str| {
            content_type.is_some_and(|c| {
                c.media_type.eq_ignore_ascii_case(t.as_bytes()) && (s.is_empty() || c.subtype.eq_ignore_ascii_case(s.as_bytes()))
            })
        };
        let opaque = Shape { kind: Kind::Basic, stand_in: Some(("application", "octet-stream")), boundary: None, digest: false };
        // RFC 2046 §5.1.5: in a digest the default is message/rfc822; elsewhere text/plain (RFC 2045 §5.2).
        let by_default = content_type.is_none();
        let room = self.open.len() + 1 < MAX_DEPTH && self.nodes.len() + 1 < MAX_PARTS;
        if is("message", "rfc822") || is("message", "global") || (by_default && digest) {
            if !room {
                self.incomplete = true;
                return opaque;
            }
            // RFC 2046 §5.2.1 allows no encoding here; what is encoded all the same cannot be looked into.
            if !identity {
                return opaque;
            }
            let stand_in = by_default.then_some(("message", "rfc822"));
            return Shape { kind: Kind::Message, stand_in, boundary: None, digest: false };
        }
        if is("multipart", "") {
            let boundary = content_type.and_then(|c| c.param("boundary")).map(<[u8]>::trim_ascii_end);
            return match boundary {
                Some(b) if !b.is_empty() && b.len() <= MAX_BOUNDARY => {
                    if !room {
                        self.incomplete = true;
                        return opaque;
                    }
                    Shape { kind: Kind::Multipart, stand_in: None, boundary: Some(b.to_vec()), digest: is("multipart", "digest") }
                }
                _ => Shape { kind: Kind::Text, stand_in: Some(("text", "plain")), boundary: None, digest: false },
            };
        }
        if by_default {
            return Shape { kind: Kind::Text, stand_in: Some(("text", "plain")), boundary: None, digest: false };
        }
        Shape { kind: if is("text", "") { Kind::Text } else { Kind::Basic }, stand_in: None, boundary: None, digest: false }
    }

    /// Behind the blank line that ends the header at `at`; a delimiter line ends a header too.
    fn header_end(&self, mut at: usize) -> usize {
        while let Some(rest) = self.message.get(at..) {
            let Some(nl) = memchr::memchr(b'\n', rest) else { break };
            let line = rest.get(..nl).unwrap_or_default();
            if line.is_empty() || line == b"\r" {
                return at + nl + 1;
            }
            if self.boundaries.delimiter(line).is_some() {
                return at;
            }
            at += nl + 1;
        }
        // The last line may be a delimiter without a line break.
        match self.message.get(at..) {
            Some(line) if self.boundaries.delimiter(line).is_some() => at,
            _ => self.message.len(),
        }
    }

    /// The next delimiter line at or after `at`, which begins a line.
    fn next_delimiter(&self, finder: &Finder<'_>, at: usize) -> Option<Delimiter> {
        if self.boundaries.is_empty() {
            return None;
        }
        let mut line_start = if self.message.get(at..)?.starts_with(b"--") { at } else { at + finder.find(self.message.get(at..)?)? + 1 };
        loop {
            let rest = self.message.get(line_start..)?;
            let line_end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            if let Some((level, closing)) = self.boundaries.delimiter(rest.get(..line_end)?) {
                let before = self.message.get(..line_start)?;
                let before = before.strip_suffix(b"\n").unwrap_or(before);
                let text_end = before.strip_suffix(b"\r").unwrap_or(before).len();
                return Some(Delimiter { level, closing, text_end, after: (line_start + line_end + 1).min(self.message.len()) });
            }
            line_start += finder.find(rest)? + 1;
        }
    }

    /// Ends the open parts from `level` inwards at `end`.
    fn close(&mut self, level: usize, mut end: usize) {
        while self.open.len() > level
            && let Some(open) = self.open.pop()
        {
            if let Some(boundary) = &open.boundary {
                self.boundaries.close(boundary);
            }
            let last = self.nodes.len() - 1;
            let Some(node) = self.nodes.get_mut(open.node) else { continue };
            // An empty part may end behind the line break that its delimiter claims.
            end = end.max(node.body_start);
            node.end = end;
            node.lines = self.lines.before(self.message, end).saturating_sub(node.lines);
            node.descendants = last - open.node;
            if node.kind == Kind::Multipart && node.children == 0 {
                // Its boundary never came: all there is to see is text.
                node.kind = Kind::Text;
                node.stand_in = Some(("text", "plain"));
            }
            if !matches!(node.kind, Kind::Text | Kind::Message) {
                node.lines = 0;
            }
        }
    }
}

struct Shape {
    kind: Kind,
    stand_in: Option<(&'static str, &'static str)>,
    boundary: Option<Vec<u8>>,
    digest: bool,
}

/// Counts line feeds once, however many parts ask.
#[derive(Default)]
struct Lines {
    at: usize,
    count: u64,
}

impl Lines {
    /// Line feeds before `to`. `to` never falls behind an earlier one by more than an empty part's line break.
    fn before(&mut self, message: &[u8], to: usize) -> u64 {
        match message.get(self.at..to) {
            Some(new) => {
                self.count += memchr::memchr_iter(b'\n', new).count() as u64;
                self.at = to;
                self.count
            }
            None => self.count - memchr::memchr_iter(b'\n', message.get(to..self.at).unwrap_or_default()).count() as u64,
        }
    }
}

fn is_identity(encoding: &[u8]) -> bool {
    ["", "7bit", "8bit", "binary"].iter().any(|e| encoding.eq_ignore_ascii_case(e.as_bytes()))
}
