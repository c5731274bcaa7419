//! What a running server answers to `postern get`, `trace`, `queue`, `index` and `backup`.
//!
//! One verb a file. Whoever may open the control socket is the operator: no tenant's walls stand here.

mod backup;
mod index;
mod queue;
mod trace;

pub use self::{backup::answer as backup, index::answer as index, queue::answer as queue, trace::answer as trace};
