//! The real program as a process of its own: started, asked, killed, started again.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{binary, log::Log, site::Site};

/// The longest that anything is waited for. Reaching it is a failure.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Listeners that tests speak to.
const LISTENERS: [&str; 8] = ["mx", "submission", "submissions", "imap", "imaps", "web", "webs", "health"];

/// A running `postern serve`. Dropping it kills it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// What it has written.
    pub log: Log,
    addresses: BTreeMap<String, SocketAddr>,
    data: PathBuf,
    /// Keeps the folders that it runs on.
    _site: Site,
}

impl Server {
    /// Starts every role on a site and waits until it is ready.
    #[must_use]
    pub fn start(site: &Site) -> Self {
        Self::start_as(site, "one", &[])
    }

    /// Starts a process of a name of its own, with further arguments, and waits until it is ready.
    #[must_use]
    pub fn start_as(site: &Site, process: &str, arguments: &[&str]) -> Self {
        let mut server = Self::spawn(site, process, arguments);
        server.wait_until_ready();
        server
    }

    /// Starts a process and returns at once.
    #[must_use]
    pub fn spawn(site: &Site, process: &str, arguments: &[&str]) -> Self {
        let data = site.data(process);
        let mut serve = command(site, process, &["serve", "--manifests"]);
        serve.arg(site.manifests.path()).args(arguments).env("POSTERN_LOG_FORMAT", "json");
        for listener in LISTENERS {
            serve.args(["--listen", &format!("{listener}=127.0.0.1:0")]);
        }
        let mut child = serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program");
        let log = Log::of(child.stderr.take().expect("its log"));
        Self { child, log, addresses: BTreeMap::new(), data, _site: site.clone() }
    }

    /// Runs the program on a site while no server does, to its end.
    #[must_use]
    pub fn tool(site: &Site, process: &str, arguments: &[&str]) -> Output {
        command(site, process, arguments).stdin(Stdio::null()).output().expect("the program")
    }

    /// Waits until `/readyz` says so.
    ///
    /// # Panics
    /// With the log, when it does not in time.
    pub fn wait_until_ready(&mut self) {
        let health = self.address("health");
        eventually("the server is ready", || match http_get(health, "/readyz") {
            Ok((200, _)) => Ok(()),
            Ok((status, body)) => Err(format!("{status}: {body}\n{:?}", self.log)),
            Err(error) => Err(format!("{error}\n{:?}", self.log)),
        });
        for name in LISTENERS.map(str::to_owned) {
            if let Ok(address) = self.log.wait(Duration::ZERO, |line| listening(line, &name)) {
                self.addresses.insert(name, address);
            }
        }
    }

    /// Where a listener is, as the process has logged it.
    ///
    /// # Panics
    /// With the log, when it does not open in time.
    #[must_use]
    pub fn address(&self, listener: &str) -> SocketAddr {
        if let Some(address) = self.addresses.get(listener) {
            return *address;
        }
        let told = self.log.wait(PATIENCE, |line| listening(line, listener));
        told.unwrap_or_else(|log| panic!("no listener `{listener}`:\n{log}"))
    }

    /// Its data folder.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Its number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it on the command line: `postern <arguments> --data <its folder>`.
    #[must_use]
    pub fn ask(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(binary::postern());
        command.args(arguments).arg("--data").arg(&self.data).stdin(Stdio::null()).output().expect("the program")
    }

    /// The same, for questions that must succeed.
    ///
    /// # Panics
    /// When it fails.
    #[must_use]
    pub fn answer(&self, arguments: &[&str]) -> String {
        let output = self.ask(arguments);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{arguments:?}: {text}{}\n{:?}", String::from_utf8_lossy(&output.stderr), self.log);
        text
    }

    /// A metric without labels, 0 when it is not there.
    #[must_use]
    pub fn metric(&self, name: &str) -> f64 {
        let (_, text) = http_get(self.address("health"), "/metrics").expect("the metrics");
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok()).unwrap_or(0.0)
    }

    /// Memory that is its own now, in bytes.
    #[must_use]
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
    }

    /// SIGKILL, as a node that loses power, and the wait for its end.
    pub fn kill(mut self) {
        self.child.kill().expect("it was running");
        let ended = self.child.wait().expect("its end");
        assert_eq!(ended.signal(), Some(9), "it had ended before: {ended}\n{:?}", self.log);
    }

    /// SIGTERM and the wait for its end.
    pub fn terminate(mut self) -> ExitStatus {
        let told = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status().expect("kill");
        assert!(told.success());
        eventually("the server ends", || self.child.try_wait().expect("its state").ok_or_else(|| format!("it runs\n{:?}", self.log)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("---- the server's log\n{:?}\n----", self.log);
        }
    }
}

/// The program with these arguments, the settings of a site and the data folder of a process.
fn command(site: &Site, process: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary::postern());
    command.args(arguments).envs(site.environment()).env("POSTERN_DATA", site.data(process));
    if let Some(url) = site.url() {
        command.env("POSTERN_DATABASE", url);
    }
    command
}

/// `{"message":"listening","listener":"mx","address":"127.0.0.1:1234", …}`.
fn listening(line: &str, name: &str) -> Option<SocketAddr> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    let told = line["message"] == "listening" && line["listener"] == name;
    line["address"].as_str().filter(|_| told)?.parse().ok()
}

/// Status and body of a page.
///
/// # Errors
/// When nobody answers.
pub fn http_get(address: SocketAddr, path: &str) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: health\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Ok((status, body.to_owned()))
}

/// Asks again and again, at short distances, until it holds: for states that announce themselves to nobody.
///
/// # Panics
/// With the last answer, when it does not hold within [`PATIENCE`].
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Result<T, String>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        match ask() {
            Ok(held) => return held,
            Err(last) if Instant::now() > end => panic!("not in time: {what}: {last}"),
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    }
}
