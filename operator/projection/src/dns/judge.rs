//! One expected record against what is there: its state, and the one line that says what to do.

use std::net::IpAddr;

use postern_core::DomainName;
use postern_crds::{
    domain::{RecordState, RecordStatus},
    text::Line,
};

use super::{
    Answers, Expected, RecordType, Site, dmarc,
    expected::Want,
    interfering::names,
    spf::{self, MOST_LOOKUPS, Walk},
};

/// Longest line that a status may hold.
const LINE: usize = 256;

/// A record's row.
pub fn judge(expected: &Expected, answers: &Answers) -> RecordStatus {
    let Expected { name, type_, want, .. } = expected;
    let (state, fix) = match want {
        Want::Alias { target, addresses, misleads } => return alias(expected, target, addresses, *misleads, answers),
        _ => match answers.records(name, *type_) {
            None => (RecordState::Unknown, None),
            Some(there) => rule(expected, there, answers),
        },
    };
    let observed = answers.records(name, *type_).unwrap_or_default();
    RecordStatus { expected: texts(want), observed: of_interest(want, observed), ..row(name, *type_, state, fix) }
}

/// Whether a host leads to the installation: an alias of its host, or its addresses and no others; `None` when nobody can say.
#[must_use]
pub fn points_here(host: &DomainName, site: &Site, answers: &Answers) -> Option<bool> {
    if *host == site.host {
        return Some(true);
    }
    if answers.records(host, RecordType::Cname).unwrap_or_default().iter().any(|target| names(target, &site.host)) {
        return Some(true);
    }
    let found = answers.addresses(host)?;
    Some(!found.is_empty() && found.iter().all(|address| site.addresses.contains(address)))
}

/// A row without what was expected and seen.
pub fn row(name: &DomainName, type_: RecordType, state: RecordState, fix: Option<String>) -> RecordStatus {
    let fix = fix.map(|fix| Line(if fix.chars().count() > LINE { fix.chars().take(LINE - 1).chain(['…']).collect() } else { fix }));
    RecordStatus { name: format!("{name}."), type_: type_.to_string(), state, expected: Vec::new(), observed: Vec::new(), fix }
}

type Verdict = (RecordState, Option<String>);

const OK: Verdict = (RecordState::Ok, None);

fn wrong(fix: impl Into<String>) -> Verdict {
    (RecordState::Wrong, Some(fix.into()))
}

fn missing(fix: impl Into<String>) -> Verdict {
    (RecordState::Missing, Some(fix.into()))
}

fn rule(expected: &Expected, there: &[String], answers: &Answers) -> Verdict {
    match &expected.want {
        Want::Mx(host) => mx(host, there),
        Want::Spf(terms) => spf(&expected.name, terms, there, answers),
        Want::Dmarc { text, policy } => match dmarc::records(there) {
            (ours, meant) if ours.is_empty() && meant.is_empty() => missing(format!("add TXT \"{text}\"")),
            (ours, _) if ours.is_empty() => wrong(format!("malformed: it must begin with v=DMARC1; write \"{text}\"")),
            (ours, _) if ours.len() > 1 => wrong("more than one DMARC record, so receivers use none; keep one"),
            (ours, _) => match dmarc::policy(ours.first().copied().unwrap_or_default()) {
                Err(fault) => wrong(format!("malformed: {fault}")),
                Ok(found) if dmarc::rank(found) < dmarc::rank(*policy) => {
                    wrong(format!("its policy is weaker than spec.dns.dmarc; write \"{text}\""))
                }
                Ok(_) => OK,
            },
        },
        Want::Tags(text) => tagged(text, there),
        Want::TlsRpt(text) => match there.iter().filter(|record| record.starts_with("v=TLSRPTv1")).collect::<Vec<_>>().as_slice() {
            [] => missing(format!("add TXT \"{text}\"")),
            [one] if one.contains("rua=") => OK,
            [_] => wrong(format!("it names no address for reports; write \"{text}\"")),
            _ => wrong("more than one TLS-RPT record, so senders use none; keep one"),
        },
        Want::Addresses(ours) => addresses(ours, there),
        Want::Service { target, text } => service(target, text, there),
        Want::Alias { .. } => OK, // Judged by more than one type, in `alias`.
    }
}

fn mx(host: &DomainName, there: &[String]) -> Verdict {
    let (ours, others): (Vec<_>, Vec<_>) =
        there.iter().partition(|record| record.split(' ').nth(1).is_some_and(|target| names(target, host)));
    let list = others.iter().map(|record| record.trim_end_matches('.')).collect::<Vec<_>>().join(", MX ");
    match (ours.is_empty(), others.is_empty()) {
        (false, true) => OK,
        (true, true) => missing(format!("add MX 10 {host}")),
        (true, false) => wrong(format!("replace MX {list} with 10 {host}")),
        (false, false) => wrong(format!("remove MX {list}; part of the mail goes there")),
    }
}

