//! What the client's machine tells its caller.

use postern_core::{EnhancedCode, Outcome};

use super::ServerReply;

/// A step of the session. After each, flush the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The server is ready for TLS: flush the output, call [`super::Client::tls_started`] before another octet is read
    /// in the clear, and shake hands. When the handshake fails, drop the connection.
    StartTls,
    /// The session stands: [`super::Client::send`], or [`super::Client::quit`].
    Ready,
    /// The output holds a block of the message: write it, then call [`super::Client::next`] again without reading.
    Flush,
    /// A transaction ended: one outcome per recipient, in the envelope's order. Another may follow while
    /// [`super::Client::is_ready`].
    Sent(Vec<RecipientOutcome>),
    /// The session failed outside a transaction; it is closed.
    Failed(Failure),
    /// The session is over: QUIT was answered, or the server closed it after [`Event::Sent`].
    Closed,
}

/// Where in the session something was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The server's first line.
    Greeting,
    /// EHLO or HELO.
    Hello,
    /// STARTTLS.
    StartTls,
    /// AUTH.
    Auth,
    /// Between transactions.
    Idle,
    /// Before anything was sent: the server cannot take this message.
    Check,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA.
    Data,
    /// The end of the message. A connection lost here may have delivered (RFC 1047).
    EndOfData,
}

/// What became of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientOutcome {
    /// The stage that decided.
    pub stage: Stage,
    /// What the server said there, or we in its stead.
    pub reply: ServerReply,
}

impl RecipientOutcome {
    /// Whether the server took responsibility (RFC 5321 §6.1).
    #[must_use]
    pub const fn is_delivered(&self) -> bool {
        matches!(self.stage, Stage::EndOfData) && self.reply.is_positive()
    }

    /// The failure, unless it was delivered.
    ///
    /// # Errors
    /// The server's refusal as an [`Outcome`].
    pub fn result(&self) -> Result<(), Outcome> {
        if self.is_delivered() { Ok(()) } else { Err(self.reply.outcome()) }
    }
}

/// Why a session failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Where.
    pub stage: Stage,
    /// How.
    pub cause: Cause,
}

/// How a session failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The server said no.
    Refused(ServerReply),
    /// What the server said is no reply, or is too long.
    Malformed,
    /// TLS is required and not offered.
    NoTls,
    /// A login is configured and PLAIN not offered.
    NoAuth,
    /// The connection broke.
    Lost,
}

impl Failure {
    /// What it means for the messages that were to be sent. All but a refusal by 5xx may pass.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match &self.cause {
            Cause::Refused(reply) => reply.outcome(),
            Cause::Malformed => Outcome::temporary(451, EnhancedCode::PROTOCOL, "The remote server does not speak SMTP"),
            Cause::NoTls => Outcome::temporary(454, EnhancedCode(7, 10), "The remote server does not offer TLS, which is required"),
            Cause::NoAuth => Outcome::temporary(454, EnhancedCode::SECURITY, "The remote server does not offer AUTH PLAIN"),
            Cause::Lost => Outcome::temporary(451, EnhancedCode::BAD_CONNECTION, "The connection to the remote server broke"),
        }
    }
}
