//! The process: everything is opened, every replica watches, one leads, a signal ends it.

use std::{process::ExitCode, sync::Arc, time::Duration};

use kube::Client;
use postern_core::{Clock, IdSource, SystemClock};
use postern_store::{
    StoreError,
    directory::{SealKeys, take_lease},
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::{
    args::Args,
    ask::{self, Desk},
    chance::Chance,
    cluster,
    context::{Context, Place},
    database, drivers,
    facts::Facts,
    health::{self, Readiness},
    leader::{self, Candidate},
    metrics::Metrics,
    seal_key::{self, SealKeyError},
    telemetry,
    watch::{self, Cache},
};

/// Why the process cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A socket or a signal.
    #[error("the system refuses: {0}")]
    System(#[from] std::io::Error),
    /// No random bytes.
    #[error("no random bytes: {0}")]
    Chance(String),
    /// The API server cannot be found.
    #[error("no API server: {0}")]
    Client(String),
    /// The seal key.
    #[error(transparent)]
    SealKey(#[from] SealKeyError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Runs the process to its end.
#[must_use]
pub fn main(args: Args) -> ExitCode {
    // Installed once; it can only be there already in a test.
    let _ = telemetry::install(&args.log, args.log_format);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ended = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::from).and_then(|runtime| {
        runtime.block_on(async {
            let stop = CancellationToken::new();
            let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
            let stopping = stop.clone();
            tokio::spawn(async move {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                tracing::info!("stopping");
                stopping.cancel();
            });
            let client = Client::try_default().await.map_err(|error| Error::Client(error.to_string()))?;
            run(args, client, Arc::new(SystemClock), stop).await
        })
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the operator cannot run");
            ExitCode::FAILURE
        }
    }
}

/// Runs until `stop`.
///
/// # Errors
/// [`Error`], for what no patience heals.
pub async fn run(args: Args, client: Client, clock: Arc<dyn Clock>, stop: CancellationToken) -> Result<(), Error> {
    let chance = Chance::of_system().map_err(Error::Chance)?;
    let (readiness, metrics) = (Readiness::default(), Metrics::new());
    let socket = TcpListener::bind(args.listen).await?;
    let _ends = stop.clone().drop_guard();
    let answers = tokio::spawn(health::serve(socket, readiness.clone(), metrics.clone(), stop.clone()));

    let cache = Cache::default();
    watch::start(&client, &cache, &readiness, &stop);

    let ready = prepare(&args, &client, &clock, &chance, &readiness);
    let (db, keys, directory, process) = tokio::select! {
        ready = ready => ready?,
        () = stop.cancelled() => return Ok(()),
    };
    let keeping = tokio::spawn(database::keep(db.clone(), directory.clone(), process, clock.clone(), readiness, stop.clone()));

    if let Some(address) = args.listen_ask {
        let desk = Desk {
            reviewer: Arc::new(ask::OfCluster(client.clone())),
            db: db.clone(),
            directory: directory.clone(),
            ids: IdSource::new(clock.clone(), process.node),
            clock: clock.clone(),
            cache: cache.clone(),
            namespace: args.namespace.clone(),
        };
        tokio::spawn(ask::serve(TcpListener::bind(address).await?, desk, stop.clone()));
    }

    let place = Arc::new(Place {
        namespace: args.namespace.clone(),
        identity: args.identity.clone(),
        cluster: args.cluster.clone(),
        nameservers: args.nameservers.clone(),
    });
    let workloads = args.workloads().map(|options| cluster::Options { egress_token: egress_token(&keys), ..options }).map(Arc::new);
    let mut candidate = args.leader_election.then(|| Candidate::new(client.clone(), &args.namespace, &args.identity));
    while !stop.is_cancelled() {
        if !wait_for_lease(candidate.as_mut(), &clock, &stop).await {
            break;
        }
        let epoch = match take_lease(&db).await {
            Ok(epoch) => epoch,
            Err(error) => {
                tracing::warn!(%error, "the fence cannot be raised; trying again");
                pause(&stop).await;
                continue;
            }
        };
        tracing::info!(epoch = epoch.0, identity = args.identity, "leading");
        let ended = stop.child_token();
        let context = Context {
            client: client.clone(),
            cache: cache.clone(),
            directory: directory.clone(),
            db: db.clone(),
            keys: keys.clone(),
            epoch,
            facts: Facts::default(),
            metrics: metrics.clone(),
            clock: clock.clone(),
            chance: chance.clone(),
            place: place.clone(),
            workloads: workloads.clone(),
            ended: ended.clone(),
        };
        metrics.leading(true);
        tokio::join!(drivers::run(context), keep_lease(candidate.as_mut(), &clock, &ended));
        metrics.leading(false);
        tracing::info!(epoch = epoch.0, "no longer leading");
        if !stop.is_cancelled() {
            pause(&stop).await;
        }
    }
    if let Some(candidate) = &mut candidate
        && let Err(error) = candidate.release().await
    {
        tracing::debug!(%error, "the lease was not given back; it runs out by itself");
    }
    let _ = tokio::join!(keeping, answers);
    Ok(())
}

/// What senders say to egress pods: the ring's, so that it is kept nowhere else and every leader knows it.
fn egress_token(keys: &SealKeys) -> String {
    let made = keys.fingerprint(&[b"token of the egress pods, v1"]).unwrap_or_default();
    made.iter().map(|octet| format!("{octet:02x}")).collect()
}

async fn prepare(
    args: &Args,
    client: &Client,
    clock: &Arc<dyn Clock>,
    chance: &Chance,
    readiness: &Readiness,
) -> Result<(postern_store::db::Db, SealKeys, postern_store::directory::Directory, postern_store::directory::process::Process), Error> {
    let db = database::open(&args.database_url, args.migrate, readiness).await?;
    let keys = match &args.seal_key_file {
        Some(path) => seal_key::of_file(path, chance)?,
        None => loop {
            match seal_key::of_secret(client, &args.namespace, &args.seal_key_secret, &db, chance).await {
                Ok(keys) => break keys,
                Err(error @ (SealKeyError::Secret(_) | SealKeyError::Store(StoreError::Unavailable(_)))) => {
                    tracing::warn!(%error, "trying again");
                    sleep(leader::RETRY).await;
                }
                Err(error) => return Err(error.into()),
            }
        },
    };
    let (directory, process) = database::directory(&db, &args.identity, clock, keys.clone()).await?;
    Ok((db, keys, directory, process))
}

/// Waits until the lease is ours; false when the process ends before.
async fn wait_for_lease(candidate: Option<&mut Candidate>, clock: &Arc<dyn Clock>, stop: &CancellationToken) -> bool {
    let Some(candidate) = candidate else { return true };
    while !stop.is_cancelled() {
        match candidate.try_hold(clock.now()).await {
            Ok(true) => return true,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the lease cannot be read"),
        }
        pause(stop).await;
    }
    false
}

/// Renews the lease until the leadership ends; ends it when that has not worked for [`leader::DEADLINE`].
async fn keep_lease(candidate: Option<&mut Candidate>, clock: &Arc<dyn Clock>, ended: &CancellationToken) {
    let Some(candidate) = candidate else { return ended.cancelled().await };
    let mut renewed = Instant::now();
    loop {
        pause(ended).await;
        if ended.is_cancelled() {
            return;
        }
        let left = leader::DEADLINE.saturating_sub(renewed.elapsed()).max(Duration::from_millis(1));
        match tokio::time::timeout(left, candidate.try_hold(clock.now())).await {
            Ok(Ok(true)) => renewed = Instant::now(),
            Ok(Ok(false)) => {
                tracing::warn!("another replica holds the lease");
                return ended.cancel();
            }
            Ok(Err(error)) => tracing::warn!(%error, "the lease was not renewed"),
            Err(_) => {}
        }
        if renewed.elapsed() >= leader::DEADLINE {
            tracing::warn!("the lease could not be renewed in time");
            return ended.cancel();
        }
    }
}

async fn pause(until: &CancellationToken) {
    tokio::select! {
        () = sleep(leader::RETRY) => {}
        () = until.cancelled() => {}
    }
}
