//! INPROGRESS (RFC 9585): a command that takes long says how far it is, so that its client waits.

use std::{sync::Arc, time::Duration};

use postern_core::{Clock, Timestamp};
use postern_net::Aside;
use postern_proto_imap::{
    encode,
    types::{Code, Reply, Tag},
};

/// How far the command in hand is. It speaks no more often than the configuration says.
pub(crate) struct Progress {
    pub(super) tag: Option<Tag>,
    pub(super) aside: Aside,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) every: Duration,
    pub(super) last: Timestamp,
}

impl Progress {
    /// So many of so many are done.
    pub fn at(&mut self, done: usize, goal: usize) {
        // RFC 9585 §4: a goal is above zero, and not reached yet.
        self.tell((done < goal).then_some((done as u64, goal as u64)));
    }

    /// Something is done, and nobody knows of how much.
    pub fn alive(&mut self) {
        self.tell(None);
    }

    fn tell(&mut self, done: Option<(u64, u64)>) {
        let now = self.clock.now();
        if now.since(self.last) < self.every {
            return;
        }
        self.last = now;
        let mut line = Vec::new();
        encode::untagged(&mut line, &Reply::ok("Still at it").with(Code::InProgress { tag: self.tag.clone(), done }));
        self.aside.say(line);
    }
}
