//! How the command line speaks to a running server: one JSON line there, one back, over a socket in
//! the data folder that only its owner may open.
//!
//! The embedded database has room for one process, so `postern get` and the like do not open it: they
//! ask the process that has. The transport knows no answers; a [`Control`] gives them.

mod client;
mod request;
mod server;
#[cfg(test)]
mod tests;

pub use self::{
    client::{AskError, ask},
    request::{Output, QueueAction, Request, Response},
    server::{BindError, ControlSocket},
};

/// The longest request, in bytes.
const MAX_REQUEST: u64 = 64 << 10;
/// The longest response, in bytes.
const MAX_RESPONSE: u64 = 256 << 20;

/// Whoever answers.
#[async_trait::async_trait]
pub trait Control: Send + Sync + 'static {
    /// The answer to a request. It may take its time; a client that leaves cancels it.
    async fn handle(&self, request: Request) -> Response;
}
