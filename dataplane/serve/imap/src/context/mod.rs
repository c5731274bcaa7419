//! Searches whose results are kept up to date: the contexts of RFC 5267 §4.3.
//!
//! ```text
//!  told ──difference──► newest     messages that are expunged now       REMOVEFROM, then EXPUNGE
//!                                  EXISTS, FETCH (FLAGS …)
//!                                  messages that are new or changed ──► asked again: REMOVEFROM, ADDTO
//! ```
//! A context lives as long as its mailbox is selected. Only what has changed is looked at again, so a program whose answer
//! about a message can change while the message does not (its number, its age) is not followed.

mod places;

use std::collections::HashSet;

use postern_proto_imap::{
    encode::{self, ContextUpdate, Placed},
    types::{Code, Reply, SearchKey, SequenceNumber, SequenceRange, SequenceSet, SortCriterion, Tag},
};

use crate::{
    refused::Refused,
    search::{self, Program},
    selected::{Selected, Told, View, number},
    session::ImapSession,
    sort,
};

/// Contexts of one session.
const MOST: usize = 16;
/// Results that the contexts of one session hold together, if it is more than one: 8 MiB.
const MOST_RESULTS: usize = 2_000_000;
/// Messages that are put into their places one by one; more are sorted with all the others.
const ONE_BY_ONE: usize = 8;

/// A search to be followed.
pub(crate) struct Context {
    /// The tag of its command.
    pub tag: Tag,
    /// It is told in UIDs.
    pub uid: bool,
    /// What is looked for; no filter is left in it.
    pub key: SearchKey,
    /// How a SORT orders it.
    pub order: Option<Vec<SortCriterion>>,
    /// UIDs of what the client knows as the result, in its order.
    pub found: Vec<u32>,
}

/// The contexts of a mailbox that is selected.
#[derive(Default)]
pub(crate) struct Contexts(Vec<Context>);

impl Contexts {
    /// Whether no search is followed.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a search of that tag is followed.
    pub fn has(&self, tag: &Tag) -> bool {
        self.0.iter().any(|context| context.tag == *tag)
    }

    /// Follows one more.
    ///
    /// # Errors
    /// Why it is not followed, in words (RFC 5267 §4.3.1). The first one always is, if it can be at all.
    pub fn add(&mut self, context: Context) -> Result<(), &'static str> {
        if context.key.any(&is_unsteady) {
            return Err("The answer to such a search changes while no message does");
        }
        let results: usize = self.0.iter().map(|context| context.found.len()).sum();
        if !self.is_empty() && (self.0.len() >= MOST || results + context.found.len() > MOST_RESULTS) {
            return Err("Too many searches are kept up to date");
        }
        self.0.push(context);
        Ok(())
    }

    /// Follows these no more (RFC 5267 §4.3.5); false when one of them is not followed, and then nothing is changed.
    pub fn cancel(&mut self, tags: &[Tag]) -> bool {
        let known = tags.iter().all(|tag| self.has(tag));
        if known {
            self.0.retain(|context| !tags.contains(&context.tag));
        }
        known
    }
}

/// Whether the answer to a key depends on more than the message: its number, the last UID, what was saved, the time.
fn is_unsteady(key: &SearchKey) -> bool {
    match key {
        SearchKey::Sequence(_) | SearchKey::Uid(SequenceSet::Saved) | SearchKey::Older(_) | SearchKey::Younger(_) => true,
        SearchKey::Uid(SequenceSet::Ranges(ranges)) => ranges.iter().any(has_largest),
        _ => false,
    }
}

/// Takes messages that are about to be told as expunged out of all results, while their numbers still stand (RFC 5267 §4.3.4).
pub(crate) fn forget(selected: &mut Selected, leaving: &[u32], out: &mut Vec<u8>) {
    let view = selected.view();
    let leaving: HashSet<u32> = leaving.iter().copied().collect();
    for context in &mut selected.contexts.0 {
        let removed = places::removed(&context.found, &leaving, context.order.is_some());
        context.found.retain(|uid| !leaving.contains(uid));
        context.write(&view, removed, Vec::new(), out);
    }
}

