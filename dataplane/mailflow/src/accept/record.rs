//! What the trail keeps of a message that was taken, and of everything that was not.

use std::collections::BTreeMap;

use postern_core::{Address, IdSource, ReversePath, Timestamp};
use postern_message::Summary;
use postern_store::trail::{Dialogue, EventRow, Key, Stage};
use serde::Serialize;
use serde_json::json;

use super::{Client, Intake, Refused, Transaction, check::Finding};

/// Addresses of one message that it is found by.
const MOST_ADDRESSES: usize = 100;
/// Keys that one row takes.
const KEYS_OF_A_ROW: usize = 4;

/// Where a message came from.
#[derive(Serialize)]
struct Origin<'a> {
    listener: &'a str,
    client: String,
    helo: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<&'a str>,
}

impl<'a> Origin<'a> {
    fn of(client: &'a Client) -> Self {
        Self { listener: &client.listener, client: client.ip.to_string(), helo: &client.name, tls: client.tls.as_deref() }
    }
}

/// The detail of [`Stage::Received`].
#[derive(Serialize)]
struct Received<'a> {
    #[serde(flatten)]
    origin: Origin<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    login: Option<&'a Address>,
    sender: &'a ReversePath,
    recipients: Vec<&'a Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<&'a str>,
    size: usize,
    #[serde(skip_serializing_if = "<[Finding]>::is_empty")]
    checks: &'a [Finding],
    /// Boxes that it went into.
    stored: Vec<&'a Address>,
    /// Recipients that it goes on to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    queued: Vec<&'a Address>,
}

/// The events of a message that is about to be committed.
pub(super) fn accepted(
    client: &Client,
    transaction: &Transaction,
    summary: &Summary,
    size: usize,
    dialogue: Option<&str>,
) -> Vec<EventRow> {
    let message_id = summary.view().envelope().id().and_then(|id| std::str::from_utf8(id).ok());
    let detail = Received {
        origin: Origin::of(client),
        login: transaction.login.as_ref().map(|login| &login.address),
        sender: &transaction.sender,
        recipients: transaction.recipients.iter().map(|r| &r.address).take(MOST_ADDRESSES).collect(),
        message_id,
        size,
        checks: &transaction.findings,
        stored: transaction.boxes.iter().map(|hop| &hop.account.record.address).take(MOST_ADDRESSES).collect(),
        queued: transaction.elsewhere.iter().map(|hop| &hop.recipient.address).take(MOST_ADDRESSES).collect(),
    };
    let tenants = tenants(transaction);
    let mut first = EventRow::new(transaction.trace, transaction.at, Stage::Received, &detail);
    first.dialogue = dialogue.filter(|d| !d.is_empty()).and_then(|d| Dialogue::pack(d.as_bytes()));
    // A row is one tenant's. What several share is the operator's, and each sees its own part.
    first.tenant = match &tenants.keys().copied().collect::<Vec<_>>()[..] {
        [only] => Some((*only).to_owned()),
        [] => transaction.login.as_ref().map(|login| login.tenant.clone()),
        _ => None,
    };
    let mut addresses = addresses(transaction).into_iter();
    first.keys.extend(message_id.map(Key::message_id));
    first.keys.extend(transaction.sender.as_ref().map(Key::address));
    first.keys.push(Key::ip(client.ip));
    first.keys.extend(addresses.next());
    let mut events = vec![first];
    if tenants.len() > 1 {
        for (tenant, stored) in &tenants {
            let row =
                EventRow::new(transaction.trace, transaction.at, Stage::Stored, &json!({ "sender": transaction.sender, "stored": stored }));
            events.push(row.of_tenant(*tenant));
        }
    }
    let rest: Vec<Key> = addresses.collect();
    events.extend(
        rest.chunks(KEYS_OF_A_ROW)
            .map(|keys| EventRow::new(transaction.trace, transaction.at, Stage::Stored, &json!({})).with_keys(keys.iter().copied())),
    );
    events
}

