//! What the caller hears.

use postern_core::Secret;

use crate::types::{AppendMessage, CatenatePart, Command, MailboxName, Replaced, Reply, Tag};

/// What has happened, and what the caller must do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// A command that the state allows. Do it, write its untagged answers, then [`super::Server::complete`].
    ///
    /// STARTTLS: complete with OK, send all output, set TLS up, then [`super::Server::tls_started`].
    /// COMPRESS: the same, then [`super::Server::compression_started`].
    /// AUTHENTICATE: [`super::Server::challenge`] until it is decided. IDLE: [`super::Server::idle`].
    /// ENABLE: what it enables is in force and its untagged answer is written. CAPABILITY never comes.
    Command {
        /// Its tag, for logs; the machine keeps it.
        tag: Tag,
        /// What is asked.
        command: Command,
    },
    /// APPEND or REPLACE offers a message. [`super::Server::accept`] it, or refuse by [`super::Server::complete`] with NO
    /// before its octets are sent (RFC 9051 §6.3.12). It is within [`super::Config::append_limit`].
    AppendMessage {
        /// The command's tag.
        tag: Tag,
        /// To which mailbox; the same for all messages of one APPEND.
        mailbox: MailboxName,
        /// Of REPLACE: the message of the mailbox selected that goes in the same moment (RFC 8508).
        replaces: Option<Replaced>,
        /// Flags, date, size.
        message: AppendMessage,
        /// 0 for the first message of the command (RFC 3502).
        number: usize,
    },
    /// CATENATE offers the next part of the message begun last (RFC 4469). Accept or refuse it, as a message; the next message,
    /// or [`Event::AppendEnd`], says that there are no more. Each is within the limit, not all of them together.
    AppendPart(CatenatePart),
    /// The octets of the message or part accepted. Keep them: nothing may be stored before [`Event::AppendEnd`] (RFC 3502 §6.3.11).
    AppendBody(Vec<u8>),
    /// Every message is there. Store all or none, then [`super::Server::complete`].
    AppendEnd,
    /// The client's answer to [`super::Server::challenge`].
    AuthenticateResponse(Secret<Vec<u8>>),
    /// IDLE is over: [`super::Server::complete`] it.
    IdleDone,
    /// The machine answered a command itself. Whatever was under way (IDLE, AUTHENTICATE, messages of APPEND) is void.
    Rejected {
        /// Its tag, if it had one.
        tag: Option<Tag>,
        /// What was answered.
        reply: Reply,
    },
    /// Send the output and close the connection.
    Closed,
}
