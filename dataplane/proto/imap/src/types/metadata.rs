//! Names of annotations and what is asked of them (RFC 5464).

/// `entry` (RFC 5464 §3.2): a path that begins with `/private` or `/shared`, case-insensitive, kept in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryName {
    shared: bool,
    path: String,
}

/// Text that names no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an entry is a path below /private or /shared of up to 1000 printable ASCII characters, without * and % and empty components")]
pub struct NotAnEntryName;

impl EntryName {
    /// Longest name, in octets.
    pub const MAX: usize = 1000;

    /// Checks and folds a name.
    ///
    /// # Errors
    /// [`NotAnEntryName`].
    pub fn new(name: &[u8]) -> Result<Self, NotAnEntryName> {
        // RFC 5464 §3.2: no *, no %, no octet outside 0x20–0x7e, no two slashes together, none at the end.
        let clean = name.len() <= Self::MAX && name.iter().all(|b| matches!(b, 0x20..=0x7e) && !matches!(b, b'*' | b'%'));
        let name = std::str::from_utf8(name).map_err(|_| NotAnEntryName)?.to_ascii_lowercase();
        let (shared, path) = if let Some(path) = name.strip_prefix("/private") {
            (false, path)
        } else {
            (true, name.strip_prefix("/shared").ok_or(NotAnEntryName)?)
        };
        let whole = path.is_empty() || (path.starts_with('/') && path.split('/').skip(1).all(|component| !component.is_empty()));
        if clean && whole { Ok(Self { shared, path: path.to_owned() }) } else { Err(NotAnEntryName) }
    }

    /// From its two halves, as the store keeps them.
    #[must_use]
    pub fn of(shared: bool, path: &str) -> Self {
        Self { shared, path: path.to_ascii_lowercase() }
    }

    /// Seen by everybody who sees the mailbox, or by one.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        self.shared
    }

    /// What follows `/private` or `/shared`; empty for those two, which have no value themselves.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole name.
    #[must_use]
    pub fn to_wire(&self) -> String {
        format!("{}{}", if self.shared { "/shared" } else { "/private" }, self.path)
    }

    /// Whether `other` is this entry or lies at most so deep below it.
    #[must_use]
    pub fn covers(&self, other: &Self, depth: Depth) -> bool {
        let Some(below) = (self.shared == other.shared).then(|| other.path.strip_prefix(self.path.as_str())).flatten() else {
            return false;
        };
        if below.is_empty() {
            return true;
        }
        below.starts_with('/')
            && match depth {
                Depth::Zero => false,
                Depth::One => !below.get(1..).is_some_and(|rest| rest.contains('/')),
                Depth::Infinity => true,
            }
    }
}

/// `DEPTH` (RFC 5464 §4.2.2): how far below the named entries to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// Only those named.
    #[default]
    Zero,
    /// Those directly below too.
    One,
    /// All below.
    Infinity,
}

/// What GETMETADATA asks (RFC 5464 §4.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetadataQuery {
    /// `MAXSIZE`: values longer than this are not sent.
    pub max_size: Option<u64>,
    /// `DEPTH`.
    pub depth: Depth,
    /// The entries.
    pub entries: Vec<EntryName>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (given, kept) in [
            ("/private/comment", "/private/comment"),
            ("/SHARED/Vendor/X", "/shared/vendor/x"),
            ("/shared", "/shared"),
            ("/private/a b", "/private/a b"),
        ] {
            assert_eq!(EntryName::new(given.as_bytes()).unwrap().to_wire(), kept);
        }
        for bad in
            ["", "/", "/comment", "/private/", "/shared//a", "/shared/a/", "/private/*", "/private/%", "/private/\u{e4}", "/privatex"]
        {
            assert_eq!(EntryName::new(bad.as_bytes()), Err(NotAnEntryName), "{bad}");
        }
    }

    #[test]
    fn depth() {
        let name = |text: &str| EntryName::new(text.as_bytes()).unwrap();
        let filters = name("/private/filters/values");
        assert!(filters.covers(&filters, Depth::Zero));
        assert!(!filters.covers(&name("/private/filters/values/small"), Depth::Zero));
        assert!(filters.covers(&name("/private/filters/values/small"), Depth::One));
        assert!(!filters.covers(&name("/private/filters/values/a/b"), Depth::One));
        assert!(filters.covers(&name("/private/filters/values/a/b"), Depth::Infinity));
        assert!(!filters.covers(&name("/private/filters/valuesx"), Depth::Infinity));
        assert!(!filters.covers(&name("/shared/filters/values"), Depth::Infinity));
    }
}
