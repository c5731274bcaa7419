//! DKIM keys of the cluster's domains: the quick ones for all first, many at a time, then the slow ones behind everything
//! else, a few at a time where there are cores to spare.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use postern_apply::keys;
use postern_core::{DomainName, directory::DkimAlgorithm};
use postern_crds::domain;
use postern_store::Result;

use crate::{context::Context, queue::Queue, watch::Id};

/// Domains whose quick keys are made in one transaction.
const BATCH: usize = 256;
/// Domains looked at together.
const TOGETHER: usize = 8;
/// Slow keys made at once at most: each takes a core for about half a second.
const SLOW_AT_ONCE: usize = 4;
/// Pause after the database failed.
const PAUSE: Duration = Duration::from_secs(2);

/// What a domain lacks.
struct Missing {
    id: Id,
    domain: DomainName,
    algorithms: Vec<DkimAlgorithm>,
}

/// A key to be made when there is time.
struct Slow {
    id: Id,
    domain: DomainName,
    algorithm: DkimAlgorithm,
}

/// Slow keys in the order in which they were asked for, each once.
#[derive(Default)]
struct Later {
    order: VecDeque<Slow>,
    known: BTreeSet<Id>,
}

/// Makes the keys that are asked for until the leadership ends; who has one is told to `statuses`.
pub async fn run(context: Context, wanted: Queue, statuses: Queue) {
    let mut later = Later::default();
    while !context.ended.is_cancelled() {
        let ids = if later.order.is_empty() {
            tokio::select! {
                ids = wanted.next(BATCH) => ids,
                () = context.ended.cancelled() => return,
            }
        } else {
            wanted.take(BATCH)
        };
        let made = if ids.is_empty() { slow(&context, &mut later).await } else { quick(&context, &ids, &mut later).await };
        match made {
            Ok(made) => statuses.push(made),
            Err(error) => {
                tracing::warn!(%error, "DKIM keys could not be made; trying again");
                wanted.push(ids);
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Makes the quick keys of domains and puts the slow ones off.
async fn quick(context: &Context, ids: &[Id], later: &mut Later) -> Result<Vec<Id>> {
    let missing = stream::iter(ids.to_vec()).map(|id| async move {
        let Some((domain, wanted)) = wanted(context, &id) else { return Ok(None) };
        let algorithms = keys::missing(&context.directory, &id.namespace, &domain, &wanted).await?;
        Ok(Some(Missing { id, domain, algorithms }))
    });
    let missing: Vec<Result<Option<Missing>>> = missing.buffered(TOGETHER).collect().await;
    let (mut now, mut made) = (Vec::new(), Vec::new());
    for found in missing {
        let Some(Missing { id, domain, algorithms }) = found? else { continue };
        for algorithm in algorithms {
            if algorithm == DkimAlgorithm::Ed25519 {
                now.push((id.namespace.to_string(), domain.clone(), algorithm));
                made.push(id.clone());
            } else if later.known.insert(id.clone()) {
                later.order.push_back(Slow { id: id.clone(), domain: domain.clone(), algorithm });
            }
        }
    }
    if !now.is_empty() {
        keys::make_all(&context.directory, now, context.chance.seed(), context.now()).await?;
    }
    Ok(made)
}

/// Makes the next slow keys, and leaves a core to everything else. Those that could not be made wait on.
async fn slow(context: &Context, later: &mut Later) -> Result<Vec<Id>> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let many = cores.saturating_sub(1).clamp(1, SLOW_AT_ONCE).min(later.order.len());
    let next: Vec<Slow> = later.order.drain(..many).collect();
    let making = stream::iter(next).map(|key| async move {
        let made =
            keys::make(&context.directory, &key.id.namespace, &key.domain, key.algorithm, context.chance.seed(), context.now()).await;
        (key, made)
    });
    let (mut told, mut failed) = (Vec::new(), None);
    for (key, made) in making.buffer_unordered(SLOW_AT_ONCE).collect::<Vec<_>>().await {
        match made {
            Ok(()) => {
                later.known.remove(&key.id);
                told.push(key.id);
            }
            Err(error) => {
                later.order.push_front(key);
                failed = Some(error);
            }
        }
    }
    match failed {
        Some(error) if told.is_empty() => Err(error),
        _ => Ok(told),
    }
}

/// The kinds of keys that a Domain asks for.
fn wanted(context: &Context, id: &Id) -> Option<(DomainName, Vec<DkimAlgorithm>)> {
    let tables = context.cache.read();
    let spec = &tables.domains.get(&id.namespace, &id.name)?.object.spec;
    let algorithms = spec.dkim.algorithms.iter().map(|wish| match wish {
        domain::DkimAlgorithm::Rsa2048 => DkimAlgorithm::Rsa2048,
        domain::DkimAlgorithm::Ed25519 => DkimAlgorithm::Ed25519,
    });
    Some((DomainName::parse(&spec.domain).ok()?, algorithms.collect()))
}
