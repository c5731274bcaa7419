//! The watches themselves: one task a kind, each with its own back-off, none of which ends before the process.

use std::pin::pin;

use futures_util::StreamExt;
use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api, Client, Resource,
    core::DeserializeGuard,
    runtime::{
        WatchStreamExt,
        watcher::{self, Event, watcher},
    },
};
use postern_crds::{Alias, Branding, Domain, IpPool, MailCluster, Mailbox};
use tokio_util::sync::CancellationToken;

use super::{Cache, Watched};
use crate::health::Readiness;

/// Objects a page of a list: what stands in memory unstripped.
const PAGE: u32 = 500;

/// Starts every watch. The process is ready once each kind was listed.
pub fn start(client: &Client, cache: &Cache, readiness: &Readiness, stop: &CancellationToken) {
    watch::<Domain>(client, cache, readiness, stop);
    watch::<Mailbox>(client, cache, readiness, stop);
    watch::<Alias>(client, cache, readiness, stop);
    watch::<IpPool>(client, cache, readiness, stop);
    watch::<Branding>(client, cache, readiness, stop);
    watch::<MailCluster>(client, cache, readiness, stop);
    watch::<Namespace>(client, cache, readiness, stop);
}

fn watch<K: Watched>(client: &Client, cache: &Cache, readiness: &Readiness, stop: &CancellationToken) {
    let (cache, readiness, stop) = (cache.clone(), readiness.clone(), stop.clone());
    let api: Api<DeserializeGuard<K>> = Api::all(client.clone());
    readiness.unmet(K::KIND.as_str(), "not listed yet");
    tokio::spawn(async move {
        let mut events = pin!(watcher(api, watcher::Config::default().page_size(PAGE)).default_backoff());
        loop {
            let event = tokio::select! {
                event = events.next() => event,
                () = stop.cancelled() => return,
            };
            match event {
                Some(Ok(event)) => take(&cache, &readiness, event),
                Some(Err(error)) => {
                    cache.lost::<K>();
                    tracing::warn!(kind = K::KIND.as_str(), %error, "the watch failed; trying again");
                }
                None => return,
            }
        }
    });
}

fn take<K: Watched>(cache: &Cache, readiness: &Readiness, event: Event<DeserializeGuard<K>>) {
    match event {
        Event::Init => cache.begin::<K>(),
        Event::InitApply(DeserializeGuard(read)) | Event::Apply(DeserializeGuard(read)) => cache.apply(read),
        Event::Delete(guard) => {
            let meta = guard.meta();
            cache.delete::<K>(meta.namespace.as_deref(), meta.name.as_deref());
        }
        Event::InitDone => {
            cache.end::<K>();
            readiness.met(K::KIND.as_str());
        }
    }
}
