//! The message: DATA and BDAT (RFC 5321 §4.1.1.4, RFC 3030).

use postern_core::{EnhancedCode, Outcome};
use postern_mailflow::accept::Refused;
use postern_proto_smtp::{Reply, reply::standard};

use crate::Session;

impl Session {
    /// A stranger's message is received right behind its trace field, so that it is copied once. A user's is still
    /// to be completed and signed.
    pub(crate) fn data(&mut self) {
        let host = self.service.intake.settings().host.clone();
        match &mut self.transaction {
            Some(transaction) if self.login.is_none() => {
                let prefix = transaction.trace_header(&self.client, &host);
                self.machine.accept_data(prefix);
            }
            _ => self.machine.accept(),
        }
    }

    pub(crate) async fn message(&mut self, body: Vec<u8>) {
        self.received = 0;
        let dialogue = self.take_dialogue();
        let Some(mut transaction) = self.transaction.take() else {
            return self.machine.refuse(standard::MAIL_FIRST);
        };
        let intake = &self.service.intake;
        // The end of a message may come with much of it.
        let stored = if !self.held.hold(body.len() as u64) {
            Err(no_room())
        } else if self.login.is_some() {
            intake.submit(&self.client, &mut transaction, &body, &dialogue).await
        } else {
            intake.deliver(&self.client, &mut transaction, &body, &dialogue).await
        };
        drop(body);
        self.held.release();
        match stored {
            Ok(stored) => {
                let word = if stored.queued { "queued" } else { "stored" };
                let text = format!("Ok: {word} as {}", stored.trace);
                self.machine.accept_as(&Reply::new(250, EnhancedCode(0, 0), text));
                // What is said after the commit belongs to no message.
                drop(self.machine.take_dialogue());
            }
            Err(refused) => {
                let recipients = transaction.recipients();
                self.dialogue = dialogue;
                self.transaction = Some(transaction);
                self.refuse_message(&recipients, &refused);
                self.forget_transaction();
                self.dialogue = String::new();
            }
        }
    }

    /// Says no to a message, with all that was said about it in the trail.
    fn refuse_message(&mut self, recipients: &[postern_core::Address], refused: &Refused) {
        self.machine.refuse(&refused.outcome);
        let said = self.take_dialogue();
        let sender = self.transaction.as_ref().map(|t| t.sender());
        let attempted = postern_mailflow::accept::Attempted { command: "DATA", sender, recipients, dialogue: &said };
        self.service.intake.note_refusal(&self.client, attempted, refused);
    }
}

fn no_room() -> Refused {
    let Reply { code, text, .. } = standard::NO_ROOM;
    Refused::new("no_room", Outcome::temporary(code, EnhancedCode(3, 1), text))
}
