//! What SEARCH may ask: a tree of keys of bounded depth.

use super::{Date, Dialect, FilterName, Keyword, ObjectId, PartialRange, SequenceSet, SystemFlags, UidSet};

/// Deepest nesting of NOT, OR and parentheses; more is BAD.
pub const MAX_SEARCH_DEPTH: usize = 32;
/// Most keys in one search, counted over the whole tree; more is BAD.
pub const MAX_SEARCH_KEYS: usize = 4096;

/// Which date a key compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateField {
    /// The internal date: when it arrived.
    Internal,
    /// The Date: header field.
    Sent,
    /// When it came into this mailbox (RFC 8514 §4.3).
    Saved,
}

/// Header fields with keys of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvelopeField {
    /// `FROM`.
    From,
    /// `TO`.
    To,
    /// `CC`.
    Cc,
    /// `BCC`.
    Bcc,
    /// `SUBJECT`.
    Subject,
}

/// `search-key` (RFC 9051 §9). Texts are UTF-8 whatever the client's charset was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchKey {
    /// `ALL`, and `OLD` where nothing is ever recent.
    All,
    /// `RECENT` and `NEW`: `\Recent` is never set (RFC 9051 Appendix E).
    Nothing,
    /// `SEEN`, `UNSEEN` and their like: the flag is set or not.
    Flag(SystemFlags, bool),
    /// `KEYWORD`, `UNKEYWORD`.
    Keyword(Keyword, bool),
    /// `BEFORE`, `SENTBEFORE`: earlier than the day.
    Before(DateField, Date),
    /// `ON`, `SENTON`: within the day.
    On(DateField, Date),
    /// `SINCE`, `SENTSINCE`: within the day or later.
    Since(DateField, Date),
    /// `OLDER n`: at least so many seconds old (RFC 5032).
    Older(u32),
    /// `YOUNGER n`: at most so many seconds old (RFC 5032).
    Younger(u32),
    /// `LARGER n`: more octets than.
    Larger(u64),
    /// `SMALLER n`: fewer octets than.
    Smaller(u64),
    /// `EMAILID id` (RFC 8474 §6).
    EmailId(ObjectId),
    /// `THREADID id` (RFC 8474 §6).
    ThreadId(ObjectId),
    /// `MODSEQ n`: at least this mod-sequence (RFC 7162 §3.1.5).
    ModSeq(u64),
    /// `FROM`, `TO`, `CC`, `BCC`, `SUBJECT`: the field contains the text.
    Envelope(EnvelopeField, String),
    /// `HEADER name text`: such a field contains the text; an empty text asks only for the field.
    Header {
        /// Field name as written.
        name: String,
        /// Text to find.
        text: String,
    },
    /// `BODY text`.
    Body(String),
    /// `TEXT text`: header or body.
    Text(String),
    /// A set of sequence numbers.
    Sequence(SequenceSet),
    /// `UID set`.
    Uid(SequenceSet),
    /// `NOT key`.
    Not(Box<Self>),
    /// `OR key key`.
    Or(Box<Self>, Box<Self>),
    /// Several keys, all of which must hold.
    And(Vec<Self>),
    /// `FUZZY key`: texts in it need not match exactly (RFC 6203 §3).
    Fuzzy(Box<Self>),
    /// `FILTER name`: what the filter of that name holds stands in its place (RFC 5466 §3.1).
    Filter(FilterName),
}

impl SearchKey {
    /// Whether the key, or one inside it, compares by sequence number.
    #[must_use]
    pub fn uses_sequence_numbers(&self) -> bool {
        self.any(&|key| matches!(key, Self::Sequence(_)))
    }

    /// Whether it may compare by sequence number, be it in a filter: expunges must then wait (RFC 9051 §7.5.1).
    #[must_use]
    pub fn may_use_sequence_numbers(&self) -> bool {
        self.any(&|key| matches!(key, Self::Sequence(_) | Self::Filter(_)))
    }

    /// Whether MODSEQ is among the keys: the answer then ends in the highest one found (RFC 7162 §3.1.6).
    #[must_use]
    pub fn asks_modseq(&self) -> bool {
        self.any(&|key| matches!(key, Self::ModSeq(_)))
    }

