//! One connection's worth of work: takes jobs of a lane, keeps a session to its destination, reports what became of each.

use std::{sync::Arc, time::Duration};

use postern_core::{EnhancedCode, Envelope, Outcome};
use postern_net::Phase;
use postern_proto_smtp::client::Transaction;
use postern_store::{StoreError, queue::QueueItem};
use tokio::{sync::mpsc, time::sleep};

use super::{
    crew::{Crew, NoRoute, Route},
    finish::finish,
    lane::{JOB_RECIPIENTS, Job, Lane, Standing},
    report::{Told, attempt_event},
    rollup::Place,
};
use crate::deliver::remote::session::{Cursor, Link, Peer, Refused, link::is_untouched, open};

/// Before asking again what our own store or directory could not say.
const PAUSE: Duration = Duration::from_secs(1);

/// A worker on one lane.
pub(super) struct Courier {
    crew: Arc<Crew>,
    lane: Arc<Lane>,
    /// Lives as long as anything is under way.
    alive: mpsc::Sender<()>,
    route: Option<(Route, Place)>,
    link: Option<(Link, Standing)>,
}

/// A job before it is carried.
enum Prepared {
    /// Its way is found and its turn has come.
    Job(Job),
    /// It is done with, or others have it.
    Nothing,
    /// The same, and one courier less is needed.
    Leave,
}

/// What is left to do with a job.
struct Carried {
    told: Vec<Told>,
    refused: Vec<Refused>,
    /// Nobody could be reached: others would fare no better.
    unreachable: bool,
}

impl Courier {
    pub(super) const fn new(crew: Arc<Crew>, lane: Arc<Lane>, alive: mpsc::Sender<()>) -> Self {
        Self { crew, lane, alive, route: None, link: None }
    }

    /// Works until nothing comes for a while, or the process ends.
    pub(super) async fn run(mut self) {
        let crew = self.crew.clone();
        let Ok(_place) = crew.connections.acquire().await else { return };
        loop {
            // Without a session there is nothing to keep open for later.
            let idle = if self.link.is_some() { crew.config.idle } else { Duration::ZERO };
            let Some(job) = self.lane.next(idle, self.unwanted()).await else { break };
            let job = match self.prepare(job).await {
                Prepared::Job(job) => job,
                Prepared::Nothing => continue,
                Prepared::Leave => break,
            };
            if crew.drain.phase() >= Phase::Finishing {
                job.give_back();
            } else if self.carry(job).await {
                break;
            }
        }
        if let Some((link, standing)) = self.link.take() {
            drop(standing);
            link.quit().await;
        }
    }

