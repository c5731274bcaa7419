//! What cert-manager's issuers will be asked, written where every process of the web role can answer it (RFC 8555 §8.3).

use std::{collections::BTreeMap, pin::pin, time::Duration};

use futures_util::StreamExt;
use kube::{
    Api, ResourceExt,
    runtime::{
        WatchStreamExt,
        watcher::{self, Event, watcher},
    },
};
use postern_store::directory;

use super::kinds::Challenge;
use crate::context::Context;

/// How long an answer is given unless it is written anew: a leader that is gone leaves nothing for long.
const LIFE: Duration = Duration::from_secs(3_600);
/// How often answers are written anew.
const ANEW: Duration = Duration::from_secs(600);
/// Pause after the database failed.
const RETRY: Duration = Duration::from_secs(2);

/// Writes until the leadership ends.
pub async fn run(context: &Context) {
    let api: Api<Challenge> = Api::namespaced(context.client.clone(), &context.place.namespace);
    let mut events = pin!(watcher(api, watcher::Config::default()).default_backoff());
    let (mut all, mut listing) = (BTreeMap::<String, Challenge>::new(), BTreeMap::new());
    let mut pause = ANEW;
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = tokio::time::sleep(pause) => None,
            () = context.ended.cancelled() => return,
        };
        match event {
            Some(Ok(Event::Init)) => {
                listing.clear();
                continue;
            }
            Some(Ok(Event::InitApply(challenge))) => {
                listing.insert(challenge.name_any(), challenge);
                continue;
            }
            Some(Ok(Event::InitDone)) => all = std::mem::take(&mut listing),
            Some(Ok(Event::Apply(challenge))) => drop(all.insert(challenge.name_any(), challenge)),
            Some(Ok(Event::Delete(challenge))) => drop(all.remove(&challenge.name_any())),
            Some(Err(error)) => {
                tracing::debug!(%error, "challenges cannot be watched; is cert-manager installed?");
                continue;
            }
            None if all.is_empty() => continue,
            None => {}
        }
        pause = match context.directory.set_challenges(&answers(context, &all), context.epoch).await {
            Ok(()) => ANEW,
            Err(error) => {
                tracing::warn!(%error, "answers to challenges cannot be written; trying again");
                RETRY
            }
        };
    }
}

fn answers(context: &Context, all: &BTreeMap<String, Challenge>) -> Vec<directory::Challenge> {
    let until = context.now() + LIFE;
    let open = all.values().filter(|challenge| {
        let over = challenge.status.as_ref().is_some_and(|s| matches!(s.state.as_str(), "valid" | "invalid" | "expired" | "errored"));
        challenge.spec.type_ == "HTTP-01" && !challenge.spec.token.is_empty() && !over
    });
    let answer = |c: &Challenge| directory::Challenge { token: c.spec.token.clone(), answer: c.spec.key.clone(), until };
    // Two orders may ask one thing.
    let by_token: BTreeMap<String, directory::Challenge> = open.map(|c| (c.spec.token.clone(), answer(c))).collect();
    by_token.into_values().collect()
}
