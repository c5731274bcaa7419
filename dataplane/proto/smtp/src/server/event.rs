//! What the server's machine tells its caller, and what it expects in return.

use postern_core::{Secret, envelope::ReversePath};

use crate::{ForwardPath, MailParams, RcptParams, Reply, reply::standard};

/// Something that the client did. Where an answer is expected the machine stands still until it comes:
/// [`Server::accept`], [`Server::accept_as`] or [`Server::refuse`], and those named at the variant.
///
/// [`Server::accept`]: super::Server::accept
/// [`Server::accept_as`]: super::Server::accept_as
/// [`Server::refuse`]: super::Server::refuse
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// HELO or EHLO; any transaction is void. Answer: accept or refuse.
    Hello {
        /// The client's word for itself.
        name: String,
        /// Whether it was EHLO.
        extended: bool,
    },
    /// MAIL: a new transaction. Answer: accept or refuse.
    Mail {
        /// `None` is `<>`.
        sender: ReversePath,
        /// All were offered.
        params: MailParams,
    },
    /// RCPT. Answer: accept or refuse.
    Rcpt {
        /// Whom.
        recipient: ForwardPath,
        /// All were offered.
        params: RcptParams,
    },
    /// DATA or the first BDAT, with at least one recipient taken. Answer: [`Server::accept_data`] with the octets that
    /// stand before the message (trace headers), accept, or refuse, which ends the transaction.
    ///
    /// [`Server::accept_data`]: super::Server::accept_data
    Data,
    /// The whole message behind the prefix given at [`Event::Data`], dots unstuffed, CRLF throughout unless it was
    /// declared BINARYMIME. Answer, once it is durable: accept, accept as, or refuse. The transaction is over.
    Message(Vec<u8>),
    /// The message was refused by the machine; the transaction is over. No answer.
    BodyRefused(BodyFault),
    /// RSET: the transaction is void. No answer.
    Reset,
    /// STARTTLS. Answer: accept; then flush the output, make sure that nothing more was received, call
    /// [`Server::start_tls`], and shake hands. Or refuse.
    ///
    /// [`Server::start_tls`]: super::Server::start_tls
    StartTls,
    /// AUTH with one of the offered mechanisms. Answer: [`Server::challenge`], accept (it is proven), or refuse.
    ///
    /// [`Server::challenge`]: super::Server::challenge
    Auth {
        /// As in [`super::Config::auth`].
        mechanism: &'static str,
        /// The initial response, decoded.
        initial: Option<Secret<Vec<u8>>>,
    },
    /// What came upon a challenge, decoded. Answer: as for [`Event::Auth`].
    AuthResponse(Secret<Vec<u8>>),
    /// The client gave up or wrote nonsense; drop the exchange. No answer.
    AuthCancelled,
    /// Nothing more comes: flush the output and close.
    Closed(Closing),
}

/// Why the machine refused a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFault {
    /// Over [`super::Config::max_size`]: 552 5.3.4.
    TooBig,
    /// A CR or LF alone: 550 5.6.0.
    BareNewline,
    /// A NUL without BINARYMIME: 550 5.6.0.
    Nul,
    /// The caller has no room for it now ([`super::Server::shed`]): 452 4.3.1.
    NoRoom,
}

impl BodyFault {
    /// What is said to the end of the message.
    #[must_use]
    pub const fn reply(self) -> Reply {
        match self {
            Self::TooBig => standard::TOO_BIG,
            Self::BareNewline => standard::BARE_NEWLINE,
            Self::Nul => standard::NUL_IN_MESSAGE,
            Self::NoRoom => standard::NO_ROOM,
        }
    }
}

/// Why the machine closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// QUIT.
    Quit,
    /// More errors than [`super::Config::max_errors`].
    TooManyErrors,
    /// The caller's own 421 or 221.
    Caller,
}

/// Octets came in the clear behind STARTTLS (RFC 3207 §4.2, and the injections of 2011 and 2021). Close the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("plain octets behind STARTTLS")]
pub struct PlaintextBehindStartTls;
