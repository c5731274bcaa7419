//! As much of HTTP as an issuer needs: one request a connection.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crate::smtp::base64;

/// What was asked.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) authorization: String,
    pub(super) body: String,
}

/// A server of its own thread. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Http {
    pub(super) address: SocketAddr,
    ended: Arc<AtomicBool>,
}

impl Http {
    pub(super) fn serve(answer: impl Fn(&Request) -> (u16, String) + Send + 'static) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
        let (address, ended) = (socket.local_addr().expect("its address"), Arc::new(AtomicBool::new(false)));
        let over = ended.clone();
        thread::spawn(move || {
            for stream in socket.incoming().map_while(Result::ok) {
                if over.load(Ordering::SeqCst) {
                    break;
                }
                // Who asks nothing gets nothing; the next one is served.
                let _ = one(&stream, &answer);
            }
        });
        Self { address, ended }
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

fn one(stream: &TcpStream, answer: &impl Fn(&Request) -> (u16, String)) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut request = Request { method, path, authorization: String::new(), body: String::new() };
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "authorization" => value.trim().clone_into(&mut request.authorization),
            _ => {}
        }
    }
    reader.by_ref().take(length).read_to_string(&mut request.body)?;
    let (status, body) = answer(&request);
    let head =
        format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let mut stream = stream;
    stream.write_all(format!("{head}{body}").as_bytes())
}

/// RFC 7617, for words that a form encodes as RFC 6749 §2.3.1 says.
pub(super) fn basic((user, password): (&str, &str)) -> String {
    let encoded = |text: &str| text.replace(':', "%3A");
    format!("Basic {}", base64(format!("{}:{}", encoded(user), encoded(password)).as_bytes()))
}
