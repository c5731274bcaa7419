//! A session that stands, driven over its connection.

use std::{io, time::Duration};

use postern_net::Stream;
use postern_proto_smtp::{
    client::{Client, Event, RecipientOutcome, Stage, Transaction},
    limits,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::{Peer, Permit, Sent};

/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long a server that stopped reading is given to say why.
const LAST_WORDS: Duration = Duration::from_secs(1);
const READ: usize = 4096;

/// A session that is ready for transactions.
#[derive(Debug)]
pub struct Link {
    wire: Wire,
    peer: Peer,
    sent: u32,
}

/// The transaction was given up before the message could be anybody else's: the permit was refused. The connection is
/// of no further use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenUp;

impl Link {
    pub(super) const fn new(wire: Wire, peer: Peer) -> Self {
        Self { wire, peer, sent: 0 }
    }

    /// The other end.
    #[must_use]
    pub const fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Transactions so far.
    #[must_use]
    pub const fn sent(&self) -> u32 {
        self.sent
    }

    /// Recipients that one transaction may have here (RFC 9422), if the server says.
    #[must_use]
    pub fn max_recipients(&self) -> Option<usize> {
        self.wire.client.offers().max_recipients.and_then(|n| usize::try_from(n).ok())
    }

    /// Whether the server takes over the duty to report (RFC 3461 §5.2.1).
    #[must_use]
    pub const fn reports(&self) -> bool {
        self.wire.client.offers().dsn
    }

    /// Sends a message to its recipients. A connection that breaks is an outcome too.
    ///
    /// # Errors
    /// [`GivenUp`] when the permit is refused: nothing was delivered.
    pub async fn send(&mut self, transaction: Transaction, permit: &dyn Permit) -> Result<Sent, GivenUp> {
        let recipients = transaction.envelope.recipients.len();
        if self.wire.client.send(transaction).is_err() {
            return Ok(Sent { outcomes: Vec::new(), dialogue: String::new(), broken: true });
        }
        self.sent += 1;
        let outcomes = match self.wire.step(Some(permit)).await {
            Step::Event(Event::Sent(outcomes)) => outcomes,
            Step::GivenUp => return Err(GivenUp),
            // Not reached: a transaction ends with Sent. No outcome is "try again".
            Step::Event(_) | Step::Gone => Vec::new(),
        };
        debug_assert!(outcomes.len() == recipients || outcomes.is_empty());
        Ok(Sent { outcomes, dialogue: self.wire.client.take_dialogue(), broken: !self.wire.client.is_ready() })
    }

    /// Says QUIT, and does not wait long for the answer.
    pub async fn quit(mut self) {
        self.wire.client.quit();
        let _ = timeout(FAREWELL, self.wire.step(None)).await;
    }
}

/// Whether this outcome says that the connection, not the message, was at fault, and that the message cannot have been
/// taken: another host may be asked at once. A connection that broke after the end of the message is not such a case,
/// for it may have been delivered (RFC 1047).
#[must_use]
pub fn is_untouched(outcome: &RecipientOutcome) -> bool {
    outcome.stage < Stage::EndOfData && outcome.stage != Stage::Check && !outcome.reply.is_permanent() && !outcome.is_delivered()
}

/// The machine on its stream.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) client: Client,
    pub(super) stream: Stream,
    pub(super) patience: Option<Duration>,
}

/// What a drive led to.
pub(super) enum Step {
    Event(Event),
    /// The connection ended where nothing was open.
    Gone,
    GivenUp,
}

impl Wire {
    /// Drives the machine to its next event.
    pub(super) async fn step(&mut self, permit: Option<&dyn Permit>) -> Step {
        let mut buffer = [0; READ];
        loop {
            while let Some(event) = self.client.next() {
                if event == Event::Flush {
                    // At least one block is left, and the final dot behind it.
                    if refused(permit).await {
                        return Step::GivenUp;
                    }
                    if self.write().await.is_err() {
                        return self.ended(&mut buffer).await;
                    }
                    continue;
                }
                // What is still unwritten when the session is over has no reader.
                if !self.client.is_closed() && self.write().await.is_err() {
                    tracing::debug!(peer = %self.stream.peer(), "the connection broke behind a reply");
                }
                return Step::Event(event);
            }
            if self.write().await.is_err() {
                return self.ended(&mut buffer).await;
            }
            let wait = self.patience.map_or(self.client.timeout(), |most| most.min(self.client.timeout()));
            let read = match timeout(wait, self.stream.read(&mut buffer)).await {
                Ok(Ok(read)) if read > 0 => read,
                _ => return self.client.disconnected().map_or(Step::Gone, Step::Event),
            };
            // The reply to DATA may be among it, and a small message goes out with its dot in one piece.
            if (Stage::Mail..=Stage::Data).contains(&self.client.stage()) && refused(permit).await {
                return Step::GivenUp;
            }
            self.client.input(buffer.get(..read).unwrap_or_default());
        }
    }

    async fn write(&mut self) -> io::Result<()> {
        if self.client.output().is_empty() {
            return Ok(());
        }
        let output = std::mem::take(self.client.output());
        let wait = self.patience.map_or(limits::BLOCK_TIMEOUT, |most| most.min(limits::BLOCK_TIMEOUT));
        timeout(wait, async {
            self.stream.write_all(&output).await?;
            self.stream.flush().await
        })
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }

    /// The server reads no more; perhaps it has said why.
    async fn ended(&mut self, buffer: &mut [u8]) -> Step {
        if let Ok(Ok(read)) = timeout(LAST_WORDS, self.stream.read(buffer)).await {
            self.client.input(buffer.get(..read).unwrap_or_default());
        }
        self.client.disconnected().map_or(Step::Gone, Step::Event)
    }
}

async fn refused(permit: Option<&dyn Permit>) -> bool {
    match permit {
        Some(permit) => !permit.may_finish().await,
        None => false,
    }
}
