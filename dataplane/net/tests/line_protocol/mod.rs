//! A small line protocol that uses everything the driver offers, and a client that speaks it.
//!
//! `ECHO text`, `BEGIN` … `COMMIT` (a transaction), `STARTTLS`, `DEFLATE`, `BIG n` (n blocks of 64 KiB), `QUIT`;
//! `WORK` says so aside and works until the bell rings, `HASTE` says so and has done. Anything published on the bell is pushed as `* text`.

#![expect(clippy::unwrap_used, reason = "a test's helper may fail loudly")]

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use postern_core::SystemClock;
use postern_net::{
    Aside, Conn, Drain, Driving, Gate, Limit, Listener, Next, Refusal, Service, Session, Settings, Stream, TlsInfo, Wait,
    drive::Report,
    gate::Limits,
    tls::{CertificateStore, Certificates, ClientTls, Roots, ServerTls},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::watch,
};

pub const BLOCK: usize = 64 * 1024;

pub struct Lines {
    conn: Conn,
    service: Arc<Shared>,
    input: Vec<u8>,
    output: Vec<u8>,
    bell: watch::Receiver<String>,
    rung: bool,
    step: u64,
    blocks: usize,
    in_transaction: bool,
    draining: bool,
    aside: Aside,
}

#[derive(Debug)]
pub struct Shared {
    pub bell: watch::Sender<String>,
    pub ends: Mutex<Vec<String>>,
    pub wait: Wait,
}

pub struct LineService(pub Arc<Shared>);

impl Service for LineService {
    type Session = Lines;

    fn session(&self, conn: Conn) -> Lines {
        Lines {
            conn,
            bell: self.0.bell.subscribe(),
            service: self.0.clone(),
            input: Vec::new(),
            output: Vec::new(),
            rung: false,
            step: 0,
            blocks: 0,
            in_transaction: false,
            draining: false,
            aside: Aside::default(),
        }
    }

    fn refusal(&self, _: Refusal) -> &[u8] {
        b"FULL\r\n"
    }
}

impl Lines {
    fn say(&mut self, line: &str) {
        self.output.extend_from_slice(line.as_bytes());
        self.output.extend_from_slice(b"\r\n");
    }

    fn command(&mut self, line: &str) -> Next {
        self.step += 1;
        match line.split_once(' ').unwrap_or((line, "")) {
            ("ECHO", text) => self.say(text),
            ("WHO", _) => self.say(&format!("{} via {:?} tls {}", self.conn.peer, self.conn.proxy, self.conn.tls.is_some())),
            ("BEGIN", _) => self.in_transaction = true,
            ("COMMIT", _) => {
                self.in_transaction = false;
                self.say("COMMITTED");
                if self.draining {
                    self.say("BYE");
                    return Next::Close;
                }
            }
            ("BIG", n) => {
                self.blocks = n.parse().unwrap();
                return Next::Flush;
            }
            ("STARTTLS", _) => {
                self.say("GO");
                return Next::StartTls;
            }
            ("DEFLATE", _) => {
                self.say("GO");
                return Next::Deflate;
            }
            ("QUIT", _) => {
                self.say("BYE");
                return Next::Close;
            }
            _ => self.say("WHAT"),
        }
        Next::Read
    }
}

impl Session for Lines {
    async fn open(&mut self) -> Next {
        self.say("HELLO");
        Next::Read
    }

    fn input(&mut self, bytes: &[u8]) {
        assert!(!bytes.is_empty());
        self.input.extend_from_slice(bytes);
    }

    async fn run(&mut self) -> Next {
        if self.blocks > 0 {
            self.blocks -= 1;
            self.output.resize(BLOCK, b'x');
            return Next::Flush;
        }
        if std::mem::take(&mut self.rung) {
            let line = format!("* {}", *self.bell.borrow_and_update());
            self.say(&line);
        }
        while let Some(end) = self.input.windows(2).position(|w| w == b"\r\n") {
            let line: Vec<u8> = self.input.drain(..end + 2).collect();
            if matches!(&line[..end], b"WORK" | b"HASTE") {
                self.step += 1;
                self.aside.say(b"* at work\r\n".to_vec());
                if &line[..end] == b"WORK" {
                    self.bell.changed().await.unwrap();
                }
                self.say("worked");
                continue;
            }
            match self.command(std::str::from_utf8(&line[..end]).unwrap()) {
                Next::Read => {}
                next => return next,
            }
        }
        Next::Read
    }

    fn aside(&self) -> Option<Aside> {
        Some(self.aside.clone())
    }

    fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    fn wait(&self) -> Wait {
        Wait { step: self.step, ..self.service.wait }
    }

    async fn wake(&mut self) {
        self.bell.changed().await.unwrap();
        self.rung = true;
    }

    fn tls_started(&mut self, tls: &TlsInfo) {
        self.input.clear();
        self.conn.tls = Some(tls.clone());
    }

    fn deflate_started(&mut self) {
        self.input.clear();
    }

    fn on_limit(&mut self, limit: Limit) {
        self.say(&format!("LIMIT {limit:?}"));
    }

    fn on_drain(&mut self) -> Next {
        self.draining = true;
        if self.in_transaction {
            return Next::Read;
        }
        self.say("BYE");
        Next::Close
    }

    async fn closed(&mut self, report: &Report) {
        self.service.ends.lock().unwrap().push(format!("{:?}", report.end));
    }
}

/// A session that no listener made.
pub fn session(server: &Server) -> Lines {
    let (peer, local) = (server.address, server.address);
    LineService(server.shared.clone()).session(Conn { listener: "test".into(), peer, local, proxy: None, tls: None, serial: 0 })
}

/// A server on a port of its own.
pub struct Server {
    pub address: SocketAddr,
    pub drain: Drain,
    pub shared: Arc<Shared>,
    pub certificates: Arc<CertificateStore>,
    pub client_tls: ClientTls,
    pub serving: tokio::task::JoinHandle<()>,
}

/// What a test changes.
#[derive(Default)]
pub struct With {
    pub implicit_tls: bool,
    pub limits: Option<Limits>,
    pub proxies: Vec<postern_core::Network>,
    pub wait: Option<Wait>,
    pub write_timeout: Option<Duration>,
}

pub fn certificate(name: &str) -> (String, String) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

pub fn start(with: With) -> Server {
    let (chain, key) = certificate("mail.example.org");
    let mut set = Certificates::new();
    set.add(&["mail.example.org"], chain.as_bytes(), key.as_bytes()).unwrap();
    let certificates = Arc::new(CertificateStore::new(set));
    let tls = ServerTls::new(certificates.clone(), Arc::new(SystemClock)).unwrap();
    let client_tls = ClientTls::opportunistic(Roots::from_pem(chain.as_bytes()).unwrap(), Arc::new(SystemClock)).unwrap();
    let defaults = Driving::default();
    let driving = Driving { tls: Some(tls), write_timeout: with.write_timeout.unwrap_or(defaults.write_timeout), ..defaults };
    let settings = Settings {
        name: "test".into(),
        implicit_tls: with.implicit_tls,
        proxies: with.proxies.into(),
        gate: Gate::new(with.limits.unwrap_or_default()),
        driving,
    };
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), settings).unwrap();
    let address = listener.local_addr().unwrap();
    let wait = with.wait.unwrap_or(Wait { step: 0, timeout: Duration::from_secs(300), bytes: 1 << 20 });
    let shared = Arc::new(Shared { bell: watch::Sender::new(String::new()), ends: Mutex::default(), wait });
    let drain = Drain::new();
    let serving = tokio::spawn(listener.serve(Arc::new(LineService(shared.clone())), drain.clone()));
    Server { address, drain, shared, certificates, client_tls, serving }
}

impl Server {
    pub async fn connect(&self) -> Client {
        let stream = postern_net::connect::connect(self.address, None, Duration::from_secs(5)).await.unwrap();
        Client { stream, buffer: Vec::new() }
    }

    /// Waits until every session has gone, then tells how they ended.
    pub async fn ends(&self) -> Vec<String> {
        self.drain.empty().await;
        self.shared.ends.lock().unwrap().clone()
    }
}

pub struct Client {
    pub stream: Stream,
    buffer: Vec<u8>,
}

impl Client {
    pub async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// The next line, or `None` at the end.
    pub async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|w| w == b"\r\n") {
                let line: Vec<u8> = self.buffer.drain(..end + 2).collect();
                return Some(String::from_utf8(line[..end].to_vec()).unwrap());
            }
            if self.stream.read_buf(&mut self.buffer).await.unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    pub async fn expect(&mut self, line: &str) {
        assert_eq!(self.line().await.as_deref(), Some(line));
    }

    pub async fn start_tls(self, server: &Server) -> (Self, postern_net::tls::PeerCertificate) {
        let (stream, certificate) = self.stream.connect_tls(&server.client_tls, "mail.example.org").await.unwrap();
        (Self { stream, buffer: Vec::new() }, certificate)
    }
}
