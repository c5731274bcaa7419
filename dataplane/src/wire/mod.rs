//! The only place that names concrete types: from the configuration to a server with everything in it.
//!
//! ```text
//!  secrets ─► store ─► directory ─┬─► manifests ─► (the directory's writer, where this process has a folder)
//!                                 ├─► logins ─► imap, submission
//!                                 ├─► intake ─► mx, submission
//!                                 ├─► certificates by host ─► TLS of every door
//!                                 ├─► pages ─► web
//!                                 └─► sender, janitor
//! ```
//! The sockets are bound last, when the manifests were applied once, so that the first client finds its box.

mod accounts;
mod bucket;
mod certificates;
mod doors;
mod issuers;
mod logins;
mod operator;
mod parts;
mod routing;
mod secrets;
mod upkeep;
mod worker;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use postern_access::Budgets;
use postern_core::{DomainName, role::Role};
use postern_mailflow::{
    accept::{self, Intake},
    queue::{self, Bodies, Relay, Sender},
};
use postern_net::tls::{CertificateStore, ServerTls};
use postern_serve_imap::Imap;
use postern_serve_smtp::{Kind, Smtp};
use postern_store::upkeep::Policy;
use postern_web::{Http, Ports, Site};
use rand::Rng;

use self::certificates::DirectoryCertificates;
pub use self::{
    parts::{Parts, PartsError, store_options},
    secrets::SecretsError,
};
use crate::{
    certificates::{OwnCertificate, OwnCertificateError},
    config::{Config, Name},
    folder::{self, Folder},
    listeners::Listeners,
    server::{Server, StartError},
};

/// Octets of bodies kept for the sender after they were accepted.
const KEPT_BODIES: usize = 32 << 20;
/// How long a start waits for the manifests before it opens its doors without them.
const FIRST_APPLY: Duration = Duration::from_secs(60);

