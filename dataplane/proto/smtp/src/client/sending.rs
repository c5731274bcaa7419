//! One transaction on its way: commands in a group where PIPELINING allows it (RFC 2920 §3.1), one by one where not,
//! then the message in blocks, then the outcome of each recipient.

use bytes::Bytes;
use postern_core::EnhancedCode;

use super::{
    Capabilities, RecipientOutcome, ServerReply, Stage, Transaction,
    transaction::{Form, write_rcpt},
};
use crate::{reply::digits, stuffing::Stuffer};

/// Octets of the message that are put into the output at once.
const BLOCK: usize = 64 * 1024;

/// A transaction in progress.
#[derive(Debug)]
pub(super) struct Sending {
    transaction: Transaction,
    form: Form,
    /// The first step is a RSET, for the last transaction was left half-way.
    reset: bool,
    sent: usize,
    received: usize,
    outcomes: Vec<Option<RecipientOutcome>>,
    mail_refused: bool,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Commands,
    Body { rest: Bytes, stuffer: Stuffer },
    AwaitEnd,
}

#[derive(Clone, Copy)]
enum Step {
    Rset,
    Mail,
    Rcpt(usize),
    Data,
}

/// What a step led to.
pub(super) enum Progress {
    /// More is to come.
    Open,
    /// All is decided; whether the server must be reset before the next transaction.
    Over { dirty: bool },
}

impl Sending {
    pub(super) fn new(transaction: Transaction, form: Form, reset: bool) -> Self {
        let outcomes = vec![None; transaction.envelope.recipients.len()];
        Self { transaction, form, reset, sent: 0, received: 0, outcomes, mail_refused: false, phase: Phase::Commands }
    }

    /// The stage whose reply is awaited.
    pub(super) fn stage(&self) -> Stage {
        match (&self.phase, self.step(self.received)) {
            (Phase::Commands, Some(Step::Rset | Step::Mail)) => Stage::Mail,
            (Phase::Commands, Some(Step::Rcpt(_))) => Stage::Rcpt,
            (Phase::Commands, _) => Stage::Data,
            (Phase::Body { .. } | Phase::AwaitEnd, _) => Stage::EndOfData,
        }
    }

    /// Writes the commands that may go now.
    pub(super) fn write(&mut self, offers: &Capabilities, out: &mut Vec<u8>) {
        while self.sent == self.received || offers.pipelining {
            match self.step(self.sent) {
                None => break,
                Some(Step::Rset) => out.extend_from_slice(b"RSET\r\n"),
                Some(Step::Mail) => self.transaction.write_mail(offers, self.form, out),
                Some(Step::Rcpt(index)) => {
                    if let Some(recipient) = self.transaction.envelope.recipients.get(index) {
                        write_rcpt(recipient, offers, out);
                    }
                }
                Some(Step::Data) => out.extend_from_slice(b"DATA\r\n"),
            }
            self.sent += 1;
        }
    }

    /// Whether blocks of the message remain to be written.
    pub(super) const fn has_block(&self) -> bool {
        matches!(self.phase, Phase::Body { .. })
    }

    /// Writes a block; whether more remain.
    pub(super) fn write_block(&mut self, out: &mut Vec<u8>) -> bool {
        let Phase::Body { rest, stuffer } = &mut self.phase else { return false };
        let block = rest.split_to(rest.len().min(BLOCK));
        if self.form.bdat {
            out.extend_from_slice(&block);
        } else {
            stuffer.feed(&block, out);
        }
        if !rest.is_empty() {
            return true;
        }
        if !self.form.bdat {
            stuffer.finish(out);
        }
        self.phase = Phase::AwaitEnd;
        false
    }

    /// The message will not be written further: the connection is gone.
    pub(super) fn stop_writing(&mut self) {
        if self.has_block() {
            self.phase = Phase::AwaitEnd;
        }
    }

    /// Takes the next reply.
    pub(super) fn reply(&mut self, reply: ServerReply, out: &mut Vec<u8>) -> Progress {
        if matches!(self.phase, Phase::AwaitEnd) {
            self.decide_rest(Stage::EndOfData, &reply);
            return Progress::Over { dirty: false };
        }
        let step = self.step(self.received);
        self.received += 1;
        match step {
            Some(Step::Rset) | None => {}
            Some(Step::Mail) => {
                if !reply.is_positive() {
                    self.mail_refused = true;
                    self.decide_rest(Stage::Mail, &reply);
                }
            }
            Some(Step::Rcpt(index)) => {
                if let Some(outcome) = self.outcomes.get_mut(index).filter(|o| o.is_none() && !reply.is_positive()) {
                    *outcome = Some(RecipientOutcome { stage: Stage::Rcpt, reply });
                }
            }
            Some(Step::Data) => return self.data(&reply, out),
        }
        self.after_command(out)
    }

    /// Gives every undecided recipient this outcome.
    pub(super) fn decide_rest(&mut self, stage: Stage, reply: &ServerReply) {
        for outcome in self.outcomes.iter_mut().filter(|o| o.is_none()) {
            *outcome = Some(RecipientOutcome { stage, reply: reply.clone() });
        }
    }

    /// The outcomes in the envelope's order.
    pub(super) fn finish(self) -> Vec<RecipientOutcome> {
        let lost = || ServerReply::ours(451, EnhancedCode::BAD_CONNECTION, "The transaction was not finished");
        self.outcomes.into_iter().map(|o| o.unwrap_or_else(|| RecipientOutcome { stage: Stage::Mail, reply: lost() })).collect()
    }

    fn data(&mut self, reply: &ServerReply, out: &mut Vec<u8>) -> Progress {
        if reply.code != 354 {
            self.decide_rest(Stage::Data, reply);
            return Progress::Over { dirty: true };
        }
        if self.is_hopeless() {
            // RFC 2920 §3.1: 354 without a recipient must be answered with a dot alone.
            out.extend_from_slice(b".\r\n");
            self.phase = Phase::AwaitEnd;
        } else {
            self.phase = Phase::Body { rest: self.transaction.body.clone(), stuffer: Stuffer::default() };
        }
        Progress::Open
    }

    fn after_command(&mut self, out: &mut Vec<u8>) -> Progress {
        let answered = self.received == self.sent;
        let envelope_done = self.received >= self.commands();
        if answered && (self.mail_refused || (envelope_done && self.is_hopeless())) {
            return Progress::Over { dirty: true };
        }
        if envelope_done && self.form.bdat {
            out.extend_from_slice(b"BDAT ");
            digits(self.transaction.body.len() as u64, out);
            out.extend_from_slice(b" LAST\r\n");
            self.phase = Phase::Body { rest: self.transaction.body.clone(), stuffer: Stuffer::default() };
        }
        Progress::Open
    }

    /// Whether no recipient is left.
    fn is_hopeless(&self) -> bool {
        self.outcomes.iter().all(Option::is_some)
    }

    /// Steps up to the last RCPT.
    fn commands(&self) -> usize {
        usize::from(self.reset) + 1 + self.outcomes.len()
    }

    fn step(&self, index: usize) -> Option<Step> {
        let Some(index) = index.checked_sub(usize::from(self.reset)) else { return Some(Step::Rset) };
        match index {
            0 => Some(Step::Mail),
            n if n <= self.outcomes.len() => Some(Step::Rcpt(n - 1)),
            n if n == self.outcomes.len() + 1 && !self.form.bdat => Some(Step::Data),
            _ => None,
        }
    }
}
