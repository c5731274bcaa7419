//! Records that nobody asked for and that lead mail clients elsewhere, mostly left by a provider before.

use postern_core::DomainName;
use postern_crds::domain::{RecordState, RecordStatus};

use super::{Answers, Question, RecordType, judge::row};

/// Names that clients guess; an alias of another host answers before any setting is asked for.
const GUESSED: [&str; 4] = ["imap", "smtp", "pop", "pop3"];
/// Services that are looked for and that we do not ask for.
const SERVICES: [&str; 2] = ["_pop3s._tcp", "_ldap._tcp"];

/// What to ask besides the expected records.
pub fn questions(domain: &DomainName) -> Vec<Question> {
    let below = |labels: &[&str], type_| {
        let names = labels.iter().filter_map(|label| DomainName::parse(&format!("{label}.{domain}")).ok());
        names.map(|name| Question::new(name, type_)).collect::<Vec<_>>()
    };
    let apex = vec![Question::new(domain.clone(), RecordType::Txt)];
    [below(&GUESSED, RecordType::Cname), below(&SERVICES, RecordType::Srv), apex].concat()
}

/// Those that are in the way of `host`.
pub fn find(domain: &DomainName, host: &DomainName, answers: &Answers) -> Vec<RecordStatus> {
    let mut found = Vec::new();
    for Question { name, type_ } in questions(domain) {
        let records = answers.records(&name, type_).unwrap_or_default();
        let is_ours = |record: &String| record.split_ascii_whitespace().last().is_some_and(|target| names(target, host));
        let (foreign, fix): (Vec<String>, _) = match type_ {
            RecordType::Txt => (
                records.iter().filter(|text| text.starts_with("mailconf=")).cloned().collect(),
                "delete the TXT record that begins with mailconf=; mail clients take their settings from it",
            ),
            RecordType::Srv => (
                // A target of "." says that there is no such service (RFC 6186 §3.4), which is true.
                records.iter().filter(|record| !is_ours(record) && !record.ends_with(" .")).cloned().collect(),
                "delete; mail clients follow it to another server",
            ),
            _ => (records.iter().filter(|record| !is_ours(record)).cloned().collect(), "delete; it overrides autoconfiguration"),
        };
        if !foreign.is_empty() && name != *host {
            found.push(RecordStatus { observed: foreign, ..row(&name, type_, RecordState::Interferes, Some(fix.to_owned())) });
        }
    }
    found
}

/// Whether a target, as a zone file has it, is this host.
pub fn names(target: &str, host: &DomainName) -> bool {
    target.trim_end_matches('.').eq_ignore_ascii_case(host.as_str())
}
