//! Memory that nobody uses goes back to the kernel, also from a process with nothing to do.
//!
//! The allocator returns what was freed a second ago when the next large piece is freed. After a burst (the 19 MiB that
//! each password hash works in, a morning's logins) there may be no next one for hours; so one is made. It is never
//! written to, and costs two system calls at most.

use std::{hint::black_box, time::Duration};

/// Longer than the allocator waits before it calls memory spare.
const PERIOD: Duration = Duration::from_secs(3);
/// Octets; more than the allocator keeps in its small classes.
const LARGE: usize = 1 << 20;

/// Reminds the allocator, for as long as the process lives.
pub async fn give_back() {
    let mut tick = tokio::time::interval(PERIOD);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        drop(black_box(Vec::<u8>::with_capacity(LARGE)));
    }
}
