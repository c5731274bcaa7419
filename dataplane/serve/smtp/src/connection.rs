//! The session as net's driver sees it: bytes in and out, patience, drain.

use postern_net::{Limit, Next, Session as Driven, TlsInfo, Wait};
use postern_proto_smtp::{Reply, reply::standard};

use crate::{Session, session::describe};

/// Octets of a message after which the client has achieved something.
const STEP: u64 = 64 * 1024;
/// Octets of commands without a finished one among them.
const UNFINISHED: u64 = 64 * 1024;
/// A client that sends without end.
const TOO_MUCH: Reply = Reply::fixed(421, 7, 0, "Too much input, closing");

impl Driven for Session {
    async fn open(&mut self) -> Next {
        self.machine.greet();
        Next::Read
    }

    fn input(&mut self, bytes: &[u8]) {
        self.machine.input(bytes);
        if self.machine.is_receiving() {
            self.received += bytes.len() as u64;
        }
    }

    async fn run(&mut self) -> Next {
        while let Some(event) = self.machine.next() {
            self.events += 1;
            if let Some(next) = self.event(event).await {
                return next;
            }
        }
        if self.machine.is_closed() {
            return Next::Close;
        }
        if self.draining && !self.machine.in_transaction() {
            self.machine.close_with(&standard::SHUTTING_DOWN);
            return Next::Close;
        }
        if !self.held.hold(self.machine.collected()) {
            self.machine.shed();
        }
        self.machine.shrink();
        Next::Read
    }

    fn output(&mut self) -> &mut Vec<u8> {
        self.machine.output()
    }

    fn wait(&self) -> Wait {
        let settings = &self.service.settings;
        if !self.machine.is_receiving() {
            return Wait { step: self.events, timeout: settings.command_timeout, bytes: UNFINISHED };
        }
        // Beyond twice the size that was announced nothing counts as progress: a message without end is cut.
        let progress = self.received.min(settings.max_message_size.saturating_mul(2)) / STEP;
        Wait { step: self.events + (progress << 32), timeout: settings.data_timeout, bytes: 4 * STEP }
    }

    fn tls_started(&mut self, tls: &TlsInfo) {
        self.client.tls = Some(describe(tls));
        self.binding = tls.exporter.map(Box::new);
        self.machine.offer(self.service.encrypted(self.scram, tls.exporter.is_some()));
        self.client.name.clear();
        self.client.extended = false;
    }

    fn on_limit(&mut self, limit: Limit) {
        // RFC 5321 §4.5.3.2.7 and §3.8: 421 before the connection goes.
        match limit {
            Limit::Time => self.machine.close_with(&standard::TIMED_OUT),
            Limit::Bytes => self.machine.close_with(&TOO_MUCH),
        }
    }

    fn on_drain(&mut self) -> Next {
        if self.machine.in_transaction() {
            self.draining = true;
            return Next::Read;
        }
        self.machine.close_with(&standard::SHUTTING_DOWN);
        Next::Close
    }
}