/// Asks all searches again about what is new or has changed, and tells what has left and joined their results.
pub(crate) async fn follow(session: &mut ImapSession, told: &Told) {
    let Some(selected) = session.selected.as_deref_mut() else { return };
    if selected.contexts.is_empty() || (told.new.is_empty() && told.changed.is_empty()) {
        return;
    }
    let view = selected.view();
    let contexts = std::mem::take(&mut selected.contexts);
    let mut touched = view.uids(&[told.changed.as_slice(), &told.new].concat());
    touched.sort_unstable();
    let mut followed = Vec::with_capacity(contexts.0.len());
    for mut context in contexts.0 {
        match context.follow(session, &view, &touched).await {
            Ok((removed, added)) => {
                context.write(&view, removed, added, session.server.output());
                followed.push(context);
            }
            Err(Refused(reply)) => {
                tracing::debug!(?reply, "a search is not kept up to date any more");
                let reply = Reply::no("That search is not kept up to date any more").with(Code::NoUpdate(context.tag));
                encode::untagged(session.server.output(), &reply);
            }
        }
    }
    if let Some(selected) = session.selected.as_deref_mut() {
        selected.contexts = Contexts(followed);
    }
}

const fn has_largest(range: &SequenceRange) -> bool {
    matches!(range.start, SequenceNumber::Largest) || matches!(range.end, SequenceNumber::Largest)
}

impl Context {
    /// What the messages touched, by UID, change.
    async fn follow(&mut self, session: &ImapSession, view: &View, touched: &[u32]) -> Result<(Vec<Placed>, Vec<Placed>), Refused> {
        let one = |uid: &u32| SequenceRange { start: SequenceNumber::Number(*uid), end: SequenceNumber::Number(*uid) };
        let among = SearchKey::Uid(SequenceSet::Ranges(touched.iter().map(one).collect()));
        let key = SearchKey::And(vec![among, self.key.clone()]);
        let mut program = Program::new(&key, view, session.shared.store.now())?;
        let matching = view.uids(&search::find(session, view, &mut program).await?);
        let known: HashSet<u32> = self.found.iter().copied().filter(|uid| touched.binary_search(uid).is_ok()).collect();
        let leaving: HashSet<u32> = known.iter().copied().filter(|uid| matching.binary_search(uid).is_err()).collect();
        let joining: Vec<u32> = matching.into_iter().filter(|uid| !known.contains(uid)).collect();
        let removed = places::removed(&self.found, &leaving, self.order.is_some());
        self.found.retain(|uid| !leaving.contains(uid));
        self.join(session, view, &joining).await?;
        Ok((removed, places::added(&self.found, &joining.into_iter().collect(), self.order.is_some())))
    }

    /// Puts messages into their places.
    async fn join(&mut self, session: &ImapSession, view: &View, joining: &[u32]) -> Result<(), Refused> {
        let Some(order) = self.order.as_deref() else {
            self.found.extend(joining);
            self.found.sort_unstable();
            return Ok(());
        };
        if joining.len() > ONE_BY_ONE {
            self.found.extend(joining);
            self.found.sort_unstable();
            let sorted = sort::sort(session, view, view.indexes(&self.found), order).await?;
            self.found = view.uids(&sorted);
            return Ok(());
        }
        for uid in joining {
            let (mut low, mut high) = (0, self.found.len());
            while low < high {
                let middle = usize::midpoint(low, high);
                let mut pair = vec![*uid, self.found.get(middle).copied().unwrap_or(0)];
                pair.sort_unstable();
                let sorted = view.uids(&sort::sort(session, view, view.indexes(&pair), order).await?);
                if sorted.first() == Some(uid) {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            self.found.insert(low, *uid);
        }
        Ok(())
    }

    /// Writes what has changed, in the numbers of the view.
    fn write(&self, view: &View, removed: Vec<Placed>, added: Vec<Placed>, out: &mut Vec<u8>) {
        let numbered = |places: Vec<Placed>| -> Vec<Placed> {
            if self.uid {
                return places;
            }
            let number_of = |uid: u32| view.told.index_of(uid).map(|index| number(index + 1));
            places.into_iter().map(|(place, uids)| (place, uids.into_iter().filter_map(number_of).collect())).collect()
        };
        let (removed, added) = (numbered(removed), numbered(added));
        encode::context_update(out, ContextUpdate { tag: &self.tag, uid: self.uid, removed: &removed, added: &added });
    }
}
