//! `dns`: the records of a domain as its status tells them.

use kube::{Api, Client, ResourceExt, api::ListParams};
use postern_core::table::Table;
use postern_crds::{
    Domain, DomainStatus,
    condition::{OWNERSHIP_VERIFIED, find},
    domain::{DkimAlgorithm, DnsStatus, RecordState},
};

use crate::{Done, args::Output};

/// The records of a domain, found by its name or its resource's.
pub async fn dns(client: &Client, scope: &Option<String>, domain: &str, zone: bool, output: Output) -> Done<String> {
    let api: Api<Domain> = match scope {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    };
    let all = api.list(&ListParams::default()).await?;
    let found = all.into_iter().find(|object| *object.spec.domain == *domain || object.name_any() == domain);
    let found = found.ok_or_else(|| format!("there is no Domain {domain} here; -A looks in all namespaces"))?;
    let known = found.status.unwrap_or_default();
    let status = known.dns.clone().unwrap_or_default();
    let to_come = to_come(&found.spec.dkim.algorithms, &known, &status);
    Ok(match (output, zone) {
        (Output::Json, _) => serde_json::to_string_pretty(&status)? + "\n",
        (Output::Text, true) => to_come.iter().fold(zone_lines(&status), |lines, what| format!("{lines}; {what}\n")),
        (Output::Text, false) => to_come.iter().fold(table(&status), |table, what| format!("{table}{what}\n")),
    })
}

/// What is not listed yet: a domain's DKIM keys are made after it is proven, and one of RSA takes its time.
fn to_come(wanted: &[DkimAlgorithm], known: &DomainStatus, dns: &DnsStatus) -> Option<String> {
    let is_listed = |selector: &str| dns.records.iter().any(|record| record.name.starts_with(&format!("{selector}._domainkey.")));
    let is_there = |algorithm: &DkimAlgorithm| known.dkim.iter().any(|key| key.algorithm == *algorithm && is_listed(&key.selector));
    if wanted.iter().all(is_there) {
        return None;
    }
    let proven = find(&known.conditions, OWNERSHIP_VERIFIED).is_some_and(|condition| condition.status == "True");
    let when = if proven { "once its keys are made: ask again in a moment" } else { "once it is proven that the domain is yours" };
    Some(format!("not all of it yet: records of DKIM come {when}"))
}

fn table(status: &DnsStatus) -> String {
    let mut table = Table::new(["STATE", "TYPE", "NAME", "EXPECTED", "OBSERVED", "FIX"]);
    if let Some(proof) = &status.verification {
        table.row(["Proof", &proof.type_, &proof.name, &proof.value, "", "keep it: it says that the domain is yours"]);
    }
    for record in &status.records {
        table.row([
            format!("{:?}", record.state),
            record.type_.clone(),
            record.name.clone(),
            record.expected.join(" "),
            record.observed.join(" "),
            record.fix.as_ref().map(ToString::to_string).unwrap_or_default(),
        ]);
    }
    match &status.checked_at {
        Some(at) => format!("{table}\nlooked up at {at}\n"),
        None => format!("{table}\nnot looked up yet\n"),
    }
}

/// What should be there, for a zone file (RFC 1035 §5.1); what is in the way as a comment.
fn zone_lines(status: &DnsStatus) -> String {
    let mut lines = String::new();
    let mut line = |name: &str, type_: &str, value: &str| {
        let name = if name.ends_with('.') { name.to_owned() } else { format!("{name}.") };
        let value = if type_ == "TXT" { quoted(value) } else { value.to_owned() };
        lines.push_str(&format!("{name} IN {type_} {value}\n"));
    };
    if let Some(proof) = &status.verification {
        line(&proof.name, &proof.type_, &proof.value);
    }
    for record in status.records.iter().filter(|record| record.state != RecordState::Interferes) {
        record.expected.iter().for_each(|value| line(&record.name, &record.type_, value));
    }
    for record in status.records.iter().filter(|record| record.state == RecordState::Interferes) {
        lines.push_str(&format!("; delete {} {}\n", record.name, record.type_));
    }
    lines
}

/// Strings of at most 255 octets each (RFC 1035 §3.3.14).
fn quoted(text: &str) -> String {
    if text.starts_with('"') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let strings =
        bytes.chunks(255).map(|chunk| format!("\"{}\"", String::from_utf8_lossy(chunk).replace('\\', "\\\\").replace('"', "\\\"")));
    strings.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn status() -> DnsStatus {
        serde_json::from_value(json!({
            "verification": {"name": "_postern-challenge.example.org", "type": "TXT", "value": "postern-verify=3f"},
            "records": [
                {"name": "example.org.", "type": "MX", "state": "Wrong", "expected": ["10 mail.example.org."],
                 "observed": ["10 mx.old.net."], "fix": "replace MX 10 mx.old.net with 10 mail.example.org"},
                {"name": "imap.example.org.", "type": "CNAME", "state": "Interferes", "observed": ["imap.old.net."], "fix": "delete it"},
            ],
        }))
        .unwrap()
    }

    #[test]
    fn what_is_still_to_come_is_said() {
        let all = [DkimAlgorithm::Ed25519, DkimAlgorithm::Rsa2048];
        let mut known = DomainStatus::default();
        assert!(to_come(&all, &known, &status()).unwrap().ends_with("proven that the domain is yours"));

        let keys = json!([{"selector": "a", "algorithm": "ed25519", "state": "Active"}, {"selector": "b", "algorithm": "rsa2048", "state": "Active"}]);
        known.dkim = serde_json::from_value(keys).unwrap();
        let proven = json!([{"type": "OwnershipVerified", "status": "True", "reason": "Proven", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}]);
        known.conditions = serde_json::from_value(proven).unwrap();
        let mut dns = status();
        let record = |selector| json!({"name": format!("{selector}._domainkey.example.org."), "type": "TXT", "state": "Missing"});
        dns.records.push(serde_json::from_value(record("a")).unwrap());
        assert!(to_come(&all, &known, &dns).unwrap().ends_with("ask again in a moment"));
        assert_eq!(to_come(&all[..1], &known, &dns), None);
        dns.records.push(serde_json::from_value(record("b")).unwrap());
        assert_eq!(to_come(&all, &known, &dns), None);
    }

    #[test]
    fn the_table_shows_what_to_do_and_the_zone_what_to_set() {
        let shown = table(&status());
        assert!(shown.contains("Wrong") && shown.contains("replace MX 10 mx.old.net") && shown.contains("Proof"), "{shown}");
        assert_eq!(
            zone_lines(&status()),
            "_postern-challenge.example.org. IN TXT \"postern-verify=3f\"\n\
             example.org. IN MX 10 mail.example.org.\n\
             ; delete imap.example.org. CNAME\n"
        );
        assert_eq!(quoted(&"x".repeat(300)).matches('"').count(), 4);
    }
}
