//! An API server, a database, an operator that runs, and a pod that serves.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use clap::Parser;
use postern_core::{Clock, IdSource, SystemClock, role::Role};
use postern_operator::{
    args::{Cli, Command},
    process,
};
use postern_store::{
    db::{Db, Location},
    directory::{self, Directory, SealKeys},
    migrations,
};
use postern_tests::{TestDatabase, temp::TempFolder};
use rand::{SeedableRng, rngs::StdRng};
use tokio_util::sync::CancellationToken;

use crate::{api_server::ApiServer, name_server::NameServer};

/// The installation, with one pair vouched for.
pub const CLUSTER: &str = "\
apiVersion: postern.dev/v1alpha1
kind: MailCluster
metadata: {name: main, namespace: mail-system}
spec:
  storage: {postgres: {secretRef: {name: pg, key: uri}}}
  hostnames: {mail: mail.example}
  tenancy: {preverified: [{namespace: acme, domain: example.org}], poolNamespaces: [acme]}";

pub const DOMAIN: &str = "\
apiVersion: postern.dev/v1alpha1
kind: Domain
metadata: {name: example-org, namespace: acme}
spec: {domain: example.org, dkim: {algorithms: [ed25519]}}";

pub struct Lab {
    pub api: ApiServer,
    pub directory: Directory,
    pub db: Db,
    pub stop: CancellationToken,
    pub clock: Arc<dyn Clock>,
    pub names: NameServer,
    url: String,
    /// Where the key is that seals secrets.
    key: TempFolder,
}

impl Lab {
    /// Everything but the operator.
    pub async fn new() -> Self {
        let TestDatabase::Postgres(url) = TestDatabase::postgres() else { panic!("no PostgreSQL") };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let db = Db::open(&Location::Postgres { url: url.clone(), connections: 4 }, Duration::from_secs(10)).await.unwrap();
        migrations::migrate(&db).await.unwrap();
        let pod = directory::process::register(&db, &[Role::Mx], "pod", clock.now()).await.unwrap();
        let keys = SealKeys::parse(&[b'a'; 64], Box::new(StdRng::seed_from_u64(1))).unwrap();
        let directory = Directory::open(db.clone(), clock.clone(), IdSource::new(clock.clone(), pod.node), keys).await.unwrap();
        let lab = Self {
            api: ApiServer::start().await,
            directory,
            db,
            stop: CancellationToken::new(),
            clock,
            names: NameServer::start().await,
            url,
            key: TempFolder::new(),
        };
        std::fs::write(lab.key.path().join("seal"), [b'a'; 64]).unwrap();
        let (db, directory, clock, stop) = (lab.db.clone(), lab.directory.clone(), lab.clock.clone(), lab.stop.clone());
        tokio::spawn(async move {
            while !stop.is_cancelled() {
                let applied = directory.refresh().await.unwrap();
                directory::process::heartbeat(&db, pod, applied, clock.now()).await.unwrap();
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        lab
    }

    /// The folder of the database's socket, where it is a private one.
    pub fn database(&self) -> Option<PathBuf> {
        self.url.split_once("?host=").map(|(_, folder)| folder.into())
    }

    /// Lets operators reach the database by another folder's socket.
    pub fn reach_database_by(&mut self, folder: &Path) {
        if let Some((url, _)) = self.url.split_once("?host=") {
            self.url = format!("{url}?host={}", folder.display());
        }
    }

    /// Everything, and a leader that is to be.
    pub async fn running() -> Self {
        let lab = Self::new().await;
        lab.start("operator-0", true);
        lab
    }

    /// Starts an operator; it stops with what is returned, or with the lab.
    pub fn start(&self, identity: &str, election: bool) -> CancellationToken {
        let key = self.key.path().join("seal");
        let election = election.to_string();
        let flags = ["postern-operator", "run", "--database-url", &self.url, "--identity", identity, "--listen", "127.0.0.1:0"];
        let names = self.names.address.to_string();
        let rest = ["--leader-election", &election, "--seal-key-file", key.to_str().unwrap(), "--nameservers", &names];
        let Command::Run(args) = Cli::parse_from(flags.into_iter().chain(rest)).command else { panic!("another command") };
        let stop = self.stop.child_token();
        let running = process::run(*args, self.api.client(), self.clock.clone(), stop.clone());
        tokio::spawn(async move { running.await.unwrap() });
        stop
    }

    /// Waits until something holds; what it is is told when it does not come to be.
    pub async fn until<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        for _ in 0..1_200 {
            if let Some(found) = look() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{what} did not come to be; mailboxes: {:#?}", self.api.get("mailboxes", "acme", "alice"));
    }

    /// Waits until a condition of an object in `acme` has a status; its reason and message.
    pub async fn until_condition(&self, plural: &str, name: &str, type_: &str, status: &str) -> (String, String) {
        let what = format!("{plural} {name} {type_}={status}");
        self.until(&what, || self.api.condition(plural, name, type_).filter(|c| c.0 == status).map(|c| (c.1, c.2))).await
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub fn mailbox(name: &str, spec: &str) -> String {
    format!("apiVersion: postern.dev/v1alpha1\nkind: Mailbox\nmetadata: {{name: {name}, namespace: acme}}\nspec: {{{spec}}}")
}

pub fn secret(name: &str, key: &str, base64: &str) -> String {
    format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: acme}}\ndata: {{{key}: {base64}}}")
}