    /// Waits until an idle session is better given up: the process ends, or others wait for its place.
    fn unwanted(&self) -> impl Future<Output = ()> + Send {
        let draining = self.crew.drain.reached(Phase::Finishing);
        let rollup = self.route.as_ref().map(|(route, _)| route.rollup.clone());
        async move {
            let wanted = async {
                match &rollup {
                    Some(rollup) => rollup.wanted().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = draining => {}
                () = wanted => {}
            }
        }
    }

    /// Finds the way and waits for its turn.
    async fn prepare(&mut self, mut job: Job) -> Prepared {
        if self.link.as_ref().is_some_and(|(link, _)| link.sent() >= self.crew.config.per_connection)
            && let Some((link, standing)) = self.link.take()
        {
            drop(standing);
            link.quit().await;
        }
        if self.route.is_none() {
            match self.crew.route(&self.lane).await {
                Ok(route) => {
                    let mut place = route.rollup.try_enter();
                    if place.is_none() {
                        // Better a little later over a session that stands than never for want of a place.
                        job = match self.lane.hand_over(job) {
                            Ok(()) => return Prepared::Leave,
                            Err(job) => job,
                        };
                        place = Some(route.rollup.enter().await);
                    }
                    self.route = place.map(|place| (route, place));
                }
                Err(NoRoute::Outcome(outcome)) => {
                    let jobs = std::iter::once(job).chain(self.lane.take_all());
                    jobs.for_each(|job| self.fail(job, &outcome, None));
                    return Prepared::Nothing;
                }
                Err(NoRoute::Store(error)) => {
                    self.give_back(job, &error).await;
                    return Prepared::Nothing;
                }
            }
        }
        let wait = self.route.as_ref().map_or(Duration::ZERO, |(route, _)| route.rollup.turn(self.crew.store.now()));
        if wait > Duration::ZERO {
            tokio::select! {
                () = sleep(wait) => {}
                () = self.crew.drain.reached(Phase::Finishing) => {
                    job.give_back();
                    return Prepared::Nothing;
                }
            }
        }
        Prepared::Job(job)
    }

    /// Carries a job; whether the courier is to leave.
    async fn carry(&mut self, job: Job) -> bool {
        let body = match self.crew.bodies.read(&self.crew.store, job.message.blob).await {
            Ok(body) => body,
            Err(error @ (StoreError::NotFound(_) | StoreError::Damaged(_))) => {
                let lost = Outcome::permanent(554, EnhancedCode::SYSTEM, "The message is damaged and cannot be sent").because(&error);
                self.fail(job, &lost, None);
                return false;
            }
            Err(error) => {
                self.give_back(job, &error).await;
                return false;
            }
        };
        let reused = self.link.is_some();
        let mut cursor = Cursor::default();
        let mut refused = Vec::new();
        if !reused && !self.connect(&mut cursor, &mut refused).await {
            // Others of this lane have a session: it is too many of us that the destination does not want.
            return match self.lane.hand_over(job) {
                Ok(()) => true,
                Err(job) => {
                    self.nobody(job, refused);
                    false
                }
            };
        }
        let Job { message, items, lease } = job;
        let carried = self.transmit(&message, items, body, &lease, reused, cursor, refused).await;
        let now = self.crew.store.now();
        let attempts = carried.refused.iter().map(|refused| attempt_event(&message, refused, now)).collect();
        if !carried.told.is_empty() {
            self.spawn(finish(self.crew.clone(), lease, message, carried.told, attempts));
        }
        if carried.unreachable {
            self.route = None;
        }
        false
    }

    /// Sends a message to its recipients, over as many sessions as it takes.
    #[expect(clippy::too_many_arguments, reason = "the parts of a job, taken apart")]
    async fn transmit(
        &mut self,
        message: &postern_store::queue::QueuedMessage,
        mut items: Vec<QueueItem>,
        body: bytes::Bytes,
        lease: &Arc<super::lease::Lease>,
        mut reused: bool,
        mut cursor: Cursor,
        mut refused: Vec<Refused>,
    ) -> Carried {
        let mut told = Vec::with_capacity(items.len());
        while !items.is_empty() {
            if self.link.is_none() && !self.connect(&mut cursor, &mut refused).await {
                told.extend(unreached(items, &mut refused));
                return Carried { told, refused, unreachable: true };
            }
            let Some((link, _)) = self.link.as_mut() else { break };
            let (peer, reports) = (link.peer().clone(), link.reports());
            let many = link.max_recipients().unwrap_or(JOB_RECIPIENTS).clamp(1, JOB_RECIPIENTS).min(items.len());
            let batch: Vec<QueueItem> = items.drain(..many).collect();
            let Ok(sent) = link.send(transaction(message, &batch, body.clone()), &**lease).await else {
                // The lease is going or gone; whoever has it next sends these.
                self.link = None;
                lease.done(batch.iter().chain(&items).map(|item| item.id).collect());
                break;
            };
            if sent.broken || sent.outcomes.is_empty() {
                self.link = None;
            }
            let dialogue: Option<Arc<str>> = (!sent.dialogue.is_empty()).then(|| sent.dialogue.as_str().into());
            let mut again = Vec::new();
            let mut outcomes = sent.outcomes.iter();
            for item in batch {
                match outcomes.next() {
                    Some(outcome) if !(sent.broken && is_untouched(outcome)) => {
                        told.push(Told::by_server(item, outcome, &peer, dialogue.clone(), reports));
                    }
                    _ => again.push(item),
                }
            }
            self.learn(&told);
            if let Some(outcome) = sent.outcomes.first().filter(|_| !again.is_empty() && !reused) {
                cursor.skip_host();
                let reply = Some(format!("{} {}", outcome.reply.code, outcome.reply.text));
                refused.push(Refused { peer, outcome: outcome.reply.outcome(), reply, dialogue: sent.dialogue });
                self.push_back();
            }
            // A session that was kept for long may have been closed by the other end: that says nothing of the host.
            reused = false;
            again.append(&mut items);
            items = again;
        }
        Carried { told, refused, unreachable: false }
    }

    /// Opens a session from the cursor on; whether one stands.
    async fn connect(&mut self, cursor: &mut Cursor, refused: &mut Vec<Refused>) -> bool {
        let Some((route, _)) = &self.route else { return false };
        let config = &self.crew.config.session;
        self.link =
            open(&route.hosts, cursor, &self.lane.sources, &route.demands, config, refused).await.map(|link| (link, self.lane.stand()));
        if self.link.is_none() {
            self.push_back();
        }
        self.link.is_some()
    }

    /// No host of the destination can be had: nor will it for those who wait behind.
    fn nobody(&mut self, job: Job, mut refused: Vec<Refused>) {
        let last = verdict(&mut refused);
        let (outcome, peer) = match last {
            Some(last) => (last.outcome.clone(), Some((last.peer, last.reply, last.dialogue))),
            None => (Outcome::temporary(451, EnhancedCode::NO_ANSWER, "No mail server could be reached"), None),
        };
        let now = self.crew.store.now();
        let mut first = Some(refused.iter().map(|refused| attempt_event(&job.message, refused, now)).collect::<Vec<_>>());
        self.route = None;
        for job in std::iter::once(job).chain(self.lane.take_all()) {
            let told = told_of(job.items, &outcome, peer.as_ref());
            self.spawn(finish(self.crew.clone(), job.lease, job.message, told, first.take().unwrap_or_default()));
        }
    }

    fn fail(&self, job: Job, outcome: &Outcome, peer: Option<&(Peer, Option<String>, String)>) {
        let told = told_of(job.items, outcome, peer);
        self.spawn(finish(self.crew.clone(), job.lease, job.message, told, Vec::new()));
    }

    async fn give_back(&self, job: Job, error: &StoreError) {
        tracing::warn!(%error, trace = %job.message.trace, "a message cannot be sent just now");
        sleep(PAUSE).await;
        job.give_back();
    }

    fn learn(&self, told: &[Told]) {
        let Some((route, _)) = &self.route else { return };
        match told.last() {
            Some(Told { result: Ok(()), .. }) => route.rollup.took(),
            Some(Told { result: Err(outcome), .. }) if wants_less(outcome) => route.rollup.pushed_back(),
            _ => {}
        }
    }

    fn push_back(&self) {
        if let Some((route, _)) = &self.route {
            route.rollup.pushed_back();
        }
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let alive = self.alive.clone();
        tokio::spawn(async move {
            work.await;
            drop(alive);
        });
    }
}

/// Whether a refusal is about how much we send: closing, not accepting, congested (RFC 3463), or too fast (X.7.28).
fn wants_less(outcome: &Outcome) -> bool {
    outcome.is_temporary()
        && (outcome.code == 421 || matches!(outcome.enhanced, EnhancedCode(3, 2) | EnhancedCode(4, 5) | EnhancedCode(7, 28)))
}

fn transaction(message: &postern_store::queue::QueuedMessage, items: &[QueueItem], body: bytes::Bytes) -> Transaction {
    let envelope = Envelope {
        sender: message.sender.clone(),
        recipients: items.iter().map(|item| item.recipient.clone()).collect(),
        body: message.body,
        smtputf8: message.smtputf8,
        ret: message.ret,
        envid: message.envid.clone(),
    };
    Transaction { envelope, body, require_tls: false }
}

/// The refusal that speaks for all: a temporary one as long as there is one, for then another time may be better.
fn verdict(refused: &mut Vec<Refused>) -> Option<Refused> {
    let index = refused.iter().rposition(|r| r.outcome.is_temporary()).or(refused.len().checked_sub(1))?;
    Some(refused.remove(index))
}

fn unreached(items: Vec<QueueItem>, refused: &mut Vec<Refused>) -> Vec<Told> {
    let last = verdict(refused);
    let outcome = last
        .as_ref()
        .map_or_else(|| Outcome::temporary(451, EnhancedCode::NO_ANSWER, "No mail server could be reached"), |r| r.outcome.clone());
    told_of(items, &outcome, last.map(|r| (r.peer, r.reply, r.dialogue)).as_ref())
}

fn told_of(items: Vec<QueueItem>, outcome: &Outcome, peer: Option<&(Peer, Option<String>, String)>) -> Vec<Told> {
    let dialogue: Option<Arc<str>> = peer.map(|(.., dialogue)| dialogue.as_str().into());
    items
        .into_iter()
        .map(|item| Told {
            peer: peer.map(|(peer, ..)| peer.clone()),
            reply: peer.and_then(|(_, reply, _)| reply.clone()),
            dialogue: dialogue.clone(),
            ..Told::by_us(item, outcome.clone())
        })
        .collect()
}
