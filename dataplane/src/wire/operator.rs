//! Whoever may open the control socket: asks are answered by `answers`, resources by the folder.

use async_trait::async_trait;
use postern_store::{Store, StoreError, directory::Directory};

use crate::{
    answers,
    control::{Control, Output, Request, Response},
    folder::Folder,
};

/// What the command line may ask.
pub struct Operator {
    /// Boxes, queue, trail.
    pub store: Store,
    /// Who has which address.
    pub directory: Directory,
    /// The manifests, where this process has them.
    pub folder: Option<Folder>,
}

#[async_trait]
impl Control for Operator {
    async fn handle(&self, request: Request) -> Response {
        let answer = match request {
            Request::Get { kind, name, namespace, output } => Ok(self.get(&kind, name.as_deref(), namespace.as_deref(), output).await),
            Request::Trace { of, dialogue, limit } => answers::trace(&self.store, &of, dialogue, limit).await,
            Request::Queue { action } => answers::queue(&self.store, action).await,
            Request::Index { address, anew } => answers::index(&self.store, &self.directory, &address, anew).await,
            Request::Backup { to } => answers::backup(&self.store, &to).await,
        };
        answer.unwrap_or_else(|error: StoreError| Response::Refused { message: error.to_string() })
    }
}

impl Operator {
    async fn get(&self, kind: &str, name: Option<&str>, namespace: Option<&str>, output: Output) -> Response {
        match &self.folder {
            Some(folder) => folder.get(kind, name, namespace, output).await,
            None => Response::Refused {
                message: "this process has no manifests; ask the one that was started with --manifests, or kubectl".into(),
            },
        }
    }
}
