//! A database that goes away and comes back.

use std::{path::PathBuf, sync::Arc};

use postern_tests::temp::TempFolder;
use tokio::{
    io::copy_bidirectional,
    net::{UnixListener, UnixStream},
    sync::watch,
};

use crate::lab::{CLUSTER, DOMAIN, Lab, mailbox};

/// What a PostgreSQL listens on within its folder.
const SOCKET: &str = ".s.PGSQL.5432";

/// The way to a server, which can be cut.
struct Way {
    folder: TempFolder,
    open: Arc<watch::Sender<bool>>,
}

impl Way {
    fn to(server: PathBuf) -> Self {
        let (folder, open) = (TempFolder::new(), Arc::new(watch::Sender::new(true)));
        let (listener, gate) = (UnixListener::bind(folder.path().join(SOCKET)).unwrap(), open.clone());
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut open = gate.subscribe();
                if *open.borrow_and_update() {
                    let mut server = UnixStream::connect(server.join(SOCKET)).await.unwrap();
                    tokio::spawn(async move {
                        tokio::select! {
                            _ = copy_bidirectional(&mut client, &mut server) => {}
                            _ = open.changed() => {}
                        }
                    });
                }
            }
        });
        Self { folder, open }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_that_is_the_condition_and_nothing_is_forgotten() {
    let mut lab = Lab::new().await;
    let Some(server) = lab.database() else { return };
    let way = Way::to(server);
    lab.reach_database_by(way.folder.path());
    lab.start("operator-0", true);
    lab.api.apply(&format!("{CLUSTER}\n---\n{DOMAIN}\n---\n{}", mailbox("alice", "address: alice@example.org")));
    lab.until_condition("mailboxes", "alice", "Ready", "True").await;

    way.open.send_replace(false);
    lab.api.apply(&mailbox("bob", "address: bob@example.org"));
    let (reason, message) = lab.until_condition("mailboxes", "bob", "Ready", "False").await;
    assert_eq!(
        (reason.as_str(), lab.api.condition("mailboxes", "bob", "Stalled").unwrap().0.as_str()),
        ("DirectoryUnavailable", "False"),
        "{message}"
    );
    assert_eq!(lab.api.condition("mailboxes", "alice", "Ready").unwrap().0, "True", "what serves goes on serving");

    way.open.send_replace(true);
    lab.until_condition("mailboxes", "bob", "Ready", "True").await;
}
