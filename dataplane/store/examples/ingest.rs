//! How many deliveries a second the store takes with no SMTP around it:
//! `ingest URL|FOLDER WRITERS MESSAGES BYTES`.

use std::{sync::Arc, time::Instant};

use postern_core::{AccountId, SystemClock};
use postern_store::{
    Options, Result, Store,
    ingest::{Accept, LocalDelivery, NewBody, Target},
    mail::{Flags, account},
    trail::{EventRow, Key, Stage},
};

#[tokio::main]
async fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let [_, location, writers, messages, bytes] = &args[..] else {
        eprintln!("ingest URL|FOLDER WRITERS MESSAGES BYTES");
        return Ok(());
    };
    let number = |text: &String| text.parse::<usize>().unwrap_or(1);
    let (writers, messages, bytes) = (number(writers), number(messages), number(bytes));
    let clock = Arc::new(SystemClock);
    let options = if location.starts_with("postgres") { Options::postgres(location, clock) } else { Options::folder(location, clock) };
    let store = Store::open(options).await?;
    let mut accounts = Vec::new();
    for _ in 0..writers {
        let id = store.ids.account();
        let mut tx = store.db.begin().await?;
        account::create(&mut tx, id, None, store.now()).await?;
        tx.commit().await?;
        accounts.push(id);
    }
    let each = messages / writers;
    let (start, cpu) = (Instant::now(), cpu());
    let tasks: Vec<_> = accounts.into_iter().map(|account| tokio::spawn(deliver(store.clone(), account, each, bytes))).collect();
    for task in tasks {
        task.await.map_err(postern_store::StoreError::unavailable)??;
    }
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), self::cpu() - cpu);
    let done = each * writers;
    println!("{:.0} deliveries/s, {:.0} µs CPU each", done as f64 / seconds, cpu * 1e6 / done as f64);
    Ok(())
}

async fn deliver(store: Store, account: AccountId, count: usize, bytes: usize) -> Result<()> {
    for n in 0..count {
        let trace = store.ids.trace();
        let body = text((account.0 as u64) ^ ((n as u64) << 20), bytes);
        let prepared = store.prepare(&body).await?;
        let event = EventRow::new(
            trace,
            store.now(),
            Stage::Received,
            &serde_json::json!({"from": "a@example.org", "to": ["b@example.net"], "ip": "192.0.2.1"}),
        )
        .with_keys([Key(1), Key(trace.0), Key(account.0)]);
        let accept = Accept {
            bodies: vec![NewBody { prepared, trace, summary: vec![7u8; 300].into() }],
            deliveries: vec![LocalDelivery {
                body: 0,
                account,
                folder: Target::Inbox,
                flags: Flags::NONE,
                keywords: None,
                prefix: b"Delivered-To: someone@example.org\r\n".to_vec(),
                received_at: store.now(),
            }],
            queue: Vec::new(),
            events: vec![event],
            ..Accept::default()
        };
        store.ingest.accept(accept).await?;
    }
    Ok(())
}

fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or("").split(' ').collect();
    [11, 12].iter().filter_map(|i| fields.get(*i)?.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Text that compresses about as mail does.
fn text(seed: u64, bytes: usize) -> Vec<u8> {
    const WORDS: [&str; 8] = ["the", "quick", "invoice", "meeting", "report", "project", "budget", "schedule"];
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut body = Vec::with_capacity(bytes + 16);
    while body.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        if state.is_multiple_of(3) {
            body.extend_from_slice(format!("{state:x} ").as_bytes());
        } else {
            body.extend_from_slice(WORDS[(state >> 8) as usize % 8].as_bytes());
            body.push(b' ');
        }
    }
    body
}
