//! The message itself: DATA up to its dot (RFC 5321 §4.1.1.4), or BDAT by counted chunks (RFC 3030).
//!
//! Octets are appended to the buffer that the caller gave with its prefix, so that they are copied once. A message
//! that may not be kept is read to its end in bounded memory and refused there.

use memchr::{memchr, memmem};
use postern_core::envelope::BodyType;

use super::{BodyFault, Event, Question, Server, State};
use crate::{
    reply::{Reply, digits, standard},
    stuffing::{Unstuffer, has_bare_newline},
};

/// Most octets that SIZE= makes us allocate before they come.
const TRUSTED_SIZE: u64 = 16 * 1024;

/// A message behind its prefix.
#[derive(Debug, Default)]
pub(super) struct Collected {
    octets: Vec<u8>,
    prefix: usize,
    /// Why it is not kept, though it is read to its end.
    lost: Option<BodyFault>,
}

/// A message that comes by DATA.
#[derive(Debug, Default)]
pub(super) struct Receiving {
    collected: Collected,
    reader: Unstuffer,
}

/// A chunk that comes by BDAT.
#[derive(Debug)]
pub(super) struct Chunk {
    size: u64,
    missing: u64,
    last: bool,
    /// What is said at its end when it is not kept.
    refusal: Option<Reply>,
}

impl Collected {
    fn new(prefix: Vec<u8>, declared: u64) -> Self {
        let mut octets = prefix;
        let prefix = octets.len();
        octets.reserve(usize::try_from(declared.min(TRUSTED_SIZE)).unwrap_or(0));
        Self { octets, prefix, lost: None }
    }

    fn len(&self) -> u64 {
        (self.octets.len() - self.prefix.min(self.octets.len())) as u64
    }

    fn keep_within(&mut self, max_size: u64) {
        if self.lost.is_some() || self.len() > max_size {
            self.lose(BodyFault::TooBig);
        }
    }

    /// Gives up what has come and all that will; the first reason counts.
    fn lose(&mut self, why: BodyFault) {
        self.lost.get_or_insert(why);
        self.octets = Vec::new();
        self.prefix = 0;
    }

    fn message(&self) -> &[u8] {
        self.octets.get(self.prefix..).unwrap_or_default()
    }
}

impl Chunk {
    pub(super) fn refused(size: u64, last: bool, reply: Reply) -> Self {
        Self { size, missing: size, last, refusal: Some(reply) }
    }
}

impl Server {
    /// Answers [`Event::Data`]: the message is appended to `prefix`, which does not count towards its size.
    pub fn accept_data(&mut self, prefix: Vec<u8>) {
        match std::mem::replace(&mut self.state, State::Command) {
            State::Asked(Question::Data) => {
                let declared = self.transaction.as_ref().map_or(0, |transaction| transaction.declared);
                self.say(&standard::START_DATA);
                let collected = Collected::new(prefix, declared);
                self.state = State::Body(Box::new(Receiving { collected, reader: Unstuffer::default() }));
            }
            State::Asked(Question::Bdat { size, last }) => {
                if let Some(transaction) = &mut self.transaction {
                    transaction.collected = Some(Collected::new(prefix, transaction.declared.max(size)));
                }
                self.chunk(size, last);
            }
            other => self.state = other,
        }
    }

    pub(super) fn data(&mut self) -> Option<Event> {
        match &self.transaction {
            None => self.told(&standard::MAIL_FIRST),
            Some(transaction) if transaction.recipients == 0 => self.told(&standard::NO_RECIPIENTS),
            // RFC 3030 §2 and §3: DATA may neither follow BDAT nor carry BINARYMIME.
            Some(transaction) if transaction.collected.is_some() || transaction.body == BodyType::BinaryMime => {
                self.told(&standard::BDAT_ONLY)
            }
            Some(_) => self.ask(Question::Data, Event::Data),
        }
    }

    pub(super) fn bdat(&mut self, size: u64, last: bool) -> Option<Event> {
        // Whatever is wrong, the octets of a chunk are never read as commands.
        let refusal = match &self.transaction {
            _ if !self.config.chunking || self.hello != Some(true) => standard::NOT_OFFERED,
            None => standard::MAIL_FIRST,
            Some(transaction) if transaction.recipients == 0 => standard::NO_RECIPIENTS,
            Some(transaction) if transaction.collected.is_some() => {
                self.chunk(size, last);
                return None;
            }
            Some(_) => return self.ask(Question::Bdat { size, last }, Event::Data),
        };
        self.state = State::Chunk(Box::new(Chunk::refused(size, last, refusal)));
        None
    }

    fn chunk(&mut self, size: u64, last: bool) {
        let collected = self.transaction.as_mut().and_then(|transaction| transaction.collected.as_mut());
        let lost = collected.and_then(|collected| {
            if collected.lost.is_some() || collected.len().saturating_add(size) > self.config.max_size {
                collected.lose(BodyFault::TooBig);
            }
            collected.lost
        });
        self.state = State::Chunk(Box::new(Chunk { size, missing: size, last, refusal: lost.map(BodyFault::reply) }));
    }

