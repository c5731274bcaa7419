//! Mail from many clients at once, and the account of it: which message was promised to whom.
//!
//! A client never sends one message twice, so every copy can be counted per attempt. It notes what it
//! is about to send before it sends it, and what it was told as soon as it was told.

mod account;
mod writer;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

pub use account::{Copies, Place};

use crate::{
    manifests::{self, Manifests},
    server::Server,
};

/// Boxes of the domain that the load is for.
pub const BOXES: [&str; 3] = ["one", "two", "three"];
/// The domain.
pub const DOMAIN: &str = "load.test";
/// Where everything else goes.
pub const ELSEWHERE: &str = "sink.test";

/// One message as it was sent once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its Message-ID, without brackets; no other attempt has it.
    pub id: String,
    /// Every place in which it should lie once it was taken.
    pub places: Vec<Place>,
    /// The text behind its header.
    pub body: String,
    /// What the client was told.
    pub told: Told,
}

/// What a client knows about an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// 250: it is promised.
    Taken,
    /// Refused, with this code: it may be nowhere.
    Refused(u16),
    /// The connection ended without an answer: it may be anywhere, once.
    Nothing,
}

/// The sockets of the process that is up now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// SMTP from others.
    pub mx: SocketAddr,
    /// SMTP from users.
    pub submission: SocketAddr,
}

/// Clients at work.
#[derive(Debug)]
pub struct Load {
    shared: Arc<Shared>,
    writers: Vec<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    book: Mutex<Book>,
    moved: Condvar,
    stopped: AtomicBool,
}

#[derive(Debug, Default)]
struct Book {
    attempts: Vec<Attempt>,
    taken: usize,
    deferred: usize,
    target: Option<Target>,
}

impl Load {
    /// The manifests that the load is for: its domain, boxes, and a group of two of them.
    #[must_use]
    pub fn manifests() -> Manifests {
        let members = [format!("one@{DOMAIN}"), format!("two@{DOMAIN}")];
        let members: Vec<&str> = members.iter().map(String::as_str).collect();
        Manifests::of(DOMAIN, &BOXES, &manifests::group("both", &format!("both@{DOMAIN}"), &members))
    }

    /// Starts clients, which wait for a target.
    #[must_use]
    pub fn start(clients: usize) -> Self {
        let shared = Arc::new(Shared::default());
        let write = |client| {
            let shared = shared.clone();
            thread::spawn(move || writer::run(client, &shared))
        };
        Self { writers: (0..clients).map(write).collect(), shared }
    }

    /// Directs the clients at a process.
    pub fn aim(&self, server: &Server) {
        self.direct(Some(Target { mx: server.address("mx"), submission: server.address("submission") }));
    }

    /// Lets the clients wait: the process is gone.
    pub fn rest(&self) {
        self.direct(None);
    }

    fn direct(&self, target: Option<Target>) {
        self.shared.book().target = target;
        self.shared.moved.notify_all();
    }

    /// Waits until so many more messages were taken than when it was asked.
    ///
    /// # Panics
    /// When they are not in time.
    pub fn wait_for_more(&self, messages: usize) {
        self.wait(messages, |book| book.taken);
    }

    /// Waits until so many more were put off with a 4xx reply.
    ///
    /// # Panics
    /// When they are not in time.
    pub fn wait_for_deferrals(&self, replies: usize) {
        self.wait(replies, |book| book.deferred);
    }

    fn wait(&self, more: usize, count: impl Fn(&Book) -> usize) {
        let mut book = self.shared.book();
        let goal = count(&book) + more;
        let end = Instant::now() + crate::server::PATIENCE;
        while count(&book) < goal {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{} of {goal} in time; last: {:?}", count(&book), book.attempts.last());
            book = self.shared.moved.wait_timeout(book, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Ends the clients and returns all that they did.
    ///
    /// # Panics
    /// When one of them has failed.
    #[must_use]
    pub fn stop(self) -> Vec<Attempt> {
        self.shared.stopped.store(true, Ordering::Relaxed);
        self.shared.moved.notify_all();
        for writer in self.writers {
            writer.join().expect("a client");
        }
        std::mem::take(&mut self.shared.book().attempts)
    }
}

impl Shared {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// The target, once there is one other than `spent`; `None` at the end.
    fn target(&self, spent: Option<Target>) -> Option<Target> {
        let mut book = self.book();
        loop {
            if self.stopped() {
                return None;
            }
            if book.target.is_some() && book.target != spent {
                return book.target;
            }
            let waited = self.moved.wait_timeout(book, Duration::from_millis(50)).unwrap_or_else(PoisonError::into_inner);
            book = waited.0;
            if waited.1.timed_out() && book.target.is_some() {
                // The process may only have hung up.
                return book.target;
            }
        }
    }

    fn note(&self, attempt: Attempt) {
        let mut book = self.book();
        match attempt.told {
            Told::Taken => book.taken += 1,
            Told::Refused(400..=499) => book.deferred += 1,
            Told::Refused(_) | Told::Nothing => {}
        }
        book.attempts.push(attempt);
        self.moved.notify_all();
    }
}
