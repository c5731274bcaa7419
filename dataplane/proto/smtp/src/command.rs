//! One command line into one [`Command`] (RFC 5321 §4.1.1), without its CRLF.
//!
//! Verbs and keywords are read in any case; a space after `MAIL FROM:` and `RCPT TO:` is forgiven, for many clients send it.

use postern_core::{EnhancedCode, envelope::ReversePath};
use thiserror::Error;

use crate::{
    params::{MailParams, ParamError, RcptParams},
    path::{self, ForwardPath, PathError},
    reply::{Reply, standard},
};

/// A command as the client wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// `HELO` with the client's name.
    Helo(&'a str),
    /// `EHLO` with the client's name or address literal.
    Ehlo(&'a str),
    /// `MAIL FROM:`.
    Mail {
        /// `None` is `<>`.
        sender: ReversePath,
        /// What follows.
        params: MailParams,
    },
    /// `RCPT TO:`.
    Rcpt {
        /// Whom.
        recipient: ForwardPath,
        /// What follows.
        params: RcptParams,
    },
    /// `DATA`.
    Data,
    /// `BDAT` (RFC 3030 §2).
    Bdat {
        /// Octets that follow the line.
        size: u64,
        /// Whether the message ends with them.
        last: bool,
    },
    /// `RSET`.
    Rset,
    /// `NOOP`, its argument ignored.
    Noop,
    /// `QUIT`.
    Quit,
    /// `VRFY`.
    Vrfy,
    /// `EXPN`.
    Expn,
    /// `HELP`.
    Help,
    /// `STARTTLS` (RFC 3207).
    StartTls,
    /// `AUTH` (RFC 4954).
    Auth {
        /// As written.
        mechanism: &'a str,
        /// Still base64, `=` for an empty one.
        initial: Option<&'a str>,
    },
}

/// Why a line is no command. [`CommandError::reply`] says it to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CommandError {
    /// No such verb.
    #[error("command not recognised")]
    Unknown,
    /// Octets that are neither ASCII nor UTF-8, or control characters.
    #[error("the line is not text")]
    NotText,
    /// The verb's arguments are wrong; the value is how it is written.
    #[error("syntax: {0}")]
    Syntax(&'static str),
    /// MAIL's address.
    #[error("sender: {0}")]
    Sender(PathError),
    /// RCPT's address.
    #[error("recipient: {0}")]
    Recipient(PathError),
    /// A parameter.
    #[error(transparent)]
    Param(#[from] ParamError),
}

impl CommandError {
    /// The reply for this error (RFC 5321 §4.2.4, enhanced codes by RFC 3463 §3.2 and §3.6).
    #[must_use]
    pub fn reply(self) -> Reply {
        match self {
            Self::Unknown => Reply::fixed(500, 5, 1, "Command not recognised"),
            Self::NotText => Reply::fixed(500, 5, 2, "The line is not text"),
            Self::Syntax(usage) => Reply::fixed(501, 5, 4, usage),
            Self::Sender(error) => Reply::new(if error == PathError::Literal { 553 } else { 501 }, EnhancedCode(1, 7), error.to_string()),
            Self::Recipient(error) => {
                Reply::new(if error == PathError::Literal { 553 } else { 501 }, EnhancedCode(1, 3), error.to_string())
            }
            Self::Param(ParamError::Unknown) => standard::UNKNOWN_PARAMETER,
            Self::Param(ParamError::Value) => Reply::fixed(501, 5, 4, "Parameter has a wrong value"),
            Self::Param(ParamError::Twice) => Reply::fixed(501, 5, 4, "Parameter given twice"),
        }
    }
}

impl<'a> Command<'a> {
    /// Reads a line without its CRLF.
    ///
    /// # Errors
    /// [`CommandError`], to be answered with its reply.
    pub fn parse(line: &'a [u8]) -> Result<Self, CommandError> {
        let line = std::str::from_utf8(line).map_err(|_| CommandError::NotText)?;
        if line.bytes().any(|b| b.is_ascii_control() && b != b'\t') {
            return Err(CommandError::NotText);
        }
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let is = |name: &str| verb.eq_ignore_ascii_case(name);
        if is("MAIL") {
            mail(rest)
        } else if is("RCPT") {
            rcpt(rest)
        } else if is("DATA") {
            bare(rest, Self::Data, "DATA")
        } else if is("BDAT") {
            bdat(rest)
        } else if is("EHLO") {
            name(rest, "EHLO hostname").map(Self::Ehlo)
        } else if is("HELO") {
            name(rest, "HELO hostname").map(Self::Helo)
        } else if is("QUIT") {
            bare(rest, Self::Quit, "QUIT")
        } else if is("RSET") {
            bare(rest, Self::Rset, "RSET")
        } else if is("AUTH") {
            auth(rest)
        } else if is("STARTTLS") {
            bare(rest, Self::StartTls, "STARTTLS")
        } else if is("NOOP") {
            Ok(Self::Noop)
        } else if is("VRFY") {
            if rest.trim().is_empty() { Err(CommandError::Syntax("VRFY string")) } else { Ok(Self::Vrfy) }
        } else if is("EXPN") {
            Ok(Self::Expn)
        } else if is("HELP") {
            Ok(Self::Help)
        } else {
            Err(CommandError::Unknown)
        }
    }
}

fn bare<'a>(rest: &str, command: Command<'a>, usage: &'static str) -> Result<Command<'a>, CommandError> {
    if rest.trim().is_empty() { Ok(command) } else { Err(CommandError::Syntax(usage)) }
}

/// Names are taken as they come, one word of visible characters: too many clients do not know theirs (RFC 5321 §4.1.4
/// forbids to refuse mail for it).
fn name<'a>(rest: &'a str, usage: &'static str) -> Result<&'a str, CommandError> {
    match rest.trim() {
        name if !name.is_empty() && name.len() <= 255 && !name.contains([' ', '\t']) => Ok(name),
        _ => Err(CommandError::Syntax(usage)),
    }
}

fn after_keyword<'a>(rest: &'a str, keyword: &str) -> Option<&'a str> {
    let (head, tail) = rest.split_at_checked(keyword.len())?;
    head.eq_ignore_ascii_case(keyword).then(|| tail.trim_start_matches(' '))
}

