//! The trail and the queue as people read them: what `postern trace`, `postern queue` and `kubectl postern` print.
//!
//! Reads only, and within a [`Scope`]: a tenant is shown what is its own, whoever asks for it.
//! How a question comes here, and who may ask it, is the business of those that call.

mod queue;
mod trace;

pub use postern_store::directory::Scope;

pub use self::{
    queue::{data as queue_data, list as queue, table as queue_table},
    trace::{Story, data as trace_data, stories, text as trace_text},
};
