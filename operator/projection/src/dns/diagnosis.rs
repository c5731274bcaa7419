//! The whole picture of a domain's DNS: its rows, and the two conditions made of them.

use postern_core::{DomainName, Timestamp};
use postern_crds::{
    DomainStatus,
    condition::{BULK_SENDER_READY, DNS_READY, find, reason},
    domain::{DnsStatus, RecordState, RecordStatus, Verification},
    k8s_openapi::jiff,
};

use super::{Answers, Expected, Need, expected::Want, interfering, judge::judge};

/// How old `status.dns.checkedAt` may become while records are looked at and nothing changes, in seconds.
const RENEWED: i64 = 3_600;
/// Every reason that a [`Finding`] may have.
const REASONS: [&str; 7] = [
    reason::NOT_CHECKED,
    reason::RECORD_MISSING,
    reason::RECORD_CONFLICT,
    reason::LOOKUP_FAILED,
    reason::VALID,
    reason::NOT_NEEDED,
    reason::KEY_PENDING,
];

/// What a condition says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether it holds; `None` when nobody can say.
    pub holds: Option<bool>,
    /// Its reason.
    pub reason: &'static str,
    /// One sentence, and what to do.
    pub message: String,
}

/// A domain's DNS, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// For `status.dns`.
    pub status: DnsStatus,
    /// Condition `DNSReady`.
    pub ready: Finding,
    /// Condition `BulkSenderReady`.
    pub bulk_sender: Finding,
}

impl Diagnosis {
    /// The expected records before anybody has looked.
    #[must_use]
    pub fn unchecked(expected: &[Expected], verification: Option<Verification>) -> Self {
        let records = expected.iter().map(|record| judge(record, &Answers::default())).collect();
        let nobody = || Finding { holds: None, reason: reason::NOT_CHECKED, message: "no record was looked up yet".to_owned() };
        Self { status: DnsStatus { verification, checked_at: None, records }, ready: nobody(), bulk_sender: nobody() }
    }

    /// The expected records against what was seen at a time.
    #[must_use]
    pub fn of(
        domain: &DomainName,
        host: &DomainName,
        expected: &[Expected],
        answers: &Answers,
        verification: Option<Verification>,
        checked_at: Timestamp,
    ) -> Self {
        let rows: Vec<(RecordStatus, Need)> = expected.iter().map(|record| (judge(record, answers), record.need)).collect();
        let ready = ready(&rows, &interfering::find(domain, host, answers));
        let bulk_sender = bulk_sender(expected, &rows);
        let mut records: Vec<RecordStatus> = rows.into_iter().map(|(row, _)| row).collect();
        records.extend(interfering::find(domain, host, answers));
        Self { status: DnsStatus { verification, checked_at: Some(checked_at.to_string()), records }, ready, bulk_sender }
    }

    /// What a status says of an earlier look; `None` when nobody had looked.
    #[must_use]
    pub fn recalled(status: &DomainStatus) -> Option<Self> {
        let dns = status.dns.clone().filter(|dns| dns.checked_at.is_some())?;
        let finding = |type_| {
            let condition = find(&status.conditions, type_)?;
            let holds = match &*condition.status {
                "True" => Some(true),
                "False" => Some(false),
                _ => None,
            };
            let reason = REASONS.into_iter().find(|reason| *reason == condition.reason)?;
            Some(Finding { holds, reason, message: condition.message.clone() })
        };
        Some(Self { status: dns, ready: finding(DNS_READY)?, bulk_sender: finding(BULK_SENDER_READY)? })
    }

    /// With the date of `before` when nothing else differs and that is no older than an hour: a look that finds nothing new is no news.
    #[must_use]
    pub fn dated_as(mut self, before: &Self) -> Self {
        let date = |diagnosis: &Self| diagnosis.status.checked_at.as_deref().and_then(|at| at.parse::<jiff::Timestamp>().ok());
        let (Some(was), Some(is)) = (date(before), date(&self)) else { return self };
        let recent = is.as_second() - was.as_second() < RENEWED;
        let now = std::mem::replace(&mut self.status.checked_at, before.status.checked_at.clone());
        if !(recent && self == *before) {
            self.status.checked_at = now;
        }
        self
    }

    /// Whether all that is asked for is there, so that the next look may wait.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.ready.holds == Some(true)
    }
}

fn ready(rows: &[(RecordStatus, Need)], interfering: &[RecordStatus]) -> Finding {
    let with =
        |state: RecordState, all: bool| rows.iter().filter(move |(row, need)| row.state == state && (all || *need == Need::Required));
    let missing = with(RecordState::Missing, false).next();
    let wrong = with(RecordState::Wrong, true).chain(with(RecordState::Interferes, true)).next();
    let fault = missing
        .map(|(row, _)| (row, reason::RECORD_MISSING))
        .or_else(|| wrong.map(|(row, _)| row).or_else(|| interfering.first()).map(|row| (row, reason::RECORD_CONFLICT)));
    if let Some((row, why)) = fault {
        let bad = |row: &RecordStatus| !matches!(row.state, RecordState::Ok | RecordState::Unknown);
        let others = rows.iter().filter(|(row, need)| bad(row) && (*need == Need::Required || row.state != RecordState::Missing)).count()
            + interfering.len()
            - 1;
        let more = if others == 0 { String::new() } else { format!(" ({others} more in status.dns.records)") };
        return Finding { holds: Some(false), reason: why, message: told(row) + &more };
    }
    if let Some((row, _)) = with(RecordState::Unknown, false).next() {
        let message = format!("{} {} could not be looked up; it is asked again", row.name, row.type_);
        return Finding { holds: None, reason: reason::LOOKUP_FAILED, message };
    }
    let helpful = with(RecordState::Missing, true).count();
    let message = if helpful == 0 {
        "every record is as expected".to_owned()
    } else {
        format!("every record that it needs is there; {helpful} more would spare people from typing, see status.dns.records")
    };
    Finding { holds: Some(true), reason: reason::VALID, message }
}

