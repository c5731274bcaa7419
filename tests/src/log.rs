//! What a process writes, kept whole, and awaited instead of slept for.

use std::{
    fmt,
    io::{BufRead, BufReader, Read},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// The lines of a process so far. Clones share them.
#[derive(Clone, Default)]
pub struct Log(Arc<Shared>);

#[derive(Default)]
struct Shared {
    lines: Mutex<Lines>,
    grown: Condvar,
}

#[derive(Default)]
struct Lines {
    lines: Vec<String>,
    ended: bool,
}

impl Log {
    /// Collects the lines of a stream until its end.
    #[must_use]
    pub fn of(stream: impl Read + Send + 'static) -> Self {
        let log = Self::default();
        let shared = log.clone();
        thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                shared.lock().lines.push(String::from_utf8_lossy(&line).into_owned());
                shared.0.grown.notify_all();
            }
            shared.lock().ended = true;
            shared.0.grown.notify_all();
        });
        log
    }

    /// Everything so far, for messages of failing tests.
    #[must_use]
    pub fn text(&self) -> String {
        self.lock().lines.join("\n")
    }

    /// Lines so far: a mark for [`Log::wait_after`].
    #[must_use]
    pub fn mark(&self) -> usize {
        self.lock().lines.len()
    }

    /// The first value that `pick` finds in a line, now or within `patience`.
    ///
    /// # Errors
    /// All lines, when there is none in time or the process has ended.
    pub fn wait<T>(&self, patience: Duration, pick: impl Fn(&str) -> Option<T>) -> Result<T, String> {
        self.wait_after(0, patience, pick)
    }

    /// The same in lines that came after a mark.
    ///
    /// # Errors
    /// As [`Log::wait`].
    pub fn wait_after<T>(&self, mark: usize, patience: Duration, pick: impl Fn(&str) -> Option<T>) -> Result<T, String> {
        let end = Instant::now() + patience;
        let mut seen = mark;
        let mut held = self.lock();
        loop {
            if let Some(found) = held.lines.iter().skip(seen).find_map(|line| pick(line)) {
                return Ok(found);
            }
            seen = held.lines.len();
            let left = end.saturating_duration_since(Instant::now());
            if held.ended || left.is_zero() {
                return Err(held.lines.join("\n"));
            }
            held = self.0.grown.wait_timeout(held, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}
