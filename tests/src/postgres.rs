//! A real PostgreSQL of one's own: no container, no network, nothing left behind.
//!
//! A shell supervises it and reads its commands from a pipe that this process holds. However the
//! process ends, the pipe closes, and the shell stops the server and removes its folder.
//! Connections go over a Unix socket in that folder, so there is no port to collide on.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

/// Names a server to use instead of a private one: `postgres://user@host/maintenance-database`.
pub const SERVER_VARIABLE: &str = "POSTERN_TEST_POSTGRES";

/// Arguments: the folder of the binaries, the folder of this server.
const SUPERVISOR: &str = r#"
bin=$1 folder=$2
answer() { if "$@" >>"$folder/log" 2>&1; then echo ok; else echo failed; fi; }
while read -r command; do
    case $command in
    init) answer "$bin/initdb" --no-sync --auth=trust --username=postgres --encoding=UTF8 --locale=C --pgdata="$folder/data" ;;
    start) answer "$bin/pg_ctl" start --silent --wait --timeout=60 --log="$folder/log" --pgdata="$folder/data" \
        --options="-c listen_addresses='' -c unix_socket_directories='$folder' -c shared_buffers=32MB -c max_connections=300 -c fsync=on" ;;
    stop) answer "$bin/pg_ctl" stop --silent --wait --mode=fast --pgdata="$folder/data" ;;
    esac
done
"$bin/pg_ctl" stop --silent --wait --mode=immediate --pgdata="$folder/data" >/dev/null 2>&1
rm -rf "$folder"
"#;

/// A server that is up unless it was stopped.
#[derive(Debug)]
pub struct Postgres {
    server: Server,
    binaries: PathBuf,
    databases: AtomicU32,
}

#[derive(Debug)]
enum Server {
    Private { folder: PathBuf, supervisor: Mutex<Supervisor> },
    Given { url: String },
}

