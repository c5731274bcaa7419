//! Whether a host's DNS leads here yet: looked at before a certificate is asked for, as often as it makes sense.

use std::{collections::HashMap, time::Duration};

use postern_core::{DomainName, Timestamp};
use postern_projection::dns::{Answers, Question, RecordType, Site, points_here};
use rand::RngExt;

use crate::{
    context::Context,
    dns::{Observer, Schedule, pause, site},
};

/// Pause after the system's DNS configuration could not be used.
const RETRY: Duration = Duration::from_secs(5);
/// How long what is known of the installation holds.
const SITE: Duration = Duration::from_secs(30);

/// Hosts that were looked at, and when they are next.
pub struct Looks {
    observer: Observer,
    site: Option<(Site, Timestamp)>,
    hosts: HashMap<DomainName, (Schedule, Option<bool>)>,
}

impl Looks {
    /// None yet; `None` when the leadership ended before anybody could be asked.
    pub async fn new(context: &Context) -> Option<Self> {
        loop {
            match Observer::new(&context.place.nameservers) {
                Ok(observer) => return Some(Self { observer, site: None, hosts: HashMap::new() }),
                Err(error) => tracing::warn!(%error, "the system's DNS configuration cannot be used"),
            }
            if pause(context, RETRY).await {
                return None;
            }
        }
    }

    /// The host does not wait for its turn.
    pub fn at_once(&mut self, host: &DomainName) {
        self.hosts.remove(host);
    }

    /// Forgets the hosts that nobody asks for.
    pub fn keep(&mut self, asked: impl Fn(&DomainName) -> bool) {
        self.hosts.retain(|host, _| asked(host));
    }

    /// Whether it leads here; `None` when nobody could say.
    pub async fn leads_here(&mut self, context: &Context, host: &DomainName) -> Option<bool> {
        let now = context.now();
        if self.site.as_ref().is_none_or(|(_, since)| now.since(*since) >= SITE) {
            self.site = site(context, &self.observer).await.map(|site| (site, now));
        }
        let (site, _) = self.site.as_ref()?;
        let (schedule, known) = self.hosts.get(host).copied().unwrap_or((Schedule::at_once(now), None));
        if !schedule.is_due(now) {
            return known;
        }
        let questions = [RecordType::Cname, RecordType::A, RecordType::Aaaa].map(|type_| Question::new(host.clone(), type_));
        let mut answers = Answers::default();
        for (question, answer) in self.observer.ask(questions.to_vec()).await {
            answers.learn(question, answer);
        }
        let found = points_here(host, site, &answers);
        // Once it leads here only the pace is waited for.
        let schedule = schedule.looked(found == Some(true), now, context.chance.fork().random());
        self.hosts.insert(host.clone(), (schedule, found.or(known)));
        found.or(known)
    }
}