/// SPF, DKIM and DMARC: what Google and Yahoo ask of whoever sends much, as far as a domain's DNS decides it.
fn bulk_sender(expected: &[Expected], rows: &[(RecordStatus, Need)]) -> Finding {
    let counts = |want: &Want, name: &DomainName| match want {
        Want::Spf(_) | Want::Dmarc { .. } => true,
        Want::Tags(_) => name.as_str().contains("._domainkey."),
        _ => false,
    };
    let needed: Vec<&RecordStatus> = expected.iter().zip(rows).filter(|(e, _)| counts(&e.want, &e.name)).map(|(_, (row, _))| row).collect();
    if !expected.iter().any(|e| matches!(e.want, Want::Spf(_))) {
        return Finding { holds: Some(false), reason: reason::NOT_NEEDED, message: "the domain does not send".to_owned() };
    }
    if !expected.iter().any(|e| matches!(&e.want, Want::Tags(_)) && e.name.as_str().contains("._domainkey.")) {
        return Finding {
            holds: Some(false),
            reason: reason::KEY_PENDING,
            message: "mail is not signed yet; DKIM keys are being made".to_owned(),
        };
    }
    if let Some(row) = needed.iter().find(|row| !matches!(row.state, RecordState::Ok | RecordState::Unknown)) {
        let why = if row.state == RecordState::Missing { reason::RECORD_MISSING } else { reason::RECORD_CONFLICT };
        return Finding { holds: Some(false), reason: why, message: told(row) };
    }
    if let Some(row) = needed.iter().find(|row| row.state == RecordState::Unknown) {
        let message = format!("{} {} could not be looked up; it is asked again", row.name, row.type_);
        return Finding { holds: None, reason: reason::LOOKUP_FAILED, message };
    }
    Finding { holds: Some(true), reason: reason::VALID, message: "SPF, DKIM and DMARC are as large receivers ask".to_owned() }
}

/// `example.org. MX is Wrong: replace MX 10 mx.old.net with 10 mail.example.org`.
fn told(row: &RecordStatus) -> String {
    let fix = row.fix.as_ref().map_or_else(String::new, |fix| format!(": {fix}"));
    format!(
        "{} {} is {}{fix}",
        row.name,
        row.type_,
        match row.state {
            RecordState::Ok => "there",
            RecordState::Missing => "missing",
            RecordState::Wrong => "wrong",
            RecordState::Interferes => "in the way",
            RecordState::Unknown => "unknown",
        }
    )
}

#[cfg(test)]
mod tests {
    use postern_crds::Domain;
    use serde_json::json;

    use super::*;
    use crate::status::{self, DomainFacts};

    fn diagnosis(checked_at: Timestamp) -> Diagnosis {
        let name = DomainName::parse("example.org").unwrap();
        Diagnosis::of(&name, &name, &[], &Answers::default(), None, checked_at)
    }

    #[test]
    fn a_look_that_finds_nothing_new_is_told_once_an_hour() {
        let first = diagnosis(Timestamp::from_secs(1_800_000_000));
        let soon = diagnosis(Timestamp::from_secs(1_800_000_000 + 3_599));
        assert_eq!(soon.clone().dated_as(&first), first);
        let mut other = soon.clone();
        other.ready.holds = None;
        assert_eq!(other.clone().dated_as(&first), other, "news is told at once");
        let late = diagnosis(Timestamp::from_secs(1_800_000_000 + 3_600));
        assert_eq!(late.clone().dated_as(&first), late);
        let never = Diagnosis::unchecked(&[], None);
        assert_eq!(soon.clone().dated_as(&never), soon);
    }

    /// A leader that begins writes what the one before it wrote.
    #[test]
    fn what_a_status_says_is_recalled_to_the_letter() {
        let object: Domain = serde_json::from_value(json!({
            "apiVersion": "postern.dev/v1alpha1", "kind": "Domain", "metadata": {"name": "d", "namespace": "acme"},
            "spec": {"domain": "example.org"},
        }))
        .unwrap();
        let now = Timestamp::from_secs(1_800_000_000);
        let facts = DomainFacts { dns: Some(diagnosis(now)), ..DomainFacts::default() };
        let written = status::domain(&object, None, &facts, now);
        let recalled = Diagnosis::recalled(&written);
        assert_eq!(recalled, facts.dns);
        let unchecked = status::domain(&object, None, &DomainFacts::default(), now);
        assert_eq!(Diagnosis::recalled(&unchecked), None);
    }
}