/// Why a server cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// What all roles stand on.
    #[error(transparent)]
    Parts(#[from] PartsError),
    /// The certificate.
    #[error(transparent)]
    Certificate(#[from] OwnCertificateError),
    /// TLS.
    #[error("TLS: {0}")]
    Tls(std::io::Error),
    /// A socket.
    #[error(transparent)]
    Start(#[from] Box<StartError>),
}

/// Puts everything into a server that the configuration asks of this process.
///
/// # Errors
/// [`WireError`]; what was started ends with the server.
pub async fn wire(config: &Config, server: &mut Server) -> Result<(), WireError> {
    let parts = Parts::open(config, &server.metrics).await?;
    common(&parts, server);
    let folder = manifests(config, &parts, server).await?;
    let janitor = config.process.roles.contains(&Role::Janitor);
    server.background(upkeep::measure(parts.store.clone(), server.metrics.clone(), janitor));

    let own = OwnCertificate::open(config, &[], parts.store.now())?;
    server.authority = own.authority.clone();
    let of_hosts = Arc::new(DirectoryCertificates::new(parts.directory.clone()));
    let certificates = Arc::new(CertificateStore::new(own.set()?).backed_by(of_hosts));
    let tls = ServerTls::new(certificates, parts.store.clock.clone()).map_err(WireError::Tls)?;
    let sockets = Listeners::new(config, Some(tls));

    let host = doors::host(config);
    let sends = config.process.roles.contains(&Role::Sender);
    let bodies = Bodies::new(if sends { KEPT_BODIES } else { 0 });
    let observer = Arc::new(server.metrics.clone());
    let settings = accept::Settings { observer, bodies: bodies.clone(), ..accept::Settings::new(host.clone()) };
    let limits = settings.route.clone();
    let intake = Intake::new(parts.store.clone(), parts.directory.clone(), parts.trail.clone(), settings);
    smtp(config, &parts, &intake, &sockets, server)?;
    imap(config, &parts, &sockets, server)?;
    web(config, &parts, &host, &sockets, server)?;

    if sends {
        let routing = Arc::new(routing::DirectoryRouting { directory: parts.directory.clone(), limits, home: home(config, server) });
        let mut seed = [0; 8];
        secrets::chance().map_err(PartsError::from)?.fill_bytes(&mut seed);
        let worker = worker::worker(&config.process.data, &parts.store).await;
        let sender = queue::Parts {
            worker: worker.id,
            store: parts.store.clone(),
            resolver: parts.resolver.clone(),
            routing: routing.clone(),
            local: routing,
            bodies,
            drain: server.drain.clone(),
            seed: u64::from_le_bytes(seed),
        };
        let settings = queue::Config {
            observer: Arc::new(server.metrics.clone()),
            ..doors::sender(config, host, &parts.store, &parts.resolver).map_err(WireError::Tls)?
        };
        server.background(upkeep::free_leases_of_the_gone(parts.store.clone()));
        server.spawn(async move {
            Sender::new(settings, sender).run().await;
            drop(worker.lock);
        });
    }
    if janitor {
        let policy = Policy { trail: config.store.trail_retention, ..Policy::default() };
        server.spawn(upkeep::janitor(parts.store.clone(), parts.directory.clone(), policy, server.drain.clone()));
    }
    server.control(config, Arc::new(operator::Operator { store: parts.store, directory: parts.directory, folder })).map_err(Box::new)?;
    Ok(())
}

/// Our own door for strangers as a sender reaches it: this process's, or the one that the configuration names.
fn home(config: &Config, server: &Server) -> Option<Relay> {
    let ours = server.addresses.get(&Name::Mx).map(reachable).map(|door| Relay::plain(door.ip().to_string(), door.port()));
    ours.or_else(|| config.outbound.home.as_ref().map(|place| Relay::plain(place.host.clone(), place.port)))
}

/// A bound address as a client on this machine writes it.
fn reachable(bound: &SocketAddr) -> SocketAddr {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bound.port())
}

/// What every process does, whatever its roles.
fn common(parts: &Parts, server: &mut Server) {
    let Parts { store, directory, trail, authenticator, last_logins, .. } = parts;
    let caught_up = server.readiness.condition("directory", "reading the directory");
    let reachable = server.readiness.condition("database", "asking the database");
    server.background(crate::spare_memory::give_back());
    server.background(postern_store::changes::relay(store.db.clone(), store.process, store.changes.clone(), store.hints.clone()));
    server.background(upkeep::hear_of_queued(store.clone()));
    server.background(upkeep::poll_accounts(store.clone()));
    server.background(upkeep::offer_scram(directory.clone(), authenticator.clone()));
    server.background(upkeep::follow_directory(store.clone(), directory.clone(), caught_up, server.metrics.clone()));
    server.spawn(upkeep::heartbeat(store.clone(), directory.clone(), reachable, server.drain.clone()));
    server.spawn(upkeep::keep_trail(trail.clone(), server.drain.clone()));
    server.spawn(upkeep::write_logins(store.clone(), last_logins.clone(), server.drain.clone()));
}

/// Follows the folder of manifests, if this process has one; returns when it was applied once.
async fn manifests(config: &Config, parts: &Parts, server: &mut Server) -> Result<Option<Folder>, WireError> {
    let Some(path) = &config.process.manifests else { return Ok(None) };
    let opened = Folder::open(folder::Parts {
        path: path.clone(),
        store: parts.store.clone(),
        directory: parts.directory.clone(),
        keys: parts.seal.clone(),
        host: doors::host(config),
        rng: Box::new(secrets::chance().map_err(PartsError::from)?),
    });
    let folder = opened.await.map_err(PartsError::from)?;
    let applied = server.readiness.condition("manifests", "applying the manifests");
    let first = Arc::new(tokio::sync::Notify::new());
    let done = first.clone();
    server.spawn(folder.clone().run(server.drain.clone(), applied, move |applied| {
        for made in &applied.generated {
            // Told once, where the one who started the server reads; it is kept nowhere.
            eprintln!("password of {}: {}", made.address, made.password.expose());
        }
        first.notify_one();
    }));
    if tokio::time::timeout(FIRST_APPLY, done.notified()).await.is_err() {
        tracing::warn!("the manifests are not applied yet; serving what the directory holds");
    }
    Ok(Some(folder))
}

fn smtp(config: &Config, parts: &Parts, intake: &Arc<Intake>, sockets: &Listeners, server: &mut Server) -> Result<(), WireError> {
    let memory = postern_serve_smtp::Memory::new(config.smtp.receive_memory.0);
    let exchanger = Smtp::exchanger(doors::smtp(config, Kind::Exchanger, &memory), intake.clone());
    server.listen(config, sockets, Name::Mx, Arc::new(exchanger)).map_err(Box::new)?;
    let budgets = Arc::new(Budgets::new(parts.store.clock.clone()));
    let submission = Arc::new(Smtp::submission(
        doors::smtp(config, Kind::Submission, &memory),
        intake.clone(),
        parts.authenticator.clone(),
        budgets,
        *parts.seed.expose(),
    ));
    for name in [Name::Submission, Name::Submissions] {
        server.listen(config, sockets, name, submission.clone()).map_err(Box::new)?;
    }
    Ok(())
}

fn imap(config: &Config, parts: &Parts, sockets: &Listeners, server: &mut Server) -> Result<(), WireError> {
    for (name, starttls) in [(Name::Imap, true), (Name::Imaps, false)] {
        let shared = postern_serve_imap::Parts {
            store: parts.store.clone(),
            authenticator: parts.authenticator.clone(),
            people: Arc::new(accounts::DirectoryAccounts(parts.directory.clone())),
            trail: parts.trail.clone(),
            seed: parts.seed.clone(),
            observer: Arc::new(server.metrics.clone()),
        };
        server.listen(config, sockets, name, Arc::new(Imap::new(shared, doors::imap(config, starttls)))).map_err(Box::new)?;
    }
    Ok(())
}

/// Last of the listeners: its pages say where the others are.
fn web(config: &Config, parts: &Parts, host: &DomainName, sockets: &Listeners, server: &mut Server) -> Result<(), WireError> {
    let port = |name, standard| {
        let bound = config.listen.address(name).map(|address| address.port());
        bound.map(|bound| if config.web.standard_ports { standard } else { bound })
    };
    // RFC 9110 §4.2.2, RFC 8314 §7.
    let ports = Ports { https: port(Name::Webs, 443), imaps: port(Name::Imaps, 993), submissions: port(Name::Submissions, 465) };
    let http = Arc::new(Http::new(&Site { directory: parts.directory.clone(), host: host.clone(), ports }));
    for name in [Name::Web, Name::Webs] {
        server.listen_streams(config, sockets, name, http.clone()).map_err(Box::new)?;
    }
    Ok(())
}