fn spf(name: &DomainName, terms: &[String], there: &[String], answers: &Answers) -> Verdict {
    let record = spf_text(terms);
    match *spf::records(there) {
        [] => return missing(format!("add TXT \"{record}\"")),
        [_] => {}
        // RFC 7208 §4.5.
        _ => return wrong("more than one SPF record, so receivers use none; merge them into one"),
    }
    let walk = Walk::of(name, answers);
    if walk.lookups > MOST_LOOKUPS {
        let (count, most) = (walk.lookups, MOST_LOOKUPS);
        return wrong(format!(
            "it takes {count} look-ups or more and receivers stop at {most}; remove includes, or name addresses instead"
        ));
    }
    if let Some(broken) = walk.broken {
        return wrong(format!("it leads to {broken}, which has not exactly one SPF record; remove that include"));
    }
    if walk.open {
        return wrong("it lets everybody send in your name; end it with -all");
    }
    let lacking: Vec<&str> = terms.iter().map(String::as_str).filter(|term| !walk.passes(term)).collect();
    match (lacking.is_empty(), walk.unknown) {
        (true, _) => OK,
        (false, true) => (RecordState::Unknown, None),
        (false, false) => wrong(format!("insert {} before the last term", lacking.join(" "))),
    }
}

/// RFC 6376 §3.2: tags in any order, with spaces anywhere between them; §3.6.1: the version and `k=rsa` may be left out.
fn tagged(text: &str, there: &[String]) -> Verdict {
    let wanted = tags(text);
    let version = wanted.iter().find(|tag| tag.starts_with("v="));
    let meant: Vec<Vec<String>> = there
        .iter()
        .map(|record| tags(record))
        .filter(|found| found.iter().any(|tag| Some(tag) == version || tag.starts_with("p=")))
        .collect();
    let implied = |tag: &str, found: &[String]| {
        let is_said = |name: &str| found.iter().any(|tag| tag.starts_with(name));
        (tag == "v=DKIM1" && !is_said("v=")) || (tag == "k=rsa" && !is_said("k="))
    };
    let same = |found: &Vec<String>| wanted.iter().all(|tag| found.contains(tag) || implied(tag, found));
    match (meant.as_slice(), meant.iter().any(same)) {
        ([], _) => missing("add a TXT record with the value under expected, in strings of at most 255 octets"),
        ([_], true) => OK,
        (_, true) => wrong("there are other records beside ours; remove them"),
        (_, false) => wrong("replace it with the value under expected, in strings of at most 255 octets"),
    }
}

fn tags(text: &str) -> Vec<String> {
    text.split(';').map(|tag| tag.split_ascii_whitespace().collect::<String>()).filter(|tag| !tag.is_empty()).collect()
}

fn addresses(ours: &[IpAddr], there: &[String]) -> Verdict {
    let list = || ours.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let foreign: Vec<&str> =
        there.iter().map(String::as_str).filter(|text| text.parse::<IpAddr>().map_or(true, |address| !ours.contains(&address))).collect();
    match (there.is_empty(), foreign.is_empty()) {
        (true, _) => missing(format!("add {}", list())),
        (false, true) => OK,
        (false, false) if foreign.len() == there.len() => wrong(format!("replace {} with {}", foreign.join(", "), list())),
        (false, false) => wrong(format!("remove {}; part of the clients go there", foreign.join(", "))),
    }
}

fn service(target: &DomainName, text: &str, there: &[String]) -> Verdict {
    let is_ours = |record: &String| record.split(' ').next_back().is_some_and(|found| names(found, target));
    match (there.is_empty(), there.iter().all(is_ours)) {
        (true, _) => missing(format!("add SRV {text}, so that mail clients find their settings")),
        (false, true) => OK,
        (false, false) => (RecordState::Interferes, Some(format!("replace with {text}; mail clients follow it to another server"))),
    }
}

fn alias(expected: &Expected, target: &DomainName, ours: &[IpAddr], misleads: bool, answers: &Answers) -> RecordStatus {
    let name = &expected.name;
    let (cname, found) = (answers.records(name, RecordType::Cname), answers.addresses(name));
    let is_alias = cname.unwrap_or_default().iter().any(|found| names(found, target));
    let state = if is_alias {
        RecordState::Ok
    } else {
        match (&cname, &found) {
            (Some([]), Some(found)) if found.is_empty() => RecordState::Missing,
            (_, Some(found)) if !found.is_empty() && found.iter().all(|address| ours.contains(address)) => RecordState::Ok,
            (None, _) | (_, None) => RecordState::Unknown,
            _ if misleads => RecordState::Interferes,
            _ => RecordState::Wrong,
        }
    };
    let fix = match state {
        RecordState::Missing => Some(format!("add CNAME {target}.")),
        RecordState::Wrong | RecordState::Interferes => Some(format!("replace it with CNAME {target}.; it leads elsewhere")),
        _ => None,
    };
    let observed = match cname {
        Some([]) | None => found.unwrap_or_default().iter().map(ToString::to_string).collect(),
        Some(there) => there.to_vec(),
    };
    RecordStatus { expected: texts(&expected.want), observed, ..row(name, RecordType::Cname, state, fix) }
}

/// What to write, as a zone file has it.
fn texts(want: &Want) -> Vec<String> {
    match want {
        Want::Mx(host) => vec![format!("10 {host}.")],
        Want::Spf(terms) => vec![spf_text(terms)],
        Want::Dmarc { text, .. } | Want::Tags(text) | Want::TlsRpt(text) | Want::Service { text, .. } => vec![text.clone()],
        Want::Addresses(addresses) => addresses.iter().map(ToString::to_string).collect(),
        Want::Alias { target, .. } => vec![format!("{target}.")],
    }
}

fn spf_text(terms: &[String]) -> String {
    format!("v=spf1 {} -all", terms.join(" "))
}

/// A name's other TXT records are nobody's business here.
fn of_interest(want: &Want, observed: &[String]) -> Vec<String> {
    match want {
        Want::Spf(_) => spf::records(observed).into_iter().map(str::to_owned).collect(),
        _ => observed.to_vec(),
    }
}