#[derive(Debug)]
struct Supervisor {
    child: Child,
    /// `None` once closed, which is the order to clean up.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Postgres {
    /// The server that all tests of this process share, started by the first that asks.
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(|| match std::env::var(SERVER_VARIABLE) {
            Ok(url) => Self { server: Server::Given { url }, binaries: binaries(), databases: AtomicU32::new(0) },
            Err(_) => Self::private(),
        })
    }

    /// A server of the caller's own, for tests that stop it.
    #[must_use]
    pub fn private() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let folder = std::env::temp_dir().join(format!("postern-pg-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder for the server");
        let binaries = binaries();
        let mut shell = Command::new("sh");
        shell.args(["-c", SUPERVISOR, "sh"]).arg(&binaries).arg(&folder);
        // A group of its own: an interrupt at the keyboard is for us, and the closed pipe tells the shell.
        shell.current_dir(&folder).stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        if let Some((uid, gid)) = unprivileged_user() {
            chown(&folder, Some(uid), Some(gid)).expect("the folder given to its user");
            shell.uid(uid).gid(gid);
        }
        let mut child = shell.spawn().expect("a shell");
        let orders = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("its output"));
        let supervisor = Mutex::new(Supervisor { child, orders, answers });
        let server = Self { server: Server::Private { folder, supervisor }, binaries, databases: AtomicU32::new(0) };
        server.order("init");
        server.order("start");
        server
    }

    /// Makes an empty database and returns its URL.
    ///
    /// On a private server it goes with the server; on a given one it stays, and the next process
    /// with our number replaces it.
    #[must_use]
    pub fn fresh_database(&self) -> String {
        let name = format!("postern_{}_{}", std::process::id(), self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql(&format!("DROP DATABASE IF EXISTS {name}"));
        self.sql(&format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// Runs statements in the maintenance database.
    pub fn sql(&self, statements: &str) {
        let maintenance = match &self.server {
            Server::Private { .. } => self.url("postgres"),
            Server::Given { url } => url.clone(),
        };
        psql(&self.binaries, &maintenance, statements);
    }

    /// Stops a private server as an administrator would: sessions are cut, data is kept.
    pub fn stop(&self) {
        self.order("stop");
    }

    /// Starts a private server again after [`Postgres::stop`].
    pub fn start(&self) {
        self.order("start");
    }

    fn url(&self, database: &str) -> String {
        match &self.server {
            Server::Private { folder, .. } => format!("postgres://postgres@localhost/{database}?host={}", folder.display()),
            Server::Given { url } => replace_database(url, database),
        }
    }

    fn order(&self, order: &str) {
        let Server::Private { folder, supervisor } = &self.server else { panic!("{order}: the server is not ours") };
        let mut supervisor = supervisor.lock().unwrap_or_else(PoisonError::into_inner);
        let orders = supervisor.orders.as_mut().expect("open until dropped");
        writeln!(orders, "{order}").expect("the supervisor listens");
        let mut answer = String::new();
        supervisor.answers.read_line(&mut answer).expect("the supervisor answers");
        assert_eq!(answer.trim(), "ok", "{order}: {}", fs::read_to_string(folder.join("log")).unwrap_or_default());
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Server::Private { supervisor, .. } = &self.server {
            let mut supervisor = supervisor.lock().unwrap_or_else(PoisonError::into_inner);
            supervisor.orders = None;
            let _ = supervisor.child.wait();
        }
    }
}

/// The newest installed version's folder.
fn binaries() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").map(|entries| entries.flatten().map(|e| e.path().join("bin")).collect());
    let mut folders: Vec<PathBuf> = versions.unwrap_or_default();
    folders.retain(|folder| folder.join("initdb").is_file());
    folders.sort_by_key(|folder| folder.parent().and_then(Path::file_name).and_then(|v| v.to_str()?.parse::<u32>().ok()));
    let on_path = || std::env::split_paths(&std::env::var_os("PATH")?).find(|folder| folder.join("initdb").is_file());
    folders.pop().or_else(on_path).expect("PostgreSQL's initdb, pg_ctl and psql: install the server package")
}

/// PostgreSQL refuses to run as root; then its packaged user does.
fn unprivileged_user() -> Option<(u32, u32)> {
    let ours = fs::metadata("/proc/self").map(|m| std::os::unix::fs::MetadataExt::uid(&m));
    if !matches!(ours, Ok(0)) {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("the list of users");
    let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| fields.first() == Some(&"postgres"));
    let fields = fields.expect("as root, a user named postgres to run the server");
    match fields.as_slice() {
        [_, _, uid, gid, ..] => Some((uid.parse().expect("a number"), gid.parse().expect("a number"))),
        _ => panic!("the list of users is not readable"),
    }
}

fn psql(binaries: &Path, url: &str, statements: &str) {
    let output = Command::new(binaries.join("psql"))
        .args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", url, "--command", statements])
        .env("PGOPTIONS", "--client-min-messages=warning")
        .stdin(Stdio::null())
        .output()
        .expect("psql");
    assert!(output.status.success(), "{statements}: {}", String::from_utf8_lossy(&output.stderr));
}

/// `url` with another database.
fn replace_database(url: &str, database: &str) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let after_scheme = address.find("://").map_or(0, |at| at + 3);
    let server = address[after_scheme..].find('/').map_or(address, |slash| &address[..after_scheme + slash]);
    if query.is_empty() { format!("{server}/{database}") } else { format!("{server}/{database}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_of_a_url_is_replaced() {
        assert_eq!(replace_database("postgres://u@h:5433/postgres?sslmode=require", "x"), "postgres://u@h:5433/x?sslmode=require");
        assert_eq!(replace_database("postgres://u@h", "x"), "postgres://u@h/x");
    }

    #[test]
    fn a_private_server_stops_starts_and_leaves_nothing() {
        let server = Postgres::private();
        let url = server.fresh_database();
        psql(&server.binaries, &url, "CREATE TABLE kept (a int)");
        server.stop();
        server.start();
        psql(&server.binaries, &url, "SELECT a FROM kept");
        let Server::Private { folder, .. } = &server.server else { panic!("it is private") };
        let folder = folder.clone();
        assert!(folder.is_dir());
        drop(server);
        assert!(!folder.exists());
    }
}
