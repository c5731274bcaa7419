//! How much longer a client may take.

use std::pin::Pin;

use tokio::time::{Instant, Sleep, sleep_until};

use super::Wait;

/// Time and bytes left in the present step. The timer is only armed by a connection that goes idle, and only moved
/// when it fires too early: a busy connection never touches the timer wheel.
pub(super) struct Patience {
    wait: Wait,
    deadline: Instant,
    spent: u64,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    pub(super) fn new(wait: Wait) -> Self {
        Self { deadline: Instant::now() + wait.timeout, wait, spent: 0, timer: None }
    }

    pub(super) fn is_same(&self, wait: Wait) -> bool {
        self.wait == wait
    }

    /// Begins anew when the session has moved on.
    pub(super) fn observe(&mut self, wait: Wait) {
        if !self.is_same(wait) {
            (self.wait, self.deadline, self.spent) = (wait, Instant::now() + wait.timeout, 0);
        }
    }

    /// Whether the budget covers these bytes too.
    pub(super) fn spend(&mut self, bytes: u64) -> bool {
        self.spent = self.spent.saturating_add(bytes);
        self.spent <= self.wait.bytes
    }

    /// Cancel safe.
    pub(super) async fn exhausted(&mut self) {
        loop {
            let deadline = self.deadline;
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
            if timer.deadline() > deadline || timer.is_elapsed() {
                timer.as_mut().reset(deadline);
            }
            timer.as_mut().await;
            if Instant::now() >= deadline {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const WAIT: Wait = Wait { step: 1, timeout: Duration::from_secs(300), bytes: 10 };

    #[tokio::test(start_paused = true)]
    async fn only_progress_buys_time() {
        let started = Instant::now();
        let mut patience = Patience::new(WAIT);
        let minute = Duration::from_secs(60);
        assert!(tokio::time::timeout(minute, patience.exhausted()).await.is_err());
        patience.observe(WAIT);
        assert!(tokio::time::timeout(minute, patience.exhausted()).await.is_err());
        patience.observe(Wait { step: 2, ..WAIT });
        patience.exhausted().await;
        assert_eq!(started.elapsed().as_secs(), 120 + 300, "counted from the step, not from the last wait");
        patience.observe(Wait { timeout: minute, ..WAIT });
        patience.exhausted().await;
        assert_eq!(started.elapsed().as_secs(), 420 + 60, "a shorter wait moves the timer forward");
    }

    #[tokio::test]
    async fn a_step_begins_a_new_budget() {
        let mut patience = Patience::new(WAIT);
        assert!(patience.spend(10));
        assert!(!patience.spend(1));
        patience.observe(Wait { step: 2, ..WAIT });
        assert!(patience.spend(10));
    }
}