    /// Octets in memory of the message that is being received.
    #[must_use]
    pub fn collected(&self) -> u64 {
        let body = if let State::Body(receiving) = &self.state { receiving.collected.len() } else { 0 };
        body + self.transaction.as_ref().and_then(|transaction| transaction.collected.as_ref()).map_or(0, Collected::len)
    }

    /// Gives up the message that is being received, for want of memory: it is read to its end and refused there.
    pub fn shed(&mut self) {
        if let State::Body(receiving) = &mut self.state {
            receiving.collected.lose(BodyFault::NoRoom);
        }
        if let Some(collected) = self.transaction.as_mut().and_then(|transaction| transaction.collected.as_mut()) {
            collected.lose(BodyFault::NoRoom);
            if let State::Chunk(chunk) = &mut self.state {
                chunk.refusal.get_or_insert(standard::NO_ROOM);
            }
        }
    }

    /// Gives octets to the message at hand; returns how many were its own.
    pub(super) fn feed_body(&mut self, bytes: &[u8]) -> usize {
        match &mut self.state {
            State::Body(receiving) => {
                let taken = receiving.reader.feed(bytes, &mut receiving.collected.octets);
                receiving.collected.keep_within(self.config.max_size);
                taken
            }
            State::Chunk(chunk) => {
                let taken = bytes.len().min(usize::try_from(chunk.missing).unwrap_or(usize::MAX));
                chunk.missing -= taken as u64;
                let collected = self.transaction.as_mut().and_then(|transaction| transaction.collected.as_mut());
                if let (None, Some(collected), Some(own)) = (&chunk.refusal, collected, bytes.get(..taken)) {
                    collected.octets.extend_from_slice(own);
                }
                taken
            }
            _ => 0,
        }
    }

    /// Goes on with the message at hand. Outer `None`: more octets are needed.
    pub(super) fn body(&mut self) -> Option<Option<Event>> {
        // The inbox is lent to the reader, which does not touch it.
        let inbox = std::mem::take(&mut self.inbox);
        let taken = self.feed_body(inbox.rest());
        self.inbox = inbox;
        self.inbox.take(taken);
        match std::mem::replace(&mut self.state, State::Command) {
            State::Body(receiving) if receiving.reader.is_done() => {
                let bare = receiving.reader.saw_bare_newline();
                Some(self.whole(receiving.collected, bare, false))
            }
            State::Chunk(chunk) if chunk.missing == 0 => Some(self.chunk_end(&chunk)),
            unfinished => {
                self.state = unfinished;
                None
            }
        }
    }

    fn chunk_end(&mut self, chunk: &Chunk) -> Option<Event> {
        if let Some(refusal) = &chunk.refusal {
            // A message that grew too big ends here; a BDAT out of order leaves what was there before.
            let ours = self.transaction.as_ref().and_then(|transaction| transaction.collected.as_ref());
            let fault = ours.map(|collected| collected.lost.unwrap_or(BodyFault::TooBig));
            if fault.is_some() {
                self.transaction = None;
            }
            self.fault(refusal);
            return fault.map(Event::BodyRefused);
        }
        if !chunk.last {
            let mut text = Vec::with_capacity(32);
            digits(chunk.size, &mut text);
            text.extend_from_slice(b" octets received");
            self.say(&Reply { text: String::from_utf8_lossy(&text).into_owned().into(), ..standard::OK });
            return None;
        }
        let transaction = self.transaction.as_mut()?;
        let binary = transaction.body == BodyType::BinaryMime;
        let collected = transaction.collected.take().unwrap_or_default();
        // RFC 3030 §3: BINARYMIME frees the body; a header is lines, or two readers see two headers.
        let lines = if binary { header(collected.message()) } else { collected.message() };
        let bare = has_bare_newline(lines);
        self.whole(collected, bare, binary)
    }

    fn whole(&mut self, collected: Collected, bare: bool, binary: bool) -> Option<Event> {
        let fault = if let Some(lost) = collected.lost {
            lost
        } else if bare {
            BodyFault::BareNewline
        } else if memchr(0, if binary { header(collected.message()) } else { collected.message() }).is_some() {
            BodyFault::Nul
        } else {
            return self.ask(Question::Message, Event::Message(collected.octets));
        };
        self.transaction = None;
        self.fault(&fault.reply());
        Some(Event::BodyRefused(fault))
    }
}

/// The message up to its empty line; all of it when there is none.
fn header(message: &[u8]) -> &[u8] {
    if message.starts_with(b"\r\n") {
        return &[];
    }
    memmem::find(message, b"\r\n\r\n").and_then(|end| message.get(..end)).unwrap_or(message)
}
