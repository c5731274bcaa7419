//! Read buffers that belong to the thread, not to the connection: ten thousand idle connections
//! hold none at all.

use std::{cell::RefCell, ops::Deref};

/// How much one read takes at most.
const SIZE: usize = 64 * 1024;
/// Spare buffers a thread keeps.
const SPARE: usize = 2;

thread_local! {
    static POOL: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
}

/// Bytes that were read; the buffer goes back to its thread on drop.
#[derive(Debug)]
pub struct Filled {
    buffer: Box<[u8]>,
    len: usize,
}

impl Filled {
    /// A buffer to read into, none of it filled yet.
    pub fn take() -> Self {
        let buffer = POOL.with_borrow_mut(Vec::pop).unwrap_or_else(|| vec![0; SIZE].into_boxed_slice());
        Self { buffer, len: 0 }
    }

    /// Reads into the buffer by a function that says how much it wrote.
    pub fn fill<E>(mut self, read: impl FnOnce(&mut [u8]) -> Result<usize, E>) -> Result<Self, E> {
        self.len = read(&mut self.buffer)?.min(self.buffer.len());
        Ok(self)
    }
}

impl Deref for Filled {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.buffer.get(..self.len).unwrap_or_default()
    }
}

impl Drop for Filled {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        if buffer.len() == SIZE {
            // A thread that ends has no pool any more; then the buffer is simply freed.
            let _ = POOL.try_with(|pool| {
                let mut pool = pool.borrow_mut();
                if pool.len() < SPARE {
                    pool.push(buffer);
                }
            });
        }
    }
}
