//! Names that the server gives to mailboxes, messages and threads (RFC 8474).

use std::fmt;

/// `objectid = 1*255(ALPHA / DIGIT / "_" / "-")` (RFC 8474 §4), compared octet by octet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectId(String);

/// Text that is not an object's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an object id has 1 to 255 letters, digits, _ or -")]
pub struct NotAnObjectId;

impl ObjectId {
    /// Checks an id.
    ///
    /// # Errors
    /// [`NotAnObjectId`] when it is empty, too long, or holds another character.
    pub fn new(text: String) -> Result<Self, NotAnObjectId> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        if (1..=255).contains(&text.len()) && text.bytes().all(allowed) { Ok(Self(text)) } else { Err(NotAnObjectId) }
    }

    /// The id of an object that the store counts: a letter for its kind, then numbers.
    #[must_use]
    pub fn of_numbers(kind: char, numbers: &[i64]) -> Self {
        debug_assert!(kind.is_ascii_alphabetic());
        let numbers: Vec<String> = numbers.iter().map(|n| format!("{n:x}")).collect();
        Self(format!("{kind}{}", numbers.join("-")))
    }

    /// The id on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_the_grammar() {
        // RFC 8474 §4.1, §5.1
        for good in ["F2212ea87-6097-4256-9d51-71338625", "M6d99ac3275bb4e", "T64b478a75b7ea9"] {
            assert!(ObjectId::new(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a.b", "ä", &"x".repeat(256)] {
            assert_eq!(ObjectId::new(bad.to_owned()), Err(NotAnObjectId), "{bad}");
        }
        assert_eq!(ObjectId::of_numbers('F', &[255, 1]).as_str(), "Fff-1");
    }
}
