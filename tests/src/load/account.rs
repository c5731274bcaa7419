//! The account: what was promised against what is there.

use std::collections::BTreeMap;

use super::{Attempt, BOXES, DOMAIN, Told};
use crate::{imap::Imap, manifests::PASSWORD, server::Server, sink::Sink};

/// Where a copy of a message lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In a box of the domain, by its name.
    Box(String),
    /// At another server, by its recipient.
    Elsewhere(String),
}

/// All copies that there are, by message and place. A copy in a box is told by its body, one elsewhere by the
/// name of the process that has sent it.
#[derive(Clone, Debug, Default)]
pub struct Copies(BTreeMap<(String, Place), Vec<String>>);

impl Copies {
    /// Reads every box of a server, and what the other server has taken.
    ///
    /// # Panics
    /// When a box cannot be read.
    #[must_use]
    pub fn collect(server: &Server, sink: &Sink) -> Self {
        let mut copies = Self::default();
        for name in BOXES {
            let mut imap = Imap::login(server.address("imap"), &format!("{name}@{DOMAIN}"), PASSWORD).expect("a login");
            let ids = imap.header_fields("INBOX", "Message-ID");
            for (number, id) in (1..).zip(ids) {
                let body = imap.ok(&format!("FETCH {number} BODY.PEEK[TEXT]")).untagged.concat();
                copies.add(&id, Place::Box(name.to_owned()), body);
            }
        }
        for taken in sink.taken() {
            let id = taken.header("Message-ID").unwrap_or_default();
            for to in &taken.to {
                copies.add(id, Place::Elsewhere(to.clone()), taken.helo.clone());
            }
        }
        copies
    }

    fn add(&mut self, id: &str, place: Place, mark: String) {
        self.0.entry((id.trim_matches(['<', '>']).to_owned(), place)).or_default().push(mark);
    }

    fn of(&self, attempt: &Attempt, place: &Place) -> &[String] {
        self.0.get(&(attempt.id.clone(), place.clone())).map_or(&[], Vec::as_slice)
    }

    /// Compares all that was attempted with all that there is. Returns a line about it.
    ///
    /// # Panics
    /// When a message that was promised is missing, damaged or doubled in a box; when one that was refused is somewhere;
    /// when one that nobody attempted is there; when one process has sent a message twice.
    pub fn settle(&self, attempts: &[Attempt]) -> String {
        let mut wrong = Vec::new();
        let mut expected = BTreeMap::new();
        let (mut taken, mut unanswered, mut arrived, mut again) = (0, 0, 0, 0);
        for attempt in attempts {
            for place in &attempt.places {
                let copies = self.of(attempt, place);
                expected.insert((attempt.id.clone(), place.clone()), ());
                let fits = match attempt.told {
                    Told::Taken => !copies.is_empty(),
                    Told::Refused(_) => copies.is_empty(),
                    Told::Nothing => true,
                };
                let sound = match place {
                    Place::Box(_) => copies.len() <= 1 && copies.iter().all(|copy| copy.contains(&attempt.body)),
                    Place::Elsewhere(_) => all_unlike(copies),
                };
                if !fits || !sound {
                    wrong.push(format!("{} in {place:?}: told {:?}, {} copies", attempt.id, attempt.told, copies.len()));
                }
                again += copies.len().saturating_sub(1);
                match attempt.told {
                    Told::Taken => taken += 1,
                    Told::Nothing => {
                        unanswered += 1;
                        arrived += usize::from(!copies.is_empty());
                    }
                    Told::Refused(_) => {}
                }
            }
            // One commit a message: all its places or none.
            let boxes = attempt.places.iter().filter(|place| matches!(place, Place::Box(_)));
            let there: Vec<bool> = boxes.map(|place| !self.of(attempt, place).is_empty()).collect();
            if there.contains(&true) && there.contains(&false) {
                wrong.push(format!("{}: in some of its boxes only", attempt.id));
            }
        }
        let strange = self.0.keys().filter(|key| !expected.contains_key(*key)).map(|key| format!("nobody sent {key:?}"));
        wrong.extend(strange);
        assert!(wrong.is_empty(), "{} wrong of {} attempts:\n{}", wrong.len(), attempts.len(), wrong.join("\n"));
        format!("{taken} promised and there; {unanswered} without an answer, {arrived} of them there; {again} sent twice")
    }
}

/// A process settles what it has sent, so a second copy is another process's, after the first was killed.
fn all_unlike(processes: &[String]) -> bool {
    let mut sorted = processes.to_vec();
    sorted.sort();
    sorted.windows(2).all(|pair| pair[0] != pair[1])
}
