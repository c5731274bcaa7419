//! The words of a notice: what happened, what the other server said, what we did and will do.

use std::fmt::Write as _;

use super::{Action, RecipientReport, Report};
use crate::{date, header};

/// Characters of a foreign text that are repeated.
const MAX_QUOTED: usize = 1000;

/// The notice's subject, by the worst that happened.
pub(super) fn subject(report: &Report<'_>) -> &'static str {
    let any = |action| report.recipients.iter().any(|r| r.action == action);
    if any(Action::Failed) {
        "Your message was not delivered"
    } else if any(Action::Delayed) {
        "Your message is delayed"
    } else {
        "Your message was delivered"
    }
}

/// The part for people, lines ended by CRLF.
pub(super) fn explain(report: &Report<'_>, returned_whole: bool) -> String {
    let mut out = String::new();
    let _ = write!(out, "This is the mail server {}. It writes to you because of your message\r\n\r\n", report.host.as_str());
    if let Some(subject) = header::find(report.original, "Subject") {
        let _ = write!(out, "    Subject: {}\r\n", one_line(&subject.decoded(), true));
    }
    let _ = write!(out, "    Received: {}\r\n", date::format(report.arrived));
    for (action, heading) in [
        (Action::Failed, "It could not be delivered to:"),
        (Action::Delayed, "It has not been delivered yet, and we go on trying, to:"),
        (Action::Delivered, "It was delivered to:"),
        (Action::Relayed, "It was handed on to a server that may not report delivery, for:"),
    ] {
        let mut heading = Some(heading);
        for recipient in report.recipients.iter().filter(|r| r.action == action) {
            if let Some(heading) = heading.take() {
                let _ = write!(out, "\r\n{heading}\r\n");
            }
            tell(&mut out, recipient);
        }
    }
    if report.recipients.iter().any(|r| r.action == Action::Delayed) {
        out.push_str("\r\nYou need not send a delayed message again.\r\n");
    }
    let _ = write!(
        out,
        "\r\nA report for programs and {} follow.\r\n",
        if returned_whole { "your message" } else { "the header of your message" }
    );
    out
}

fn tell(out: &mut String, r: &RecipientReport<'_>) {
    let _ = write!(out, "\r\n  {}\r\n", r.address);
    match (r.remote, r.outcome) {
        (Some(remote), _) if !remote.reply.is_empty() => {
            let _ = write!(out, "    The server {} answered:\r\n", one_line(remote.name, true));
            for line in remote.reply.lines().take(20) {
                let _ = write!(out, "      {}\r\n", one_line(line, true));
            }
        }
        (Some(remote), Some(outcome)) => {
            let _ = write!(out, "    The server {}: {}\r\n", one_line(remote.name, true), one_line(&outcome.text, true));
        }
        (None, Some(outcome)) => {
            let _ = write!(out, "    {} (status {})\r\n", one_line(&outcome.text, true), outcome.status());
        }
        _ => {}
    }
    match r.action {
        Action::Failed => {
            let tries = match r.attempts {
                0 => "We did not try".to_owned(),
                1 => "We tried once".to_owned(),
                n => format!("We tried {n} times"),
            };
            let last =
                r.last_attempt.filter(|_| r.attempts > 1).map_or(String::new(), |at| format!(", the last time on {}", date::format(at)));
            let _ = write!(out, "    {tries}{last}, and will not try again.\r\n");
        }
        Action::Delayed => {
            if let Some(until) = r.retry_until {
                let _ = write!(out, "    We try until {}.\r\n", date::format(until));
            }
        }
        Action::Delivered | Action::Relayed => {}
    }
}

/// Foreign text on one line: controls to spaces, spaces joined, cut, and without `utf8` other scripts to `?`.
pub(super) fn one_line(text: &str, utf8: bool) -> String {
    let text = text.split(|c: char| c.is_control() || c.is_whitespace()).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ");
    text.chars().take(MAX_QUOTED).map(|c| if utf8 || c.is_ascii() { c } else { '?' }).collect()
}