    /// Whether the key, or one inside it, is such a key.
    pub fn any(&self, such: &impl Fn(&Self) -> bool) -> bool {
        such(self)
            || match self {
                Self::Not(key) | Self::Fuzzy(key) => key.any(such),
                Self::Or(a, b) => a.any(such) || b.any(such),
                Self::And(keys) => keys.iter().any(|key| key.any(such)),
                _ => false,
            }
    }
}

/// `search-return-opts` (RFC 9051 §6.4.4): what the answer holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SearchReturn {
    /// `MIN`: the lowest match.
    pub min: bool,
    /// `MAX`: the highest match.
    pub max: bool,
    /// `ALL`: every match.
    pub all: bool,
    /// `COUNT`: how many.
    pub count: bool,
    /// `SAVE`: keep the result for `$` (RFC 5182).
    pub save: bool,
    /// `PARTIAL`: a page of the matches (RFC 9394 §3.1, RFC 5267 §4.4).
    pub partial: Option<PartialRange>,
    /// `RELEVANCY`: how well each matches (RFC 6203 §4).
    pub relevancy: bool,
    /// `CONTEXT`: the client will search for this again (RFC 5267 §4.2); a hint.
    pub context: bool,
    /// `UPDATE`: tell of changes to the result (RFC 5267 §4.3).
    pub update: bool,
}

/// `search = "SEARCH" [search-return-opts] SP search-program` (RFC 9051 §9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchArgs {
    /// `UID SEARCH`: the answer holds UIDs.
    pub uid: bool,
    /// The options after RETURN; `None` when there was no RETURN.
    pub result: Option<SearchReturn>,
    /// What to find.
    pub key: SearchKey,
}

impl SearchArgs {
    /// What ESEARCH answers; `None` asks for the SEARCH response of rev1.
    #[must_use]
    pub fn answer(&self, dialect: Dialect) -> Option<SearchReturn> {
        // RFC 9051 §6.4.4: after ENABLE IMAP4rev2 every search is answered by ESEARCH, as if by RETURN (ALL).
        self.result.or_else(|| dialect.rev2.then(|| SearchReturn { all: true, ..SearchReturn::default() }))
    }
}

impl SearchReturn {
    /// What SAVE keeps of the uids found, which come in the order of the result (RFC 9051 §6.4.4.4): all of them, unless
    /// only MIN, MAX or PARTIAL were asked for (RFC 9394 §3.3).
    #[must_use]
    pub fn kept(self, found: &[u32]) -> UidSet {
        if self.all || self.count || !(self.min || self.max || self.partial.is_some()) {
            return sorted(found.to_vec());
        }
        let min = found.first().filter(|_| self.min);
        let max = found.last().filter(|_| self.max);
        let page = self.partial.and_then(|page| found.get(page.of(found.len()))).unwrap_or_default();
        sorted(min.into_iter().chain(max).chain(page).copied().collect())
    }

    /// Whether SAVE alone was asked for: then no ESEARCH is sent at all (RFC 5182 §2.1).
    #[must_use]
    pub const fn is_silent(self) -> bool {
        self.save && !(self.min || self.max || self.all || self.count || self.partial.is_some())
    }
}

fn sorted(mut uids: Vec<u32>) -> UidSet {
    uids.sort_unstable();
    uids.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn save_keeps_what_the_options_ask_for() {
        let kept = |result: SearchReturn| result.kept(&[3, 5, 9]).iter().collect::<Vec<_>>();
        let save = SearchReturn { save: true, ..SearchReturn::default() };
        assert_eq!(kept(save), [3, 5, 9]);
        assert_eq!(kept(SearchReturn { min: true, ..save }), [3]);
        assert_eq!(kept(SearchReturn { min: true, max: true, ..save }), [3, 9]);
        assert_eq!(kept(SearchReturn { min: true, count: true, ..save }), [3, 5, 9]);
        // RFC 9394 §3.3: with PARTIAL the page is kept, and what MIN and MAX name.
        let page = SearchReturn { partial: Some(PartialRange { from_end: true, first: 1, last: 2 }), ..save };
        assert_eq!(kept(page), [5, 9]);
        assert_eq!(kept(SearchReturn { min: true, ..page }), [3, 5, 9]);
        assert_eq!(kept(SearchReturn { count: true, ..page }), [3, 5, 9]);
        // The order of a SORT decides what is first.
        assert_eq!(SearchReturn { min: true, ..save }.kept(&[9, 3, 5]).iter().collect::<Vec<_>>(), [9]);
        assert!(save.is_silent());
    }
}