fn mail<'a>(rest: &str) -> Result<Command<'a>, CommandError> {
    const USAGE: CommandError = CommandError::Syntax("MAIL FROM:<address> [parameters]");
    let (inner, params) = path::split(after_keyword(rest, "FROM:").ok_or(USAGE)?).map_err(CommandError::Sender)?;
    if !params.is_empty() && !params.starts_with(' ') {
        return Err(USAGE);
    }
    let sender = path::reverse(inner).map_err(CommandError::Sender)?;
    Ok(Command::Mail { sender, params: MailParams::parse(params)? })
}

fn rcpt<'a>(rest: &str) -> Result<Command<'a>, CommandError> {
    const USAGE: CommandError = CommandError::Syntax("RCPT TO:<address> [parameters]");
    let (inner, params) = path::split(after_keyword(rest, "TO:").ok_or(USAGE)?).map_err(CommandError::Recipient)?;
    if !params.is_empty() && !params.starts_with(' ') {
        return Err(USAGE);
    }
    let recipient = path::forward(inner).map_err(CommandError::Recipient)?;
    Ok(Command::Rcpt { recipient, params: RcptParams::parse(params)? })
}

/// `bdat-cmd = "BDAT" SP chunk-size [ SP end-marker ]`.
fn bdat<'a>(rest: &str) -> Result<Command<'a>, CommandError> {
    const USAGE: CommandError = CommandError::Syntax("BDAT size [LAST]");
    let mut words = rest.split_ascii_whitespace();
    let size = words.next().filter(|w| w.bytes().all(|b| b.is_ascii_digit())).and_then(|w| w.parse().ok()).ok_or(USAGE)?;
    let last = match words.next() {
        None => false,
        Some(word) if word.eq_ignore_ascii_case("LAST") => true,
        Some(_) => return Err(USAGE),
    };
    if words.next().is_some() { Err(USAGE) } else { Ok(Command::Bdat { size, last }) }
}

fn auth(rest: &str) -> Result<Command<'_>, CommandError> {
    const USAGE: CommandError = CommandError::Syntax("AUTH mechanism [initial-response]");
    let mut words = rest.split_ascii_whitespace();
    let mechanism = words.next().ok_or(USAGE)?;
    let initial = words.next();
    if words.next().is_some() { Err(USAGE) } else { Ok(Command::Auth { mechanism, initial }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_in_any_case() {
        assert_eq!(Command::parse(b"ehlo [127.0.0.1]"), Ok(Command::Ehlo("[127.0.0.1]")));
        assert_eq!(Command::parse(b"DATA "), Ok(Command::Data));
        assert_eq!(Command::parse(b"bdat 86 last"), Ok(Command::Bdat { size: 86, last: true }));
        assert_eq!(Command::parse(b"AUTH PLAIN ="), Ok(Command::Auth { mechanism: "PLAIN", initial: Some("=") }));
        assert!(matches!(Command::parse(b"mail from: <>"), Ok(Command::Mail { sender: None, .. })));
        assert!(matches!(Command::parse(b"RCPT TO:<Postmaster>"), Ok(Command::Rcpt { recipient: ForwardPath::Postmaster, .. })));
    }

    #[test]
    fn errors_have_their_codes() {
        for (line, code) in [
            (&b""[..], 500),
            (b"FOO", 500),
            (b"LHLO x", 500),
            (b"NOOP \xff", 500),
            (b"NOOP\0", 500),
            (b"EHLO", 501),
            (b"EHLO two words", 501),
            (b"DATA now", 501),
            (b"MAIL TO:<a@b.example>", 501),
            (b"MAIL FROM:a@b.example", 501),
            (b"MAIL FROM:<a@b.example>SIZE=1", 501),
            (b"MAIL FROM:<a@[127.0.0.1]>", 553),
            (b"MAIL FROM:<> FOO", 555),
            (b"MAIL FROM:<> SIZE=x", 501),
            (b"RCPT TO:<>", 501),
            (b"BDAT", 501),
            (b"BDAT -1", 501),
            (b"BDAT 1 FIRST", 501),
        ] {
            assert_eq!(Command::parse(line).map_err(|e| e.reply().code).err(), Some(code), "{}", String::from_utf8_lossy(line));
        }
    }
}
