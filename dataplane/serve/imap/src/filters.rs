//! Named filters in searches (RFC 5466): each `FILTER name` gives way to what the filter of that name holds.
//!
//! A filter is an entry of the box itself, `/private/filters/values/NAME` or the same under `/shared`; the private one
//! goes before. It is read when a search names it and may name others: how deep, and how many keys come of it, is bounded.

use std::borrow::Cow;

use postern_proto_imap::{
    parse,
    types::{Code, Dialect, FilterName, MAX_SEARCH_KEYS, Reply, SearchKey},
};
use postern_store::mail::annotation::{Annotation, BOX, SHARED};

use crate::{refused::Refused, session::ImapSession};

/// Filters that may stand in one another.
const DEEPEST: usize = 8;

/// The key with its filters put in.
///
/// # Errors
/// `NO [UNDEFINED-FILTER name]` for one that is not there, `NO [CANNOT]` for one that is no search, `NO [LIMIT]` when they
/// lead to one another or come to too much; as the store says.
pub(crate) async fn resolve<'k>(session: &ImapSession, key: &'k SearchKey) -> Result<Cow<'k, SearchKey>, Refused> {
    if !key.any(&|key| matches!(key, SearchKey::Filter(_))) {
        return Ok(Cow::Borrowed(key));
    }
    let me = session.account()?;
    let entries = session.boxes().annotations(me, BOX, me).await?;
    let dialect = session.server.dialect();
    let whole = Expansion { entries: &entries, dialect, budget: MAX_SEARCH_KEYS }.of(key, DEEPEST)?;
    if dialect.uid_only && whole.uses_sequence_numbers() {
        return Err(Refused(Reply::bad("By UID only, as was enabled").with(Code::UidRequired)));
    }
    Ok(Cow::Owned(whole))
}

struct Expansion<'e> {
    entries: &'e [Annotation],
    dialect: Dialect,
    budget: usize,
}

impl Expansion<'_> {
    fn of(&mut self, key: &SearchKey, depth: usize) -> Result<SearchKey, Refused> {
        const TOO_MUCH: &str = "The filters come to more than a search may hold";
        self.budget = self.budget.checked_sub(1).ok_or_else(|| Refused::no(Code::Limit, TOO_MUCH))?;
        let mut inside = |key: &SearchKey| self.of(key, depth).map(Box::new);
        Ok(match key {
            SearchKey::Not(key) => SearchKey::Not(inside(key)?),
            SearchKey::Fuzzy(key) => SearchKey::Fuzzy(inside(key)?),
            SearchKey::Or(a, b) => SearchKey::Or(inside(a)?, inside(b)?),
            SearchKey::And(keys) => SearchKey::And(keys.iter().map(|key| self.of(key, depth)).collect::<Result<_, _>>()?),
            SearchKey::Filter(name) => {
                let deeper =
                    depth.checked_sub(1).ok_or_else(|| Refused::no(Code::Limit, "Filters lead from one to the other without end"))?;
                let held = parse::filter(self.value(name)?, self.dialect);
                let held = held.map_err(|_| Refused::no(Code::Cannot, "What the filter holds is no search"))?;
                self.of(&held, deeper)?
            }
            plain => plain.clone(),
        })
    }

    /// RFC 5466 §3.1: a private filter goes before a shared one of that name.
    fn value(&self, name: &FilterName) -> Result<&[u8], Refused> {
        let entry = name.entry();
        let named = || self.entries.iter().filter(|each| each.entry == entry);
        let found = named().find(|each| each.viewer != SHARED).or_else(|| named().next());
        found.map(|each| each.value.as_slice()).ok_or_else(|| Refused::no_such_filter(name))
    }
}
