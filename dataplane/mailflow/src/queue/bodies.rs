//! Bodies on their way out: those that were accepted a moment ago need not be read again, nor unpacked for each recipient.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use postern_core::BlobId;
use postern_store::{Store, StoreError};

/// A small cache of bodies, oldest out first. Clones share it.
#[derive(Clone, Debug)]
pub struct Bodies(Arc<Mutex<Kept>>);

#[derive(Debug)]
struct Kept {
    bodies: HashMap<BlobId, Bytes>,
    order: VecDeque<BlobId>,
    octets: usize,
    most: usize,
}

impl Bodies {
    /// Keeps up to so many octets; a body of more than a quarter of them is not kept.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Mutex::new(Kept { bodies: HashMap::new(), order: VecDeque::new(), octets: 0, most })))
    }

    /// Remembers a body: by whoever has just accepted it, exactly as it was stored.
    pub fn keep(&self, id: BlobId, body: Bytes) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if body.len() > kept.most / 4 || kept.bodies.contains_key(&id) {
            return;
        }
        kept.octets += body.len();
        kept.bodies.insert(id, body);
        kept.order.push_back(id);
        while kept.octets > kept.most
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.octets -= kept.bodies.remove(&oldest).map_or(0, |body| body.len());
        }
    }

    /// Forgets a body that nobody is going to ask for any more.
    pub fn forget(&self, id: BlobId) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(body) = kept.bodies.remove(&id) else { return };
        kept.octets -= body.len();
        // Bodies go about in the order in which they came, so the list of names stays about as short as they are few.
        while kept.order.front().is_some_and(|oldest| !kept.bodies.contains_key(oldest)) {
            kept.order.pop_front();
        }
    }

    /// The body, from here or from the store.
    ///
    /// # Errors
    /// As [`postern_store::blob::Blobs::read`].
    pub async fn read(&self, store: &Store, id: BlobId) -> Result<Bytes, StoreError> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).bodies.get(&id).cloned();
        if let Some(body) = known {
            return Ok(body);
        }
        let body = store.blobs.read(&store.db, id).await?;
        self.keep(id, body.clone());
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room() {
        let bodies = Bodies::new(100);
        for id in 0..10 {
            bodies.keep(BlobId(id), Bytes::from(vec![0; 25]));
        }
        bodies.keep(BlobId(99), Bytes::from(vec![0; 26]));
        let kept = bodies.0.lock().unwrap();
        let mut ids: Vec<i64> = kept.bodies.keys().map(|id| id.0).collect();
        ids.sort_unstable();
        assert_eq!((ids, kept.octets), (vec![6, 7, 8, 9], 100));
    }

    #[test]
    fn what_is_forgotten_leaves_nothing() {
        let bodies = Bodies::new(1000);
        (0..10).for_each(|id| bodies.keep(BlobId(id), Bytes::from_static(b"x")));
        (0..10).rev().for_each(|id| bodies.forget(BlobId(id)));
        bodies.forget(BlobId(99));
        let kept = bodies.0.lock().unwrap();
        assert_eq!((kept.octets, kept.order.len(), kept.bodies.len()), (0, 0, 0));
    }
}
