//! The table that `get` prints, from the printer columns of the definitions, so that it is the one `kubectl` prints.

use std::{collections::BTreeMap, sync::LazyLock};

use postern_core::Timestamp;
use postern_crds::k8s_openapi::{apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceColumnDefinition as Column, jiff};
use serde_json::Value as Json;

use crate::{Kind, Object};

/// Column titles of a kind: `NAME` and its printer columns, those of priority 1 only when `wide`.
#[must_use]
pub fn headers(kind: Kind, wide: bool) -> Vec<String> {
    std::iter::once("NAME".to_owned()).chain(columns(kind, wide).map(|c| c.name.clone())).collect()
}

/// The cells of one object, as many as [`headers`] gives. What is not there is `<none>`, as in `kubectl`.
#[must_use]
pub fn row(object: &Object, wide: bool, now: Timestamp) -> Vec<String> {
    let json = object.to_json();
    let name = object.metadata().name.clone().unwrap_or_default();
    std::iter::once(name).chain(columns(object.kind(), wide).map(|column| cell(column, &json, now))).collect()
}

fn columns(kind: Kind, wide: bool) -> impl Iterator<Item = &'static Column> {
    static ALL: LazyLock<BTreeMap<String, Vec<Column>>> = LazyLock::new(|| {
        let columns = |mut versions: Vec<
            postern_crds::k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinitionVersion,
        >| { versions.pop().and_then(|v| v.additional_printer_columns).unwrap_or_default() };
        postern_crds::all().into_iter().map(|crd| (crd.spec.names.kind, columns(crd.spec.versions))).collect()
    });
    ALL.get(kind.as_str()).into_iter().flatten().filter(move |c| wide || c.priority.unwrap_or_default() == 0)
}

fn cell(column: &Column, json: &Json, now: Timestamp) -> String {
    match lookup(json, &column.json_path) {
        Some(Json::String(text)) if column.type_ == "date" => {
            text.parse::<jiff::Timestamp>().map_or_else(|_| text.clone(), |t| age(Timestamp(t.as_microsecond()), now))
        }
        Some(Json::String(text)) => text.clone(),
        Some(Json::Null) | None => {
            if column.type_ == "date" {
                "<unknown>".to_owned()
            } else {
                "<none>".to_owned()
            }
        }
        Some(other) => other.to_string(),
    }
}

/// The part of JSONPath that printer columns use: `.field` and `[?(@.field=="value")]`.
fn lookup<'a>(json: &'a Json, path: &str) -> Option<&'a Json> {
    let (mut at, mut rest) = (json, path);
    while !rest.is_empty() {
        if let Some(filter) = rest.strip_prefix("[?(@.") {
            let (test, tail) = filter.split_once(")]")?;
            let (field, wanted) = test.split_once("==")?;
            let wanted = wanted.trim_matches('"');
            at = at.as_array()?.iter().find(|item| item[field].as_str() == Some(wanted))?;
            rest = tail;
        } else {
            let field = rest.strip_prefix('.')?;
            let end = field.find(['.', '[']).unwrap_or(field.len());
            let (name, tail) = field.split_at(end);
            at = at.get(name)?;
            rest = tail;
        }
    }
    Some(at)
}

/// `45s`, `12m`, `5h`, `3d`, as `kubectl` rounds it.
fn age(since: Timestamp, now: Timestamp) -> String {
    match now.since(since).as_secs() {
        s @ 0..120 => format!("{s}s"),
        s @ 120..10_800 => format!("{}m", s / 60),
        s @ 10_800..172_800 => format!("{}h", s / 3600),
        s => format!("{}d", s / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printer_column_can_be_looked_up() {
        let json = serde_json::json!({
            "metadata": {"creationTimestamp": "2026-11-01T00:00:00Z"},
            "status": {"conditions": [{"type": "Paused", "status": "False"}, {"type": "Ready", "status": "True", "reason": "Serving"}]},
        });
        let now = Timestamp::from_civil(2026, 11, 4, 0, 0, 0);
        let shown: Vec<_> = columns(Kind::IpPool, true).map(|c| cell(c, &json, now)).collect();
        assert_eq!(shown, ["<none>", "<none>", "<none>", "False", "True", "Serving", "3d"]);
        assert_eq!(headers(Kind::Domain, false), ["NAME", "DOMAIN", "OWNED", "DNS", "CERT", "BOXES", "READY", "REASON", "AGE"]);
        assert_eq!(headers(Kind::Mailbox, false), ["NAME", "ADDRESS", "USED", "QUOTA", "LASTLOGIN", "READY"]);
        assert_eq!(headers(Kind::IpPool, false), ["NAME", "IPS", "WARMUP", "DEFERRED", "PAUSED", "READY"]);
        assert_eq!(headers(Kind::Secret, false), ["NAME"]);
    }
}
