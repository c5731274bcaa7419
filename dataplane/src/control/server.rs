//! The server's end: a socket that nobody else may open, few clients at a time, short requests.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use postern_net::{Drain, Phase};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::Semaphore,
    time::timeout,
};

use super::{Control, MAX_REQUEST, Request, Response};

/// Clients served at the same time; others wait.
const CLIENTS: usize = 8;
/// Time for a client to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);

/// A bound socket. Its file goes when this is dropped.
#[derive(Debug)]
pub struct ControlSocket {
    listener: UnixListener,
    path: PathBuf,
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the control socket {}: {source}", path.display())]
pub struct BindError {
    /// Where.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

impl ControlSocket {
    /// Binds `path`, taking the place of a socket that a dead process left. Whoever calls holds the
    /// data folder, so no living process answers there.
    ///
    /// # Errors
    /// [`BindError`], also for a path longer than the system allows for sockets, about 100 bytes.
    pub fn bind(path: &Path) -> Result<Self, BindError> {
        let failed = |source| BindError { path: path.to_owned(), source };
        // Under another name until its mode is right: nobody can connect in between.
        let fresh = path.with_extension("new");
        let _ = fs::remove_file(&fresh);
        let listener = UnixListener::bind(&fresh).map_err(failed)?;
        fs::set_permissions(&fresh, fs::Permissions::from_mode(0o600)).map_err(failed)?;
        fs::rename(&fresh, path).map_err(failed)?;
        Ok(Self { listener, path: path.to_owned() })
    }

    /// Answers until the drain has stopped.
    pub async fn serve(self, control: Arc<dyn Control>, drain: Drain) {
        let room = Arc::new(Semaphore::new(CLIENTS));
        let stopped = drain.reached(Phase::Stopped);
        tokio::pin!(stopped);
        loop {
            let client = async {
                let permit = room.clone().acquire_owned().await.ok()?;
                Some((self.listener.accept().await, permit))
            };
            let (accepted, permit) = tokio::select! {
                () = &mut stopped => return,
                client = client => match client {
                    Some(client) => client,
                    None => return,
                },
            };
            match accepted {
                Ok((stream, _)) => {
                    let (control, stopped) = (control.clone(), drain.reached(Phase::Stopped));
                    tokio::spawn(async move {
                        tokio::select! {
                            () = stopped => {}
                            answered = answer(stream, &*control) => {
                                if let Err(error) = answered {
                                    tracing::debug!(%error, "a control client left");
                                }
                            }
                        }
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a control client");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

async fn answer(mut stream: UnixStream, control: &dyn Control) -> io::Result<()> {
    let (reader, mut writer) = stream.split();
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    timeout(PATIENCE, (&mut reader).take(MAX_REQUEST).read_until(b'\n', &mut line)).await??;
    let response = match serde_json::from_slice::<Request>(&line) {
        Ok(request) => tokio::select! {
            response = control.handle(request) => response,
            // The client says nothing more; what can be read is its end.
            _ = reader.read_u8() => return Ok(()),
        },
        Err(error) => Response::Refused { message: format!("not understood; client and server are of different versions? {error}") },
    };
    let mut line = serde_json::to_vec(&response)?;
    line.push(b'\n');
    writer.write_all(&line).await
}
