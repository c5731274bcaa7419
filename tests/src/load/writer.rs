//! One client: connects, sends, notes what it was told, and connects again when it was cut off.

use std::io;

use super::{Attempt, BOXES, DOMAIN, ELSEWHERE, Place, Shared, Target, Told};
use crate::{manifests::PASSWORD, smtp::Smtp};

/// Messages of one connection, so that connections come and go too.
const PER_CONNECTION: usize = 20;

/// Works until it is told to stop.
pub(super) fn run(client: usize, shared: &Shared) {
    let mut spent = None;
    let mut sent = 0;
    while let Some(target) = shared.target(spent) {
        // Half of the clients are users, half are other servers.
        let user = client.is_multiple_of(2);
        spent = match connection(client, user, target, &mut sent, shared) {
            Ok(()) => None,
            // It was cut off, or nobody listened: another process is awaited.
            Err(_) => Some(target),
        };
    }
}

fn connection(client: usize, user: bool, target: Target, sent: &mut usize, shared: &Shared) -> io::Result<()> {
    let mut smtp = if user { Smtp::login(target.submission, &format!("one@{DOMAIN}"), PASSWORD)? } else { Smtp::greet(target.mx)? };
    for _ in 0..PER_CONNECTION {
        if shared.stopped() {
            return Ok(());
        }
        *sent += 1;
        let mut attempt = attempt(client, *sent, user);
        let result = transaction(&mut smtp, &attempt, user);
        if let Ok(told) = &result {
            attempt.told = told.clone();
        }
        let deferred = matches!(attempt.told, Told::Refused(_));
        shared.note(attempt);
        result?;
        if deferred {
            // What a server does that is put off: it comes again by another connection.
            return Err(io::ErrorKind::WouldBlock.into());
        }
    }
    smtp.command("QUIT").map(drop)
}

/// The envelope in one piece, as pipelining allows; then the message.
fn transaction(smtp: &mut Smtp, attempt: &Attempt, user: bool) -> io::Result<Told> {
    let from = if user { format!("one@{DOMAIN}") } else { "writer@elsewhere.test".to_owned() };
    let recipients = recipients(&attempt.places);
    let to: Vec<&str> = recipients.iter().map(String::as_str).collect();
    let header = format!(
        "From: {from}\nTo: {}\nSubject: load\nDate: Sun, 22 Nov 2026 07:00:00 +0000\nMessage-ID: <{}>\n",
        to.join(", "),
        attempt.id
    );
    let reply = smtp.deliver(&from, &to, &format!("{header}\n{}", attempt.body))?;
    Ok(if reply.accepts() { Told::Taken } else { Told::Refused(reply.code) })
}

/// What each client sends in turn.
fn attempt(client: usize, number: usize, user: bool) -> Attempt {
    let boxed = |place: usize| Place::Box(BOXES[place % BOXES.len()].to_owned());
    let remote = |name: &str| Place::Elsewhere(format!("{name}@{ELSEWHERE}"));
    let places = match (user, number % 4) {
        // The group.
        (_, 0) => vec![boxed(0), boxed(1)],
        (true, 1) => vec![boxed(number), remote("a")],
        (true, 2) => vec![remote("a"), remote("b")],
        (_, 3) => vec![boxed(0), boxed(1), boxed(2)],
        (..) => vec![boxed(number)],
    };
    let id = format!("{client}.{number}@load.test");
    // Small ones, and ones that do not lie in the database.
    let lines = if number.is_multiple_of(5) { 2000 } else { 20 };
    let body = (0..lines).map(|line| format!("line {line} of {id}\r\n")).collect();
    Attempt { id, places, body, told: Told::Nothing }
}

/// The addresses that lead to the places.
fn recipients(places: &[Place]) -> Vec<String> {
    if let [Place::Box(one), Place::Box(two)] = places
        && (one.as_str(), two.as_str()) == ("one", "two")
    {
        return vec![format!("both@{DOMAIN}")];
    }
    let address = |place: &Place| match place {
        Place::Box(name) => format!("{name}@{DOMAIN}"),
        Place::Elsewhere(address) => address.clone(),
    };
    places.iter().map(address).collect()
}
