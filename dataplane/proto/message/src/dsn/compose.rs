//! Writes a notice: header, words for people, fields for programs, the original.

use std::fmt::Write as _;

use postern_core::{Address, Outcome};

use super::{Action, RecipientReport, Report, original::Returned, words};
use crate::{date, received::Folded, transfer};

/// A notice, ready for the queue. Its envelope sender is `<>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The message, lines ended by CRLF.
    pub message: Vec<u8>,
    /// It can only be sent with SMTPUTF8 (RFC 6533).
    pub smtputf8: bool,
    /// It holds 8-bit octets: `BODY=8BITMIME`.
    pub eight_bit: bool,
}

/// Writes a notice (RFC 3464 §2).
#[must_use]
pub fn compose(report: &Report<'_>) -> Notice {
    let utf8 = report.smtputf8 || report.to.needs_utf8() || report.recipients.iter().any(|r| r.address.needs_utf8());
    let returned = Returned::choose(report, utf8);
    let boundary = free_boundary(report.boundary, &returned.octets);
    let text = words::explain(report, returned.whole);

    let mut out = header(report, &boundary);
    out.push_str(&human_part(&text, &boundary, utf8));
    let _ = write!(out, "--{boundary}\r\nContent-Type: message/{}delivery-status\r\n", if utf8 { "global-" } else { "" });
    let status = status_fields(report, utf8);
    let _ = write!(out, "Content-Transfer-Encoding: {}\r\n\r\n{status}\r\n", if status.is_ascii() { "7bit" } else { "8bit" });
    let _ =
        write!(out, "--{boundary}\r\nContent-Type: {}\r\nContent-Transfer-Encoding: {}\r\n\r\n", returned.media_type, returned.encoding());
    let mut message = out.into_bytes();
    message.extend_from_slice(&returned.octets);
    message.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    Notice { smtputf8: utf8, eight_bit: !message.is_ascii(), message }
}

fn header(report: &Report<'_>, boundary: &str) -> String {
    let host = report.host.as_str();
    let mut out = String::with_capacity(4096);
    let _ = write!(
        out,
        "From: Mail Delivery System <MAILER-DAEMON@{host}>\r\nTo: <{}>\r\nSubject: {}\r\nDate: {}\r\nMessage-ID: <{}@{host}>\r\n",
        report.to,
        words::subject(report),
        date::format(report.now),
        report.id,
    );
    // RFC 3834 §5: an answer that no person wrote. RFC 3464 §2: report-type.
    let _ = write!(
        out,
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"{boundary}\"\r\n\r\n"
    );
    out
}

fn human_part(text: &str, boundary: &str, utf8: bool) -> String {
    let (encoding, body) = if text.is_ascii() {
        ("7bit", text.to_owned())
    } else if utf8 {
        ("8bit", text.to_owned())
    } else {
        ("quoted-printable", transfer::encode_quoted_printable(text))
    };
    format!("--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}\r\n")
}

/// message/delivery-status: fields of the message, then of each recipient (RFC 3464 §2.2, §2.3).
fn status_fields(report: &Report<'_>, utf8: bool) -> String {
    let mut out = String::new();
    if let Some(envid) = report.envid {
        // RFC 3464 §2.2.1: the xtext is undone.
        field(&mut out, "Original-Envelope-Id", &words::one_line(&decode_xtext(envid), utf8));
    }
    field(&mut out, "Reporting-MTA", &format!("dns; {}", report.host.as_str()));
    field(&mut out, "Arrival-Date", &date::format(report.arrived));
    for recipient in report.recipients {
        out.push_str("\r\n");
        recipient_fields(&mut out, recipient, utf8);
    }
    out
}

fn recipient_fields(out: &mut String, r: &RecipientReport<'_>, utf8: bool) {
    if let Some((kind, address)) = r.original.and_then(|o| o.split_once(';')) {
        field(out, "Original-Recipient", &words::one_line(&format!("{kind}; {}", decode_xtext(address)), utf8));
    }
    field(out, "Final-Recipient", &format!("{}; {}", address_type(r.address), r.address));
    field(out, "Action", r.action.as_str());
    field(out, "Status", &r.outcome.map_or_else(|| "2.0.0".to_owned(), Outcome::status));
    match (r.remote, r.outcome) {
        (Some(remote), _) => {
            field(out, "Remote-MTA", &format!("dns; {}", words::one_line(remote.name, utf8)));
            if !remote.reply.is_empty() {
                field(out, "Diagnostic-Code", &format!("smtp; {}", words::one_line(remote.reply, utf8)));
            }
        }
        // No reply of another server: a type of our own (RFC 3464 §2.3.6).
        (None, Some(outcome)) => field(out, "Diagnostic-Code", &format!("x-postern; {}", words::one_line(&outcome.to_string(), utf8))),
        (None, None) => {}
    }
    if let Some(at) = r.last_attempt {
        field(out, "Last-Attempt-Date", &date::format(at));
    }
    if let (Action::Delayed, Some(until)) = (r.action, r.retry_until) {
        field(out, "Will-Retry-Until", &date::format(until));
    }
}

/// `rfc822`, or RFC 6533's `utf-8`.
fn address_type(address: &Address) -> &'static str {
    if address.needs_utf8() { "utf-8" } else { "rfc822" }
}

fn field(out: &mut String, name: &str, value: &str) {
    let mut line = Folded::new(&format!("{name}:"));
    value.split(' ').filter(|w| !w.is_empty()).for_each(|w| line.word(w));
    out.push_str(&line.finish());
}

/// `+XX` to characters (RFC 3461 §4); what is no xtext stays.
fn decode_xtext(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&b, after)) = rest.split_first() {
        let octet = after.get(..2).filter(|_| b == b'+').and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match octet {
            Some(octet) => {
                out.push(octet);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                out.push(b);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The boundary, lengthened until the original does not hold it.
fn free_boundary(wanted: &str, original: &[u8]) -> String {
    let mut boundary: String = wanted.chars().filter(char::is_ascii_alphanumeric).take(60).collect();
    if boundary.is_empty() {
        boundary.push('b');
    }
    // RFC 2046 §5.1.1 allows 70. Every further letter makes it rarer; ten of them end the search.
    for letter in 'a'..='j' {
        if memchr::memmem::find(original, boundary.as_bytes()).is_none() {
            break;
        }
        boundary.push(letter);
    }
    boundary
}
