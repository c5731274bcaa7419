//! `postern trace`: everything that is known of a message, in order, from every process that had a hand in it.

use std::{collections::BTreeSet, fmt::Write, net::IpAddr, time::Duration};

use postern_core::{Address, TraceId};
use postern_store::{
    Result, Store,
    trail::{self, Event, Key},
};
use serde_json::Value;

use crate::{control::Response, table::plain};

/// How far back an address, IP or Message-ID is looked for.
const LOOK_BACK: Duration = Duration::from_secs(90 * 86_400);
/// Stories shown at most.
const MOST: u32 = 100;

/// The stories that `of` leads to: a trace id, a Message-ID, an address or an IP address.
///
/// # Errors
/// As the database says.
pub async fn answer(store: &Store, of: &str, dialogue: bool, limit: u32) -> Result<Response> {
    let mut text = String::new();
    for trace in find(store, of, limit.clamp(1, MOST)).await? {
        let events = trail::timeline(&store.db, trace, None, dialogue, store.now()).await?;
        if !text.is_empty() {
            text.push('\n');
        }
        story(&mut text, trace, &events);
    }
    if text.is_empty() {
        let message = format!("nothing is known of {of}; give a Message-ID, an address, an IP address or the id in a Received line");
        return Ok(Response::Refused { message });
    }
    Ok(Response::Text { text })
}

async fn find(store: &Store, of: &str, limit: u32) -> Result<BTreeSet<TraceId>> {
    let of = of.trim();
    let now = store.now();
    if let Ok(trace) = of.parse::<TraceId>()
        && !trail::timeline(&store.db, trace, None, false, now).await?.is_empty()
    {
        return Ok(BTreeSet::from([trace]));
    }
    let mut keys = vec![Key::message_id(of)];
    keys.extend(of.parse::<Address>().ok().as_ref().map(Key::address));
    keys.extend(of.parse::<IpAddr>().ok().map(Key::ip));
    let mut found = BTreeSet::new();
    for key in keys {
        found.extend(trail::by_key(&store.db, key, now - LOOK_BACK, now, limit).await?);
    }
    // The newest are wanted, and shown last: where the eye is.
    let surplus = found.len().saturating_sub(limit as usize);
    Ok(found.into_iter().skip(surplus).collect())
}

fn story(text: &mut String, trace: TraceId, events: &[Event]) {
    let _ = writeln!(text, "{trace}");
    for event in events {
        let stage = event.stage.map_or("?", trail::Stage::as_str);
        let detail: Value = serde_json::from_str(&event.detail).unwrap_or_default();
        let words = words(&detail);
        if words.is_empty() {
            continue;
        }
        let _ = writeln!(text, "  {}  {stage:<10} {words}", event.at);
        if let Some(Ok(dialogue)) = event.dialogue.as_ref().map(trail::Dialogue::unpack) {
            for line in String::from_utf8_lossy(&dialogue).lines() {
                let _ = writeln!(text, "      | {}", plain(line));
            }
        }
    }
}

/// An object as `name: value` pairs in its own order; lists by commas, objects within in brackets.
fn words(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|(_, value)| !is_nothing(value)) {
                let separator = if out.is_empty() { "" } else { ", " };
                let _ = write!(out, "{separator}{}: {}", name.replace('_', " "), inner(value));
            }
        }
        other => out = inner(other),
    }
    out
}

fn inner(value: &Value) -> String {
    match value {
        Value::Null => "<>".into(),
        Value::String(text) => plain(text),
        Value::Array(items) => items.iter().map(inner).collect::<Vec<_>>().join(" "),
        Value::Object(_) => format!("({})", words(value)),
        other => other.to_string(),
    }
}

fn is_nothing(value: &Value) -> bool {
    matches!(value, Value::Array(items) if items.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_reads_as_a_line() {
        let detail = serde_json::json!({"client": "192.0.2.1", "sender": null, "stored": ["a@example.org", "b@example.org"], "queued": [], "tls": {"version": "TLSv1.3"}, "helo": "x\u{1b}[2J"});
        assert_eq!(
            words(&detail),
            "client: 192.0.2.1, helo: x?[2J, sender: <>, stored: a@example.org b@example.org, tls: (version: TLSv1.3)"
        );
    }
}
