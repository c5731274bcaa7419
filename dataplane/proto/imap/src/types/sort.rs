//! What SORT and THREAD ask for (RFC 5256), and the forest that THREAD answers with.

use super::{SearchKey, SearchReturn};

/// `sort-key` (RFC 5256 §5, RFC 5957 §5, RFC 6203 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// `ARRIVAL`: the internal date.
    Arrival,
    /// `CC`: the first address's local part.
    Cc,
    /// `DATE`: when it was sent (RFC 5256 §2.2).
    Date,
    /// `DISPLAYFROM`: the first name in From, or the address (RFC 5957 §3).
    DisplayFrom,
    /// `DISPLAYTO`.
    DisplayTo,
    /// `FROM`: the first address's local part.
    From,
    /// `RELEVANCY`: how well it matches a fuzzy search (RFC 6203 §5).
    Relevancy,
    /// `SIZE`.
    Size,
    /// `SUBJECT`: the base subject (RFC 5256 §2.1).
    Subject,
    /// `TO`: the first address's local part.
    To,
}

impl SortKey {
    /// Each key with its name.
    pub const NAMES: [(Self, &'static str); 10] = [
        (Self::Arrival, "ARRIVAL"),
        (Self::Cc, "CC"),
        (Self::Date, "DATE"),
        (Self::DisplayFrom, "DISPLAYFROM"),
        (Self::DisplayTo, "DISPLAYTO"),
        (Self::From, "FROM"),
        (Self::Relevancy, "RELEVANCY"),
        (Self::Size, "SIZE"),
        (Self::Subject, "SUBJECT"),
        (Self::To, "TO"),
    ];
}

/// `sort-criterion = ["REVERSE" SP] sort-key`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortCriterion {
    /// What is compared.
    pub key: SortKey,
    /// From the largest to the smallest.
    pub reverse: bool,
}

/// `sort = ["UID" SP] "SORT" [search-return-opts] SP sort-criteria SP search-criteria` (RFC 5256 §5, RFC 5267 §3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortArgs {
    /// `UID SORT`: the answer holds UIDs.
    pub uid: bool,
    /// The options after RETURN; `None` asks for the SORT response.
    pub result: Option<SearchReturn>,
    /// From the most important on; at least one.
    pub criteria: Vec<SortCriterion>,
    /// What to find.
    pub key: SearchKey,
}

/// `thread-alg` (RFC 5256 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadAlgorithm {
    /// `ORDEREDSUBJECT`.
    OrderedSubject,
    /// `REFERENCES`.
    References,
}

/// `thread = ["UID" SP] "THREAD" SP thread-alg SP search-criteria` (RFC 5256 §5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadArgs {
    /// `UID THREAD`: the answer holds UIDs.
    pub uid: bool,
    /// How to thread.
    pub algorithm: ThreadAlgorithm,
    /// What to find.
    pub key: SearchKey,
}

/// Threads: trees that share one list of nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forest {
    /// All nodes, in any order.
    pub nodes: Vec<ThreadNode>,
    /// The first messages of the threads, as indexes into the nodes, in the order of the answer.
    pub roots: Vec<usize>,
}

/// A message in its thread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThreadNode {
    /// Its sequence number or UID; `None` for a message that others refer to and that is not there.
    pub number: Option<u32>,
    /// What answers it, as indexes into the nodes, in the order of the answer.
    pub children: Vec<usize>,
}
