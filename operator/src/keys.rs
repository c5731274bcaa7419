//! DKIM keys of the cluster's domains: the quick ones for all first, then the slow ones, one at a time and behind
//! everything else.

use std::{collections::VecDeque, time::Duration};

use postern_apply::keys;
use postern_core::{DomainName, directory::DkimAlgorithm};
use postern_crds::domain;
use postern_store::{Result, StoreError};

use crate::{context::Context, queue::Queue, watch::Id};

/// Pause after the database failed.
const PAUSE: Duration = Duration::from_secs(2);

/// A key to be made when there is time.
struct Slow {
    id: Id,
    domain: DomainName,
    algorithm: DkimAlgorithm,
}

/// Makes the keys that are asked for until the leadership ends; who has one is told to `statuses`.
pub async fn run(context: Context, wanted: Queue, statuses: Queue) {
    let mut slow: VecDeque<Slow> = VecDeque::new();
    while !context.ended.is_cancelled() {
        let ids = if slow.is_empty() {
            tokio::select! {
                ids = wanted.next(1) => ids,
                () = context.ended.cancelled() => return,
            }
        } else {
            wanted.take(1)
        };
        let made = match ids.into_iter().next() {
            Some(id) => match quick(&context, &id, &mut slow).await {
                Ok(()) => Ok(id),
                Err(error) => {
                    wanted.push([id]);
                    Err(error)
                }
            },
            None => match slow.front() {
                Some(key) => {
                    let made =
                        keys::make(&context.directory, &key.id.namespace, &key.domain, key.algorithm, context.chance.seed(), context.now())
                            .await;
                    made.map(|()| slow.pop_front().map(|key| key.id)).and_then(|id| id.ok_or(StoreError::NotFound("the key in hand")))
                }
                None => continue,
            },
        };
        match made {
            Ok(id) => statuses.push([id]),
            Err(error) => {
                tracing::warn!(%error, "a DKIM key could not be made; trying again");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Makes a domain's quick keys and puts the slow ones off.
async fn quick(context: &Context, id: &Id, slow: &mut VecDeque<Slow>) -> Result<()> {
    let Some((domain, wanted)) = wanted(context, id) else { return Ok(()) };
    for algorithm in keys::missing(&context.directory, &id.namespace, &domain, &wanted).await? {
        if algorithm == DkimAlgorithm::Ed25519 {
            keys::make(&context.directory, &id.namespace, &domain, algorithm, context.chance.seed(), context.now()).await?;
        } else if !slow.iter().any(|key| key.id == *id && key.algorithm == algorithm) {
            slow.push_back(Slow { id: id.clone(), domain: domain.clone(), algorithm });
        }
    }
    Ok(())
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
