//! A COMMIT whose answer did not come. Whether it happened is asked of the database when it is back: a client that is told to
//! come again with what is stored already would have everybody read it twice.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::{args, db::Db};

/// How long the database is waited for; a client waits ten minutes for what becomes of its message (RFC 5321 §4.5.3.2.6).
const PATIENCE: Duration = Duration::from_secs(60);
/// The first pause between two questions, and the longest.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];

/// A row of a transaction, with an id that no other transaction has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Witness {
    /// A message of an account.
    Message {
        /// Whose.
        account: i64,
        /// Its id.
        id: i64,
    },
    /// A message of the queue. It may have been sent and be gone, so that its absence proves nothing.
    Queued(i64),
}

impl Witness {
    /// Whether the transaction was committed for certain; `false` also where nobody can say.
    pub(super) async fn saw_the_commit(self, db: &Db) -> bool {
        let asked = async {
            let mut pause = PAUSES[0];
            loop {
                match self.find(db).await {
                    Ok(found) => return found,
                    Err(error) => tracing::debug!(%error, "the database is asked again what it has committed"),
                }
                sleep(pause).await;
                pause = (pause * 2).min(PAUSES[1]);
            }
        };
        timeout(PATIENCE, asked).await.unwrap_or(false)
    }

    async fn find(self, db: &Db) -> crate::Result<bool> {
        let row = match self {
            Self::Message { account, id } => db.row("SELECT 1 FROM message WHERE account = $1 AND id = $2", args![account, id]).await?,
            Self::Queued(id) => db.row("SELECT 1 FROM queue_message WHERE id = $1", args![id]).await?,
        };
        Ok(row.is_some())
    }
}