/// Boxes by tenant.
fn tenants(transaction: &Transaction) -> BTreeMap<&str, Vec<&Address>> {
    let mut tenants: BTreeMap<&str, Vec<&Address>> = BTreeMap::new();
    for hop in &transaction.boxes {
        let record = &hop.account.record;
        tenants.entry(&record.tenant).or_default().push(&record.address);
    }
    tenants
}

/// Every address that somebody may ask for: as written, and as it came out.
fn addresses(transaction: &Transaction) -> Vec<Key> {
    let given = transaction.recipients.iter().map(|r| &r.address);
    let boxes = transaction.boxes.iter().map(|hop| &hop.account.record.address);
    let mut keys = Vec::new();
    for address in given.chain(boxes).chain(transaction.elsewhere.iter().map(|hop| &hop.recipient.address)).take(2 * MOST_ADDRESSES) {
        let key = Key::address(address);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys.truncate(MOST_ADDRESSES);
    keys
}

/// What was turned away, and at which command.
#[derive(Clone, Copy, Debug)]
pub struct Attempted<'a> {
    /// `MAIL`, `RCPT`, `DATA`, …
    pub command: &'static str,
    /// MAIL FROM, as far as it got.
    pub sender: Option<&'a ReversePath>,
    /// The recipient in question, or else all that were taken.
    pub recipients: &'a [Address],
    /// What was said since the last refusal.
    pub dialogue: &'a str,
}

impl Intake {
    /// Keeps a refusal, within the trail's bounds. Never waits.
    pub fn note_refusal(&self, client: &Client, attempted: Attempted<'_>, refused: &Refused) {
        self.settings.observer.refused(refused.reason);
        let row = refusal(&self.store().ids, self.store().now(), client, attempted, refused);
        self.trail.note(row, Some(client.ip));
    }

    /// Keeps a failed login, within the trail's bounds. `reason` is the word for it.
    pub fn note_login_failure(&self, client: &Client, login: &str, reason: &'static str) {
        #[derive(Serialize)]
        struct Detail<'a> {
            #[serde(flatten)]
            origin: Origin<'a>,
            login: &'a str,
            reason: &'static str,
        }
        let login = login.get(..login.floor_char_boundary(254)).unwrap_or_default();
        let ids = &self.store().ids;
        let row = EventRow::new(ids.trace(), self.store().now(), Stage::Login, &Detail { origin: Origin::of(client), login, reason });
        let address = login.parse::<Address>().ok();
        self.trail.note(row.with_keys(address.as_ref().map(Key::address)).with_keys([Key::ip(client.ip)]), Some(client.ip));
    }
}

fn refusal(ids: &IdSource, at: Timestamp, client: &Client, attempted: Attempted<'_>, refused: &Refused) -> EventRow {
    #[derive(Serialize)]
    struct Detail<'a> {
        #[serde(flatten)]
        origin: Origin<'a>,
        command: &'static str,
        sender: Option<&'a ReversePath>,
        recipients: &'a [Address],
        reason: &'static str,
        reply: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        cause: Option<&'a str>,
    }
    let recipients = attempted.recipients.get(..MOST_ADDRESSES).unwrap_or(attempted.recipients);
    let detail = Detail {
        origin: Origin::of(client),
        command: attempted.command,
        sender: attempted.sender,
        recipients,
        reason: refused.reason,
        reply: refused.outcome.to_string(),
        cause: refused.outcome.cause.as_deref(),
    };
    let mut row = EventRow::new(ids.trace(), at, Stage::Refused, &detail);
    row.dialogue = Some(attempted.dialogue).filter(|d| !d.is_empty()).and_then(|d| Dialogue::pack(d.as_bytes()));
    let sender = attempted.sender.and_then(Option::as_ref).map(Key::address);
    row.keys.extend(sender.into_iter().chain(recipients.iter().map(Key::address)).take(KEYS_OF_A_ROW - 1));
    row.keys.push(Key::ip(client.ip));
    row
}
