//! One fact, as it is written and as it is read.

use std::fmt;

use postern_core::{Timestamp, TraceId};
use serde::Serialize;

use super::Key;
use crate::{
    compress,
    error::{Result, StoreError},
};

/// The most that is kept of a dialogue; the middle of a longer one is of no use to anybody.
const MAX_DIALOGUE: usize = 64 * 1024;

macro_rules! stages {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal;)*) => {
        /// What an event tells. The numbers are on disk: never reuse one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "lowercase")]
        #[repr(i64)]
        pub enum Stage { $($(#[$doc])* $name = $code,)* }

        impl Stage {
            /// The name in logs, metrics and answers.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// From the number on disk; a number of a newer version is none.
            #[must_use]
            pub const fn from_code(code: i64) -> Option<Self> {
                match code { $($code => Some(Self::$name),)* _ => None }
            }
        }
    };
}

stages! {
    /// A message was accepted: the first event of its story.
    Received = 0, "received";
    /// A message, a recipient or a connection was turned away: the first and last event of its story.
    Refused = 1, "refused";
    /// Put into the folders of local boxes.
    Stored = 2, "stored";
    /// Put into the queue.
    Queued = 3, "queued";
    /// An attempt to send, whatever came of it.
    Attempt = 4, "attempt";
    /// The next server took it.
    Delivered = 5, "delivered";
    /// To be tried again.
    Deferred = 6, "deferred";
    /// Given up.
    Bounced = 7, "bounced";
    /// Somebody logged in, or tried to.
    Login = 8, "login";
    /// A connection came or went.
    Connection = 9, "connection";
    /// Held by an operator or by a rule.
    Held = 10, "held";
    /// Let go of a hold.
    Released = 11, "released";
    /// Thrown away by an operator or by a rule.
    Dropped = 12, "dropped";
    /// Sent on under another envelope.
    Forwarded = 13, "forwarded";
    /// A notice (RFC 3464) was written about it.
    Notified = 14, "notified";
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An event to be written.
#[derive(Clone, Debug)]
pub struct EventRow {
    /// The story that it belongs to.
    pub trace: TraceId,
    /// When it happened.
    pub at: Timestamp,
    /// What it is.
    pub stage: Stage,
    /// Who may see it besides the operator.
    pub tenant: Option<String>,
    /// All the rest, a JSON object.
    pub detail: String,
    /// What was said, packed.
    pub dialogue: Option<Dialogue>,
    /// By what it is found. At most four: each is a row.
    pub keys: Vec<Key>,
}

impl EventRow {
    /// An event without tenant, dialogue and keys. A detail that cannot be JSON becomes `null`.
    #[must_use]
    pub fn new(trace: TraceId, at: Timestamp, stage: Stage, detail: &impl Serialize) -> Self {
        let detail = serde_json::to_string(detail).unwrap_or_else(|_| "null".into());
        Self { trace, at, stage, tenant: None, detail, dialogue: None, keys: Vec::new() }
    }

    /// Seen by this tenant.
    #[must_use]
    pub fn of_tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// With the dialogue.
    #[must_use]
    pub fn with_dialogue(mut self, dialogue: Dialogue) -> Self {
        self.dialogue = Some(dialogue);
        self
    }

    /// Found by these keys.
    #[must_use]
    pub fn with_keys(mut self, keys: impl IntoIterator<Item = Key>) -> Self {
        self.keys.extend(keys);
        self
    }
}

/// An event as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Names it within its story; grows with the order of writing.
    pub id: i64,
    /// The story.
    pub trace: TraceId,
    /// When it happened.
    pub at: Timestamp,
    /// What it is; `None` is a stage of a newer version.
    pub stage: Option<Stage>,
    /// Who may see it besides the operator.
    pub tenant: Option<String>,
    /// A JSON object.
    pub detail: String,
    /// What was said, when it was kept and asked for.
    pub dialogue: Option<Dialogue>,
}

/// What client and server said, compressed where it was made and not under the database's lock.
#[derive(Clone, PartialEq, Eq)]
pub struct Dialogue(Vec<u8>);

impl Dialogue {
    /// Packs a dialogue; what exceeds 64 KiB is left out. `None` when the packer cannot be had.
    #[must_use]
    pub fn pack(text: &[u8]) -> Option<Self> {
        let text = text.get(..MAX_DIALOGUE).unwrap_or(text);
        compress::pack(text).ok().map(Self)
    }

    /// The dialogue as it was.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it does not unpack.
    pub fn unpack(&self) -> Result<Vec<u8>> {
        compress::unpack(&self.0, MAX_DIALOGUE).map_err(|e| StoreError::Damaged(format!("dialogue: {e}")))
    }

    pub(super) fn packed(&self) -> &[u8] {
        &self.0
    }

    pub(super) const fn from_packed(packed: Vec<u8>) -> Self {
        Self(packed)
    }
}

impl fmt::Debug for Dialogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dialogue({} octets packed)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialogue_comes_back_and_is_bounded() {
        let said = b"C: EHLO a.example\r\nS: 250 b.example\r\n".repeat(10);
        let packed = Dialogue::pack(&said).unwrap();
        assert!(packed.packed().len() < said.len() / 2);
        assert_eq!(packed.unpack().unwrap(), said);
        assert_eq!(Dialogue::pack(&vec![b'x'; MAX_DIALOGUE * 2]).unwrap().unpack().unwrap().len(), MAX_DIALOGUE);
        assert!(matches!(Dialogue::from_packed(b"nonsense".to_vec()).unpack(), Err(StoreError::Damaged(_))));
    }

    #[test]
    fn stages_are_known_again() {
        for code in 0..15 {
            assert_eq!(Stage::from_code(code).map(|s| s as i64), Some(code));
        }
        assert_eq!(Stage::from_code(15), None);
    }
}
