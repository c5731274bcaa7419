//! Name by name: whether the token of the namespace that claims it is in DNS. What was seen is written to the claims, whose rules
//! decide who holds the name.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use postern_core::{DomainName, Secret};
use postern_projection::dns::{Answer, Question, RecordType, Token};
use postern_store::{
    StoreError,
    directory::claim::{self, Claim, ClaimKind},
};
use rand::{Rng, RngExt};

use super::{Observer, Schedule, pause};
use crate::{
    context::Context,
    watch::{Id, Kind},
};

/// Claims that a token can prove, as a page of SQL has them.
const PAGE: usize = 10_000;
/// Names looked up together.
const TOGETHER: usize = 32;
/// Names taken into hand before the claims are read again.
const ROUND: usize = 256;
/// How often it is seen what is due.
const TICK: Duration = Duration::from_secs(2);

/// Who claims what.
type Key = (String, String);

/// What is remembered between two rounds.
#[derive(Default)]
struct Book {
    schedules: HashMap<Key, Schedule>,
    claims: HashMap<Key, Claim>,
    /// The directory's position at which the claims were read.
    position: Option<i64>,
}

/// Looks until the leadership ends.
pub async fn run(context: &Context, observer: &Observer, installation: &Secret<Vec<u8>>) {
    let subscription = context.cache.subscribe(&[Kind::Domain, Kind::Branding]);
    let (mut book, mut chance) = (Book::default(), context.chance.fork());
    loop {
        // Whoever changed a Domain has perhaps just set its token.
        let touched: BTreeSet<String> = subscription.take().iter().map(|id| id.source(&context.place.cluster).to_string()).collect();
        if let Err(error) = book.round(context, observer, installation, &touched, &mut chance).await {
            tracing::warn!(%error, "ownership cannot be looked at now; trying again");
        }
        if pause(context, TICK).await {
            return;
        }
    }
}

impl Book {
    async fn round(
        &mut self,
        context: &Context,
        observer: &Observer,
        installation: &Secret<Vec<u8>>,
        touched: &BTreeSet<String>,
        chance: &mut impl Rng,
    ) -> Result<(), StoreError> {
        let (now, position) = (context.now(), context.directory.position());
        // Every claim that comes or goes moves the position.
        if self.position != Some(position) {
            let before = std::mem::replace(&mut self.claims, claims(context).await?);
            context.facts.touch(changed_hands(&before, &self.claims));
            self.schedules.retain(|key, _| self.claims.contains_key(key));
            self.position = Some(position);
        }
        for (key, claim) in &self.claims {
            // A name that was proven before the leader began may wait its turn.
            let first = || if claim.proven { Schedule::some_time(now, chance.random()) } else { Schedule::at_once(now) };
            let schedule = self.schedules.entry(key.clone()).or_insert_with(first);
            if !claim.proven && touched.contains(&claim.owner) {
                *schedule = Schedule::at_once(now);
            }
        }
        let mut due: Vec<Key> = self.schedules.iter().filter(|(_, s)| s.is_due(now)).map(|(key, _)| key.clone()).collect();
        due.sort_by_key(|key| self.schedules.get(key).map(Schedule::due));
        due.truncate(ROUND);
        let looked = stream::iter(due).map(|key: Key| async move {
            let found = is_shown(observer, installation, &key).await;
            (key, found)
        });
        let mut looked = looked.buffer_unordered(TOGETHER);
        while let Some((key, found)) = looked.next().await {
            if context.ended.is_cancelled() {
                return Ok(());
            }
            let (Some(claim), Some(schedule)) = (self.claims.get_mut(&key), self.schedules.get_mut(&key)) else { continue };
            *schedule = schedule.looked(found == Some(true), context.now(), chance.random());
            if let Some(found) = found.filter(|found| is_news(claim, *found)) {
                tell(context, claim, found).await?;
                if found {
                    (claim.proven, claim.missing_since) = (true, None);
                }
            }
        }
        Ok(())
    }
}

/// Every name that a token can prove, once a tenant. A pool's addresses are proven by the namespace alone.
async fn claims(context: &Context) -> Result<HashMap<Key, Claim>, StoreError> {
    let (mut all, mut after) = (HashMap::new(), None::<(String, String)>);
    loop {
        let page = claim::to_verify(&context.db, after.as_ref().map(|(name, owner)| (name.as_str(), owner.as_str()))).await?;
        let full = page.len() == PAGE;
        after = page.last().map(|claim| (claim.name.clone(), claim.owner.clone()));
        let provable = page.into_iter().filter(|claim| claim.kind != ClaimKind::PoolAddress);
        all.extend(provable.map(|claim| ((claim.tenant.clone(), claim.name.clone()), claim)));
        if !full {
            return Ok(all);
        }
    }
}

/// Resources that hold a name now and did not, or did and do not: whoever lost it changed nothing, and shall be told all the same.
fn changed_hands(before: &HashMap<Key, Claim>, now: &HashMap<Key, Claim>) -> Vec<Id> {
    let changed = now.iter().filter(|(key, claim)| before.get(*key).is_some_and(|before| before.holds != claim.holds));
    changed.filter_map(|(_, claim)| Id::of_owner(&claim.owner)).collect()
}

/// Whether the token is there; `None` when nobody can say.
async fn is_shown(observer: &Observer, installation: &Secret<Vec<u8>>, (tenant, name): &Key) -> Option<bool> {
    let name = DomainName::parse(name).ok()?;
    let token = Token::new(installation, tenant, &name);
    let question = Question::new(token.place()?, RecordType::Txt);
    match observer.ask(vec![question]).await.pop()?.1 {
        Answer::Records(records) => Some(token.is_in(&records)),
        Answer::None => Some(false),
        Answer::Unknown(_) => None,
    }
}

/// Whether the claims would change, or could: a token that is missing for long lets another take the name.
const fn is_news(claim: &Claim, found: bool) -> bool {
    if found { !claim.proven || claim.missing_since.is_some() } else { claim.proven }
}

async fn tell(context: &Context, claim: &Claim, found: bool) -> Result<(), StoreError> {
    match claim::record_proof(&context.db, &claim.tenant, &claim.name, found, Some(context.epoch), context.now()).await {
        Ok(_) => {}
        // Deleted or vouched for meanwhile.
        Err(StoreError::NotFound(_)) => return Ok(()),
        Err(error) => return Err(error),
    }
    if found != claim.proven || claim.missing_since.is_some() {
        tracing::info!(name = claim.name, namespace = claim.tenant, found, "ownership");
        context.directory.refresh().await?;
    }
    Ok(())
}
