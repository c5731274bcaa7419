//! The command line's end.

use std::{
    io,
    path::{Path, PathBuf},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
};

use super::{MAX_RESPONSE, Request, Response};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody listens.
    #[error("no server answers at {}: {source}; is `postern serve` running with this data folder (--data)?", path.display())]
    NoServer {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The server went away in between.
    #[error("the server did not answer: {0}")]
    Lost(#[from] io::Error),
    /// The server is of another version.
    #[error("the answer is not understood; client and server are of different versions? {0}")]
    NotUnderstood(#[from] serde_json::Error),
}

/// Asks the server at `path`.
///
/// # Errors
/// [`AskError`]; a refusal is a [`Response`], not an error.
pub async fn ask(path: &Path, request: &Request) -> Result<Response, AskError> {
    let mut stream = UnixStream::connect(path).await.map_err(|source| AskError::NoServer { path: path.to_owned(), source })?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut answer = Vec::new();
    BufReader::new(&mut stream).take(MAX_RESPONSE).read_until(b'\n', &mut answer).await?;
    if answer.is_empty() {
        return Err(AskError::Lost(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(serde_json::from_slice(&answer)?)
}
