//! Stories of messages: everything that is known of each, in order, from every process that had a hand in it.

use std::{collections::BTreeSet, fmt::Write, net::IpAddr, time::Duration};

use postern_core::{Address, Timestamp, TraceId, table::plain};
use postern_store::{
    Result,
    db::Db,
    trail::{self, Event, Key},
};
use serde_json::{Value, json};

use crate::Scope;

/// How far back an address, IP or Message-ID is looked for.
const LOOK_BACK: Duration = Duration::from_secs(90 * 86_400);
/// Stories shown at most.
const MOST: u32 = 100;

/// What is known of one message.
#[derive(Clone, Debug)]
pub struct Story {
    /// Its id.
    pub trace: TraceId,
    /// What happened, as far as the scope reaches.
    pub events: Vec<Event>,
}

/// The stories that `of` leads to: a trace id, a Message-ID, an address or an IP address. The newest `limit` of them, the
/// oldest first.
///
/// # Errors
/// As the database says.
pub async fn stories(db: &Db, scope: Scope<'_>, of: &str, dialogue: bool, limit: u32, now: Timestamp) -> Result<Vec<Story>> {
    let tenant = match scope {
        Scope::Tenant(tenant) => Some(tenant),
        Scope::All => None,
    };
    let limit = limit.clamp(1, MOST);
    // What others have in common with a tenant is looked at and not shown: of them more may come first.
    let looked_at = if tenant.is_some() { MOST } else { limit };
    let mut found = Vec::new();
    for trace in find(db, of.trim(), looked_at, now).await?.into_iter().rev() {
        let events = trail::timeline(db, trace, tenant, dialogue, now).await?;
        if !events.is_empty() {
            found.push(Story { trace, events });
        }
        if found.len() == limit as usize {
            break;
        }
    }
    // The newest are wanted, and shown last: where the eye is.
    found.reverse();
    Ok(found)
}

async fn find(db: &Db, of: &str, limit: u32, now: Timestamp) -> Result<BTreeSet<TraceId>> {
    if let Ok(trace) = of.parse::<TraceId>()
        && !trail::timeline(db, trace, None, false, now).await?.is_empty()
    {
        return Ok(BTreeSet::from([trace]));
    }
    let mut keys = vec![Key::message_id(of)];
    keys.extend(of.parse::<Address>().ok().as_ref().map(Key::address));
    keys.extend(of.parse::<IpAddr>().ok().map(Key::ip));
    let mut found = BTreeSet::new();
    for key in keys {
        found.extend(trail::by_key(db, key, now - LOOK_BACK, now, limit).await?);
    }
    Ok(found)
}

/// Stories for a terminal.
#[must_use]
pub fn text(stories: &[Story]) -> String {
    let mut text = String::new();
    for Story { trace, events } in stories {
        if !text.is_empty() {
            text.push('\n');
        }
        story(&mut text, *trace, events);
    }
    text
}

/// Stories for a program.
#[must_use]
pub fn data(stories: &[Story]) -> Value {
    let event = |event: &Event| {
        let dialogue = event.dialogue.as_ref().and_then(|dialogue| dialogue.unpack().ok());
        json!({
            "at": event.at.to_string(),
            "stage": event.stage.map(trail::Stage::as_str),
            "tenant": event.tenant,
            "detail": serde_json::from_str::<Value>(&event.detail).unwrap_or_default(),
            "dialogue": dialogue.map(|dialogue| String::from_utf8_lossy(&dialogue).into_owned()),
        })
    };
    let story = |story: &Story| json!({"trace": story.trace.to_string(), "events": story.events.iter().map(event).collect::<Vec<_>>()});
    stories.iter().map(story).collect()
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
