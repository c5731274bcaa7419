//! Signals to the drain: SIGTERM is a supervisor that drains endpoints, SIGINT is a person who waits.

use std::{io, time::Duration};

use postern_net::{Drain, Graces, Phase};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that end a process, caught from when this value is made.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Catches SIGTERM and SIGINT.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for a signal, then walks `drain` through its phases and returns how many sessions had to be cut off.
    ///
    /// SIGINT does not wait for load balancers; a second signal of either kind does not wait for anybody.
    pub async fn drain(mut self, drain: &Drain, graces: Graces) -> usize {
        let graces = tokio::select! {
            _ = self.terminate.recv() => graces,
            _ = self.interrupt.recv() => Graces { not_ready: Duration::ZERO, ..graces },
            // Somebody else ends the process.
            () = drain.reached(Phase::Stopped) => return 0,
        };
        tracing::info!(sessions = drain.live(), "draining");
        let ended = drain.run(graces);
        tokio::pin!(ended);
        loop {
            tokio::select! {
                cut = &mut ended => return cut,
                _ = self.terminate.recv() => drain.advance(Phase::Stopped),
                _ = self.interrupt.recv() => drain.advance(Phase::Stopped),
            }
        }
    }
}
