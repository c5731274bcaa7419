//! What a running server answers to `postern get`, `trace`, `queue` and `backup`.
//!
//! One verb a file. Whoever may open the control socket is the operator: no tenant's walls stand here.

mod backup;
mod queue;
mod trace;

pub use self::{backup::answer as backup, queue::answer as queue, trace::answer as trace};
