//! When a session looks for changes, and what it does when it cannot.

use postern_proto_imap::{
    encode,
    types::{Code, Command, Flags, Reply, SystemFlags},
};
use postern_store::StoreError;

use super::{ImapSession, Result};
use crate::{
    command, context,
    selected::{Expunges, Moment, Own},
    words,
};

impl ImapSession {
    /// The moment of a command.
    pub(crate) fn moment(&self, command: &Command) -> Moment {
        let uid = match command {
            Command::Fetch { uid, .. } | Command::Store { uid, .. } | Command::Copy { uid, .. } | Command::Move { uid, .. } => *uid,
            Command::Search(args) => args.uid,
            Command::Sort(args) => args.uid,
            Command::Thread(args) => args.uid,
            Command::Expunge(set) => set.is_some(),
            Command::MultiSearch(_) => true,
            _ => false,
        };
        Moment { expunges: Expunges::during(command), uid, dialect: self.server.dialect() }
    }

    /// During IDLE everything may be told (RFC 9051 §6.3.13).
    pub(super) async fn tell_idle(&mut self) {
        let moment = Moment { expunges: Expunges::Told, uid: false, dialect: self.server.dialect() };
        self.tell(moment, false, None).await;
    }

    /// Whether changes are told between commands, because a search is kept up to date (RFC 5267 §4.3.2).
    pub(super) fn follows_searches(&self) -> bool {
        self.selected.as_deref().is_some_and(|selected| !selected.contexts.is_empty())
    }

    /// Between commands everything may be told but EXPUNGE (RFC 9051 §7.5.1).
    pub(super) async fn tell_followed(&mut self) {
        let moment = Moment { expunges: Expunges::Held, uid: false, dialect: self.server.dialect() };
        self.tell(moment, false, None).await;
    }

    /// Waits for the entries of a mailbox that was selected by its counters alone.
    pub(crate) async fn arrive(&mut self) {
        let Some(selected) = &mut self.selected else { return };
        match selected.arrive(&self.shared.store.boxes).await {
            Ok(false) => {}
            Ok(true) => {
                let flags = Flags { system: SystemFlags::ALL, keywords: selected.keywords().to_vec() };
                encode::flags(self.server.output(), &flags);
            }
            Err(error) => {
                tracing::warn!(%error, "a mailbox that was selected could not be read");
                self.lose_mailbox();
            }
        }
    }

    /// Tells what has changed. `look` asks the store though nothing was heard: NOOP must not trust in hints alone.
    ///
    /// When the store is away nothing is told and the next call looks again; when the mailbox is gone the session ends.
    pub(crate) async fn tell(&mut self, moment: Moment, look: bool, own: Option<&Own<'_>>) {
        match self.try_tell(moment, look, own).await {
            Ok(()) => {}
            Err(StoreError::NotFound(_)) => self.lose_mailbox(),
            Err(error) => tracing::debug!(%error, "changes are not told yet"),
        }
    }

    /// Tells what has changed and says in the answer up to where the client knows everything (RFC 7162 §3.2.7, RFC 6851 §4.4).
    pub(crate) async fn sure(&mut self, moment: Moment, reply: Reply) -> Reply {
        if !moment.dialect.condstore {
            return reply;
        }
        self.tell(moment, false, None).await;
        match &self.selected {
            Some(selected) => reply.with(Code::HighestModSeq(words::modseq(selected.sure))),
            None => reply,
        }
    }

    /// While an EXPUNGE is held back, higher MODSEQs that were told must not be taken for all there is (RFC 7162 §3.2.5, erratum 1810).
    pub(crate) fn warn_of_held_back(&mut self, moment: Moment) {
        if let Some(selected) = self.selected.as_deref().filter(|selected| moment.dialect.qresync && selected.holds_back()) {
            let sure = Code::HighestModSeq(words::modseq(selected.sure));
            encode::untagged(self.server.output(), &Reply::ok("An expunge is not told yet").with(sure));
        }
    }

    /// What NOTIFY wants to know of each new message (RFC 5465 §5.2).
    async fn fetch_new(&mut self, new: &[usize], moment: Moment) {
        let wanted = self.watch.as_ref().and_then(|watch| watch.set.selected()).map(|(events, _)| events.fetch.clone());
        let Some(items) = wanted.filter(|items| !items.is_empty() && !new.is_empty()) else { return };
        match command::fetch_new(self, new, items, moment).await {
            Ok(true) => {}
            Ok(false) => self.overflow(),
            Err(refused) => tracing::debug!(?refused, "new messages are told without their items"),
        }
    }

    async fn try_tell(&mut self, moment: Moment, look: bool, own: Option<&Own<'_>>) -> Result<()> {
        let Some(selected) = &mut self.selected else { return Ok(()) };
        // What was held back is told as soon as it may be, whether or not more has come (RFC 9051 §7.5.1).
        let look = look || (moment.expunges == Expunges::Told && selected.holds_back());
        if let Some(newest) = selected.newest(&self.shared.store.boxes, look).await? {
            if !selected.contexts.is_empty() {
                let leaving = selected.leaving(&newest, moment);
                context::forget(selected, &leaving, self.server.output());
            }
            let told = selected.tell(&newest, moment, own, self.server.output());
            self.fetch_new(&told.new, moment).await;
            context::follow(self, &told).await;
        }
        Ok(())
    }
}
