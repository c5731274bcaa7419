//! How a session ends when the client does not end it.

use postern_net::{Limit, Next};
use postern_proto_imap::{
    server::State,
    types::{Code, Reply},
};

use super::{ImapSession, Work};

impl ImapSession {
    /// Whether nothing is in hand; IDLE is nothing.
    pub(super) fn is_at_rest(&self) -> bool {
        matches!(self.work, Work::None)
    }

    /// The process ends (RFC 9051 §7.1.5).
    pub(super) fn leave(&mut self) -> Next {
        self.server.bye(&Reply::bye("The server is going down; come back in a moment").with(Code::Unavailable));
        Next::Close
    }

    /// A limit was met.
    pub(super) fn say_limit(&mut self, limit: Limit) {
        let reply = match (limit, self.server.state()) {
            (Limit::Time, State::NotAuthenticated) => Reply::bye("Too slow to log in"),
            // RFC 9051 §5.4
            (Limit::Time, _) => Reply::bye("Autologout; idle for too long"),
            (Limit::Bytes, _) => Reply::bye("Too much before a login").with(Code::Limit),
        };
        self.server.bye(&reply);
    }

    /// The selected mailbox was deleted, or can no longer be read: its numbers mean nothing any more (RFC 2180 §3.3).
    pub(super) fn lose_mailbox(&mut self) {
        self.selected = None;
        self.server.bye(&Reply::bye("The selected mailbox is gone"));
    }
}
