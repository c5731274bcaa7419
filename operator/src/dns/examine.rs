//! Domain by Domain: which records are expected, which are there, and what that means.

use std::{collections::HashMap, time::Duration};

use futures_util::{StreamExt, stream};
use postern_core::{DomainName, Secret, Timestamp, directory::DkimAlgorithm};
use postern_crds::Domain;
use postern_projection::dns::{Answers, Diagnosis, DkimRecord, Parts, Site, Token, dkim_text, expected, questions};
use postern_store::directory::DkimState;
use rand::RngExt;

use super::{ANNOTATION_CHECK, Observer, Schedule, pause, site};
use crate::{
    context::Context,
    watch::{Id, Kind},
};

/// Domains looked at together.
const TOGETHER: usize = 16;
/// Domains taken into hand before it is seen what changed.
const ROUND: usize = 64;
/// Rounds of questions of one look: SPF leads on, and no further than this.
const STEPS: usize = 24;
/// How often it is seen what is due.
const TICK: Duration = Duration::from_secs(1);
/// How long what is known of the installation holds.
const SITE: Duration = Duration::from_secs(30);

/// What is remembered of a Domain between two looks.
struct Known {
    schedule: Schedule,
    /// What would be looked at anew at once if it changed: generation and annotation.
    stamp: (i64, String),
    /// What stays known while nobody can say.
    answers: Answers,
}

/// Looks until the leadership ends.
pub async fn run(context: &Context, observer: &Observer, installation: &Secret<Vec<u8>>) {
    let subscription = context.cache.subscribe(&[Kind::Domain]);
    let (mut book, mut listed) = (HashMap::<Id, Known>::new(), false);
    let mut known_site: Option<(Site, Timestamp)> = None;
    let mut chance = context.chance.fork();
    loop {
        let now = context.now();
        let changed = subscription.take();
        if !listed && context.cache.is_complete() {
            listed = true;
            let all: Vec<Id> = context.cache.read().domains.iter().map(|(id, _)| id).collect();
            all.iter().for_each(|id| take_in(context, &mut book, id, now));
        }
        changed.iter().for_each(|id| take_in(context, &mut book, id, now));
        if known_site.as_ref().is_none_or(|(_, since)| now.since(*since) >= SITE) {
            known_site = site(context, observer).await.map(|site| (site, now));
        }
        if let Some((site, _)) = &known_site {
            let mut due: Vec<Id> = book.iter().filter(|(_, known)| known.schedule.is_due(now)).map(|(id, _)| id.clone()).collect();
            due.sort_by_key(|id| book.get(id).map(|known| known.schedule.due()));
            due.truncate(ROUND);
            let before = due.into_iter().map(|id| {
                let answers = book.get(&id).map(|known| known.answers.clone()).unwrap_or_default();
                (id, answers)
            });
            let before: Vec<_> = before.collect();
            let looks = stream::iter(before).map(|(id, before)| look(context, observer, site, installation, id, before));
            let mut looks = looks.buffer_unordered(TOGETHER);
            while let Some((id, looked)) = looks.next().await {
                if context.ended.is_cancelled() {
                    return;
                }
                let Some(known) = book.get_mut(&id) else { continue };
                let settled = looked.as_ref().is_some_and(|(diagnosis, _)| diagnosis.is_settled());
                known.schedule = known.schedule.looked(settled, context.now(), chance.random());
                if let Some((diagnosis, answers)) = looked {
                    known.answers = answers;
                    context.facts.set_dns(&id, diagnosis);
                }
            }
        }
        context.metrics.waiting("dns", book.values().filter(|known| known.schedule.is_due(now)).count(), Duration::ZERO);
        if pause(context, TICK).await {
            return;
        }
    }
}

/// What a Domain is wanted to be decides when it is looked at: at once when that changed.
fn take_in(context: &Context, book: &mut HashMap<Id, Known>, id: &Id, now: Timestamp) {
    let stamp = {
        let tables = context.cache.read();
        tables.domains.get(&id.namespace, &id.name).map(|entry| {
            let metadata = &entry.object.metadata;
            let asked = metadata.annotations.as_ref().and_then(|all| all.get(ANNOTATION_CHECK)).cloned();
            (metadata.generation.unwrap_or_default(), asked.unwrap_or_default())
        })
    };
    match (stamp, book.get_mut(id)) {
        (None, _) => {
            book.remove(id);
            context.facts.forget(id);
        }
        (Some(stamp), Some(known)) if known.stamp == stamp => {}
        (Some(stamp), Some(known)) => (known.stamp, known.schedule) = (stamp, Schedule::at_once(now)),
        (Some(stamp), None) => {
            book.insert(id.clone(), Known { schedule: Schedule::at_once(now), stamp, answers: Answers::default() });
        }
    }
}

/// One look at one Domain; `None` when it is gone, or its database is.
async fn look(
    context: &Context,
    observer: &Observer,
    site: &Site,
    installation: &Secret<Vec<u8>>,
    id: Id,
    before: Answers,
) -> (Id, Option<(Diagnosis, Answers)>) {
    let object = context.cache.read().domains.get(&id.namespace, &id.name).map(|entry| entry.object.clone());
    let Some((object, name)) = object.and_then(|object| Some((object.clone(), DomainName::parse(&object.spec.domain).ok()?))) else {
        return (id, None);
    };
    let parts = keys(context, &id, &name).await;
    let pool = context.directory.pool_for(&name).await.ok().flatten();
    let wanted = expected(&name, &object.spec, Parts { site, dkim: &parts, pool: pool.as_deref() });
    let mut fresh = Answers::default();
    for _ in 0..STEPS {
        let open = questions(&name, &wanted, &fresh);
        if open.is_empty() || context.ended.is_cancelled() {
            break;
        }
        for (question, answer) in observer.ask(open).await {
            fresh.learn(question, answer);
        }
    }
    let answers = before.renewed(fresh);
    let host = mail_host(&object, site);
    let verification = Token::new(installation, &id.namespace, &name).verification();
    let diagnosis = Diagnosis::of(&name, &host, &wanted, &answers, Some(verification), context.now());
    (id, Some((diagnosis, answers)))
}

fn mail_host(object: &Domain, site: &Site) -> DomainName {
    object.spec.hosts.mail.as_ref().and_then(|host| DomainName::parse(host).ok()).unwrap_or_else(|| site.host.clone())
}

/// Records of the keys that sign, are about to, or did so lately; those of a domain that another holds are none of ours.
async fn keys(context: &Context, id: &Id, name: &DomainName) -> Vec<DkimRecord> {
    let held = context.directory.domain(name).await.ok().flatten().is_some_and(|entry| *entry.record.tenant == *id.namespace);
    let keys = if held { context.directory.dkim_keys(name).await.ok() } else { None };
    let published = keys.iter().flat_map(|keys| keys.iter()).filter(|key| key.state != DkimState::Retired);
    let record = |selector: &str, algorithm: DkimAlgorithm, public: &[u8]| DkimRecord {
        selector: selector.to_owned(),
        text: dkim_text(algorithm, public),
    };
    published.map(|key| record(&key.selector, key.algorithm, &key.public)).collect()
}
