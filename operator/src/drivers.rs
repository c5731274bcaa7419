//! The drivers of a leader: one line each. They share nothing but their [`Context`].

use tokio::task::JoinSet;

use crate::{
    certificates, cluster,
    context::Context,
    converge::{self, Outlets},
    dns, finalizer, keys, pools,
    references::{self, References},
    status,
};

/// Runs every driver until the leadership ends. A driver that ends before, by a fault of ours, ends the leadership: another
/// replica, or this one, begins anew from what is there.
pub async fn run(context: Context) {
    let mut running: JoinSet<&'static str> = JoinSet::new();
    let (outlets, references) = (Outlets::default(), References::default());
    running.spawn(named("metrics", count(context.clone())));
    running.spawn(named("workloads", cluster::drive(context.clone())));
    running.spawn(named("dns", dns::run(context.clone())));
    running.spawn(named("certificates", certificates::run(context.clone())));
    running.spawn(named("pools", pools::run(context.clone())));
    running.spawn(named("converge", converge::run(context.clone(), outlets.clone(), references.clone())));
    running.spawn(named("references", references::run(context.clone(), references)));
    running.spawn(named("status", status::run(context.clone(), outlets.clone())));
    running.spawn(named("finalizer", finalizer::run(context.clone(), outlets.releases.clone())));
    running.spawn(named("keys", keys::run(context.clone(), outlets.keys, outlets.statuses)));

    tokio::select! {
        () = context.ended.cancelled() => {}
        ended = running.join_next() => match ended {
            Some(Ok(driver)) => tracing::error!(driver, "a driver ended; the leadership ends with it"),
            Some(Err(error)) => tracing::error!(%error, "a driver failed; the leadership ends with it"),
            None => {}
        },
    }
    context.ended.cancel();
    while running.join_next().await.is_some() {}
}

async fn named(name: &'static str, driver: impl Future<Output = ()>) -> &'static str {
    driver.await;
    name
}

/// Objects by kind and readiness, as the cache has them.
async fn count(context: Context) {
    const EVERY: std::time::Duration = std::time::Duration::from_secs(5);
    while !context.ended.is_cancelled() {
        context.cache.count(&context.metrics);
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = context.ended.cancelled() => {}
        }
    }
}
