//! A published SPF record, followed through its includes (RFC 7208): whom it lets pass, and how many look-ups that costs.

use std::collections::BTreeSet;

use postern_core::{DomainName, Network};

use super::{Answers, Question, RecordType};

/// RFC 7208 §4.6.4: more look-ups than this, and receivers give up with a permanent error.
pub const MOST_LOOKUPS: u32 = 10;
/// No record is followed beyond this many: that it is wrong is known by then.
const BOUND: u32 = 2 * MOST_LOOKUPS;

/// The SPF records among a name's TXT records (RFC 7208 §4.5).
pub fn records(texts: &[String]) -> Vec<&str> {
    let is_spf = |text: &&str| {
        text.get(..6).is_some_and(|begin| begin.eq_ignore_ascii_case("v=spf1")) && matches!(text.as_bytes().get(6), None | Some(b' '))
    };
    texts.iter().map(String::as_str).filter(is_spf).collect()
}

/// What following a record brought to light.
#[derive(Debug, Default)]
pub struct Walk {
    /// Terms that cost a look-up, at every depth.
    pub lookups: u32,
    /// What passes by its address.
    networks: Vec<Network>,
    /// Other terms that pass: `mx`, `include:example.net`.
    terms: BTreeSet<String>,
    /// A name that the record leads to and that has not exactly one SPF record: an error for every receiver (RFC 7208 §5.2).
    pub broken: Option<DomainName>,
    /// Whether everybody passes.
    pub open: bool,
    /// Whether a name that it leads to could not be looked up.
    pub unknown: bool,
    /// What must be asked to follow it further.
    pub questions: Vec<Question>,
    seen: BTreeSet<DomainName>,
}

impl Walk {
    /// Follows the record of a name as far as it is known; without exactly one there is nothing to follow.
    pub fn of(name: &DomainName, answers: &Answers) -> Self {
        let mut walk = Self::default();
        if let Some(texts) = answers.records(name, RecordType::Txt)
            && let [record] = *records(texts)
        {
            walk.seen.insert(name.clone());
            walk.record(record, answers, true);
        }
        walk
    }

    /// Whether an expected term passes.
    pub fn passes(&self, term: &str) -> bool {
        let address = term.strip_prefix("ip4:").or_else(|| term.strip_prefix("ip6:")).and_then(|address| address.parse().ok());
        match address {
            Some(address) => self.open || self.networks.iter().any(|network| network.contains(address)),
            None => self.open || self.terms.contains(term),
        }
    }

    /// `here` is the record itself: only its own `all` says what becomes of everybody else (RFC 7208 §5.2).
    fn record(&mut self, record: &str, answers: &Answers, here: bool) {
        let mut redirect = None;
        for term in record.split_ascii_whitespace().skip(1) {
            let term = term.to_ascii_lowercase();
            let (passes, mechanism) = match term.as_bytes().first() {
                Some(b'+') => (true, term.get(1..).unwrap_or_default()),
                Some(b'-' | b'~' | b'?') => (false, term.get(1..).unwrap_or_default()),
                _ => (true, term.as_str()),
            };
            if mechanism == "all" {
                // RFC 7208 §5.1: what follows is never looked at, and a redirect neither.
                self.open |= passes && here;
                return;
            }
            if let Some(target) = mechanism.strip_prefix("redirect=") {
                redirect = Some(target.to_owned());
                continue;
            }
            self.mechanism(mechanism, passes, answers);
        }
        if let Some(target) = redirect {
            self.lookups += 1;
            self.follow(&target, answers, here);
        }
    }

    fn mechanism(&mut self, mechanism: &str, passes: bool, answers: &Answers) {
        let (kind, value) = mechanism.split_once(':').unwrap_or((mechanism, ""));
        match kind {
            "ip4" | "ip6" => self.networks.extend(value.parse::<Network>().ok().filter(|_| passes)),
            "include" => {
                self.lookups += 1;
                if passes {
                    self.terms.insert(mechanism.to_owned());
                }
                self.follow(value, answers, false);
            }
            _ if ["a", "mx", "ptr", "exists"].contains(&kind.split('/').next().unwrap_or_default()) => {
                self.lookups += 1;
                if passes {
                    self.terms.insert(mechanism.to_owned());
                }
            }
            _ => {}
        }
    }

    fn follow(&mut self, target: &str, answers: &Answers, here: bool) {
        // A macro (RFC 7208 §7) depends on the message; what is no name is an error that the owner of the record must see.
        let Ok(name) = DomainName::parse(target) else { return };
        if self.lookups > BOUND || !self.seen.insert(name.clone()) {
            return;
        }
        let question = Question::new(name.clone(), RecordType::Txt);
        if !answers.has(&question) {
            self.unknown = true;
            self.questions.push(question);
            return;
        }
        match answers.records(&name, RecordType::Txt).map(records).as_deref() {
            Some([record]) => self.record(record, answers, here),
            Some(_) => drop(self.broken.get_or_insert(name)),
            None => self.unknown = true,
        }
    }
}
