//! What is left to be asked: the expected records, what could be in their way, and the records that SPF leads to.

use std::collections::BTreeSet;

use postern_core::DomainName;

use super::{Answers, Expected, Question, RecordType, expected::Want, interfering, spf::Walk};

/// Questions that have no answer in `answers` yet; none when everything was asked. SPF is followed a step a round, and no further
/// than its limit of look-ups, so that the rounds end.
#[must_use]
pub fn questions(name: &DomainName, expected: &[Expected], answers: &Answers) -> Vec<Question> {
    let mut wanted: BTreeSet<Question> = interfering::questions(name).into_iter().collect();
    for record in expected {
        match &record.want {
            Want::Alias { .. } => {
                wanted.extend([RecordType::Cname, RecordType::A, RecordType::Aaaa].map(|t| Question::new(record.name.clone(), t)));
            }
            _ => drop(wanted.insert(Question::new(record.name.clone(), record.type_))),
        }
        if matches!(record.want, Want::Spf(_)) {
            wanted.extend(Walk::of(&record.name, answers).questions);
        }
    }
    wanted.into_iter().filter(|question| !answers.has(question)).collect()
}
