//! IDLE (RFC 2177, RFC 9051 §6.3.13).

use postern_proto_imap::types::{Command, Reply};

use crate::session::{Flow, ImapSession};

pub(super) async fn idle(session: &mut ImapSession) -> Flow {
    session.server.idle();
    // What came before counts as news: the client will not ask again.
    session.tell(session.moment(&Command::Idle), true, None).await;
    Flow::On
}

/// DONE.
pub(crate) async fn idle_done(session: &mut ImapSession) -> Flow {
    session.tell(session.moment(&Command::Idle), false, None).await;
    session.server.complete(Reply::ok("IDLE completed"));
    Flow::On
}
