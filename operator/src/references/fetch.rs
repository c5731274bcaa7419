//! Fetching what is referred to, a few at a time, when it is due.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::{Api, api::ObjectMeta};
use postern_projection::Referred;
use tokio::time::{Instant, sleep_until, timeout};

use super::{Key, Known, Owner, References, State, credentials};
use crate::context::Context;

/// Fetches at a time.
const AT_ONCE: usize = 16;
/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often what is there is looked at again.
const AGAIN: Duration = Duration::from_secs(600);
/// Longest pause between looks at what is missing.
const MISSING: Duration = Duration::from_secs(60);
/// Pause after the API server did not answer.
const FAILED: Duration = Duration::from_secs(5);

/// Fetches what is due until the leadership ends.
pub async fn run(context: Context, references: References) {
    while !context.ended.is_cancelled() {
        let now = Instant::now();
        let (due, next) = references.due(now);
        if due.is_empty() {
            tokio::select! {
                () = references.0.wanted.notified() => {}
                () = sleep_until(next) => {}
                () = context.ended.cancelled() => return,
            }
            continue;
        }
        let fetching = stream::iter(due).map(|(key, owner)| {
            let context = &context;
            async move {
                let fetched = timeout(PATIENCE, fetch(context, &key, owner.as_ref())).await;
                (key, owner, fetched)
            }
        });
        let mut fetching = fetching.buffer_unordered(AT_ONCE);
        while let Some((key, owner, fetched)) = fetching.next().await {
            match fetched {
                Ok(Ok(state)) => references.found(&key, owner.as_ref(), state, &context),
                Ok(Err(error)) => {
                    tracing::debug!(%error, namespace = %key.1, name = key.2, "what is referred to was not fetched");
                    references.failed(&key);
                }
                Err(_) => references.failed(&key),
            }
        }
    }
}

impl References {
    /// What is to be fetched now, or when the next will be.
    fn due(&self, now: Instant) -> (Vec<(Key, Option<Owner>)>, Instant) {
        let known = self.known();
        let due = known.iter().filter(|(_, k)| k.due <= now).map(|(key, k)| (key.clone(), k.owner.clone())).collect();
        (due, known.values().map(|k| k.due).min().unwrap_or(now + AGAIN))
    }

    fn found(&self, key: &Key, owner: Option<&Owner>, state: State, context: &Context) {
        let mut all = self.known();
        let Some(known) = all.get_mut(key) else { return };
        known.due = Instant::now() + pause(known, owner, &state, context);
        known.misses = if state == State::Missing { known.misses.saturating_add(1) } else { 0 };
        if known.state == state {
            return;
        }
        known.state = state;
        let users = known.users.clone();
        drop(all);
        self.0.touched.lock().unwrap_or_else(PoisonError::into_inner).extend(users);
        self.0.told.notify_one();
    }

    fn failed(&self, key: &Key) {
        if let Some(known) = self.known().get_mut(key) {
            known.due = Instant::now() + FAILED;
        }
    }
}

fn pause(known: &Known, owner: Option<&Owner>, state: &State, context: &Context) -> Duration {
    match state {
        State::Missing => Duration::from_secs(1 << known.misses.min(6)).min(MISSING),
        _ => match owner.and_then(|owner| owner.rotate_at) {
            Some(at) if at > context.now() => at.since(context.now()).min(AGAIN),
            _ => AGAIN,
        },
    }
}

async fn fetch(context: &Context, key: &Key, owner: Option<&Owner>) -> Result<State, kube::Error> {
    let (kind, namespace, name) = key;
    let secrets = Api::<Secret>::namespaced(context.client.clone(), namespace);
    let maps = Api::<ConfigMap>::namespaced(context.client.clone(), namespace);
    let found = match (kind, owner) {
        (Referred::Secret, Some(owner)) => credentials::ensure(context, namespace, name, owner).await.map(|found| secret(key, found)),
        (Referred::Secret, None) => secrets.get_opt(name).await.map(|found| secret(key, found)),
        (Referred::ConfigMap, _) => maps.get_opt(name).await.map(|found| config_map(key, found)),
    };
    match found {
        Err(kube::Error::Api(status)) if status.code == 403 => Ok(State::Forbidden),
        other => other,
    }
}

/// Without what nobody reads.
fn secret(key: &Key, found: Option<Secret>) -> State {
    let kept = |found: Secret| State::Secret(Arc::new(Secret { metadata: named(key), data: found.data, ..Secret::default() }));
    found.map_or(State::Missing, kept)
}

fn config_map(key: &Key, found: Option<ConfigMap>) -> State {
    let kept =
        |found: ConfigMap| ConfigMap { metadata: named(key), data: found.data, binary_data: found.binary_data, ..ConfigMap::default() };
    found.map_or(State::Missing, |found| State::ConfigMap(Arc::new(kept(found))))
}

fn named((_, namespace, name): &Key) -> ObjectMeta {
    ObjectMeta { name: Some(name.clone()), namespace: Some(namespace.to_string()), ..ObjectMeta::default() }
}
