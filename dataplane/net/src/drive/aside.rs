//! What a session says while it is at work: whole lines between answers, unasked.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::Notify;

/// A way past a session that is in the midst of [`super::Session::run`]. Clones say the same. It holds one saying at most.
#[derive(Clone, Debug, Default)]
pub struct Aside(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    words: Mutex<Vec<u8>>,
    news: Notify,
}

impl Aside {
    /// Says something that stands alone; it takes the place of what was said before and is not under way yet.
    pub fn say(&self, words: Vec<u8>) {
        self.put(words);
        self.0.news.notify_one();
    }

    /// Waits for something to send. Cancel safe.
    pub(super) async fn said(&self) -> Vec<u8> {
        loop {
            self.0.news.notified().await;
            let words = self.put(Vec::new());
            if !words.is_empty() {
                return words;
            }
        }
    }

    /// What was not sent in time means nothing any more.
    pub(super) fn forget(&self) {
        self.put(Vec::new());
    }

    fn put(&self, words: Vec<u8>) -> Vec<u8> {
        mem::replace(&mut *self.0.words.lock().unwrap_or_else(PoisonError::into_inner), words)
    }
}
