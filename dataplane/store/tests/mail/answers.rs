//! COMMIT is asked of PostgreSQL, and the question or the answer gets lost on its way.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use postern_store::StoreError;
use postern_tests::{TestDatabase, postgres::Postgres, temp::TempFolder};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
};

use super::fixture::{account, deliver, inbox, open};

/// What becomes of the next COMMIT.
const NOTHING: u8 = 0;
const QUESTION_LOST: u8 = 1;
const ANSWER_LOST: u8 = 2;

/// Whoever carries what a store and PostgreSQL say to each other.
struct Carrier {
    folder: TempFolder,
    next: Arc<AtomicU8>,
    url: String,
}

impl Carrier {
    /// Between the store and a database that is reached by a socket in a folder.
    fn before(url: &str) -> Self {
        let (url, server) = url.split_once("?host=").expect("a socket in a folder");
        let (folder, next, server) = (TempFolder::new(), Arc::new(AtomicU8::new(NOTHING)), format!("{server}/.s.PGSQL.5432"));
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let url = format!("{url}?host={}", folder.path().display());
        let losing = next.clone();
        tokio::spawn(async move {
            while let Ok((store, _)) = listener.accept().await {
                let server = UnixStream::connect(&server).await.unwrap();
                tokio::spawn(carry(store, server, losing.clone()));
            }
        });
        Self { folder, next, url }
    }
}

/// Until either side is gone, or something is lost: then the store's connection breaks.
async fn carry(mut store: UnixStream, mut server: UnixStream, next: Arc<AtomicU8>) -> std::io::Result<()> {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = store.read(&mut asked) => {
                let said = &asked[..read?];
                let lost = if said.windows(7).any(|part| part == b"COMMIT\0") { next.swap(NOTHING, Ordering::SeqCst) } else { NOTHING };
                if said.is_empty() || lost == QUESTION_LOST {
                    return Ok(());
                }
                server.write_all(said).await?;
                if lost == ANSWER_LOST {
                    // Until there is one: before that nothing need have been committed.
                    return server.readable().await;
                }
            }
            read = server.read(&mut answered) => match read? {
                0 => return Ok(()),
                read => store.write_all(&answered[..read]).await?,
            },
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_is_told_though_the_answer_got_lost() {
    let server = Postgres::private();
    let carrier = Carrier::before(&server.fresh_database());
    let store = open(&TestDatabase::Postgres(carrier.url.clone())).await;
    let alice = account(&store, None).await;
    carrier.next.store(ANSWER_LOST, Ordering::SeqCst);
    let placed = deliver(&store, alice, b"once").await.expect("it is there");
    assert_eq!(inbox(&store, alice).await.iter().map(|entry| entry.uid).collect::<Vec<_>>(), [placed.uid]);
    assert_eq!(carrier.next.load(Ordering::SeqCst), NOTHING, "a COMMIT was lost");
    drop(carrier.folder);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_committed_is_not_told() {
    let server = Postgres::private();
    let carrier = Carrier::before(&server.fresh_database());
    let store = open(&TestDatabase::Postgres(carrier.url.clone())).await;
    let alice = account(&store, None).await;
    carrier.next.store(QUESTION_LOST, Ordering::SeqCst);
    assert!(matches!(deliver(&store, alice, b"never").await, Err(StoreError::Ambiguous(_))));
    assert!(inbox(&store, alice).await.is_empty());
    deliver(&store, alice, b"now").await.expect("the next one is stored");
    drop(carrier.folder);
}
