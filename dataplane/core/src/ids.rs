//! Ids: 63-bit numbers that grow with time and are unique by construction.
//!
//! 41 bits of milliseconds since 2024, 10 bits of node, 12 bits of sequence. A process leases its
//! node number from the database at start, so no two live processes make the same id, and rows
//! written together lie together in an index. An id is a name, never a secret.

use std::{
    fmt,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use crate::{Clock, Timestamp};

/// 2024-01-01T00:00:00Z in milliseconds.
const EPOCH_MS: i64 = 1_704_067_200_000;
/// How many node numbers there are.
pub const NODES: u16 = 1024;
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl $name {
            /// When it was made, to the millisecond, by the clock of who made it.
            #[must_use]
            pub const fn made_at(self) -> Timestamp {
                Timestamp(((self.0 >> 22) + EPOCH_MS) * 1_000)
            }
        }

        /// Thirteen characters of base 32 (Crockford's alphabet, lower case).
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&encode(self.0))
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                decode(s).map(Self).ok_or(NotAnId)
            }
        }
    };
}

id!(
    /// An account: an address with storage.
    AccountId
);
id!(
    /// A folder of an account.
    FolderId
);
id!(
    /// A stored mail of an account, whatever folders it stands in.
    MessageId
);
id!(
    /// A body in the blob store.
    BlobId
);
id!(
    /// One message's way through Postern: all its events carry it. Also the id in `Received`.
    TraceId
);
id!(
    /// A queue row: one recipient of one message.
    QueueId
);

/// Text that is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id has thirteen letters and digits")]
pub struct NotAnId;

fn encode(id: i64) -> String {
    let id = id.cast_unsigned();
    (0..13).rev().map(|i| char::from(ALPHABET[(id >> (5 * i) & 31) as usize])).collect()
}

fn decode(text: &str) -> Option<i64> {
    if text.len() != 13 {
        return None;
    }
    let id = text.bytes().try_fold(0u64, |id, b| {
        let digit = ALPHABET.iter().position(|a| *a == b.to_ascii_lowercase())?;
        id.checked_mul(32)?.checked_add(digit as u64)
    })?;
    i64::try_from(id).ok()
}

/// Makes ids. Clones share one sequence.
#[derive(Clone, Debug)]
pub struct IdSource {
    clock: Arc<dyn Clock>,
    node: i64,
    last: Arc<Mutex<i64>>,
}

impl IdSource {
    /// A source for the process that holds `node` (taken modulo [`NODES`]).
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, node: u16) -> Self {
        Self { clock, node: i64::from(node % NODES), last: Arc::default() }
    }

    /// The next id; never the same twice, and never smaller than the one before even when the clock
    /// steps back.
    #[must_use]
    pub fn next(&self) -> i64 {
        let now = (self.clock.now().millis() - EPOCH_MS).max(0) << 12;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = now.max(*last + 1);
        let (ms, seq) = (*last >> 12, *last & 0xfff);
        (ms << 22) | (self.node << 12) | seq
    }

    /// A new message id.
    #[must_use]
    pub fn message(&self) -> MessageId {
        MessageId(self.next())
    }

    /// A new blob id.
    #[must_use]
    pub fn blob(&self) -> BlobId {
        BlobId(self.next())
    }

    /// A new trace id.
    #[must_use]
    pub fn trace(&self) -> TraceId {
        TraceId(self.next())
    }

    /// A new queue id.
    #[must_use]
    pub fn queue(&self) -> QueueId {
        QueueId(self.next())
    }

    /// A new account id.
    #[must_use]
    pub fn account(&self) -> AccountId {
        AccountId(self.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TestClock;

    #[test]
    fn grows_even_when_the_clock_stands_or_steps_back() {
        let clock = Arc::new(TestClock::at(Timestamp::from_secs(1_800_000_000)));
        let ids = IdSource::new(clock.clone(), 7);
        let mut last = 0;
        for i in 0..10_000 {
            if i == 5_000 {
                clock.set(Timestamp::from_secs(1_700_000_000));
            }
            let id = ids.next();
            assert!(id > last);
            last = id;
        }
    }

    #[test]
    fn an_id_tells_when_it_was_made() {
        let at = Timestamp::from_secs(1_800_000_000);
        let ids = IdSource::new(Arc::new(TestClock::at(at)), 1023);
        assert_eq!(ids.trace().made_at(), at);
    }

    #[test]
    fn two_nodes_never_meet() {
        let clock: Arc<dyn Clock> = Arc::new(TestClock::at(Timestamp::from_secs(1_800_000_000)));
        let (a, b) = (IdSource::new(clock.clone(), 1), IdSource::new(clock, 2));
        let a: std::collections::HashSet<i64> = (0..5_000).map(|_| a.next()).collect();
        assert!((0..5_000).all(|_| !a.contains(&b.next())));
    }

    #[test]
    fn text_comes_back() {
        let id = TraceId(0x0123_4567_89ab_cdef);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("zzzzzzzzzzzzz".parse::<TraceId>(), Err(NotAnId));
        assert_eq!("short".parse::<TraceId>(), Err(NotAnId));
    }
}
