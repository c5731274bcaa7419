//! Parameters of MAIL and RCPT: SIZE (RFC 1870), BODY (RFC 6152, RFC 3030), SMTPUTF8 (RFC 6531), RET, ENVID, NOTIFY and
//! ORCPT (RFC 3461), AUTH (RFC 4954), REQUIRETLS (RFC 8689).
//!
//! Here they are only read; whether they were offered is the server's question.

use postern_core::envelope::{BodyType, Notify, Return};
use thiserror::Error;

/// Longest ENVID in octets (RFC 3461 §4.4).
const MAX_ENVID: usize = 100;
/// Longest ORCPT in octets (RFC 3461 §4.2).
const MAX_ORCPT: usize = 500;

/// Parameters of MAIL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailParams {
    /// `SIZE=` in octets.
    pub size: Option<u64>,
    /// `BODY=`.
    pub body: Option<BodyType>,
    /// `SMTPUTF8`.
    pub smtputf8: bool,
    /// `RET=`.
    pub ret: Option<Return>,
    /// `ENVID=`, still in xtext.
    pub envid: Option<String>,
    /// `AUTH=`, still in xtext; `<>` is nobody.
    pub auth: Option<String>,
    /// `REQUIRETLS`.
    pub require_tls: bool,
}

/// Parameters of RCPT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RcptParams {
    /// `NOTIFY=`.
    pub notify: Notify,
    /// `ORCPT=` as `type;address`, the address still in xtext.
    pub original: Option<String>,
}

impl RcptParams {
    /// Whether any DSN parameter was given.
    #[must_use]
    pub const fn is_plain(&self) -> bool {
        !self.notify.given && self.original.is_none()
    }
}

/// What is wrong with the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ParamError {
    /// A keyword that we do not know.
    #[error("parameter not recognised")]
    Unknown,
    /// A known keyword with a missing, superfluous or wrong value.
    #[error("parameter has a wrong value")]
    Value,
    /// The same keyword twice.
    #[error("parameter given twice")]
    Twice,
}

impl MailParams {
    /// Reads what follows the path of MAIL.
    ///
    /// # Errors
    /// [`ParamError`] for the first wrong parameter.
    pub fn parse(text: &str) -> Result<Self, ParamError> {
        let mut params = Self::default();
        for word in text.split_ascii_whitespace() {
            let (keyword, value) = keyword(word);
            match keyword {
                k if k.eq_ignore_ascii_case("SIZE") => once(&mut params.size, number(value)?)?,
                k if k.eq_ignore_ascii_case("BODY") => once(&mut params.body, body(value)?)?,
                k if k.eq_ignore_ascii_case("SMTPUTF8") => flag(&mut params.smtputf8, value)?,
                k if k.eq_ignore_ascii_case("RET") => once(&mut params.ret, ret(value)?)?,
                k if k.eq_ignore_ascii_case("ENVID") => once(&mut params.envid, xtext(value, MAX_ENVID)?)?,
                k if k.eq_ignore_ascii_case("AUTH") => once(&mut params.auth, mailbox(value)?)?,
                k if k.eq_ignore_ascii_case("REQUIRETLS") => flag(&mut params.require_tls, value)?,
                _ => return Err(ParamError::Unknown),
            }
        }
        Ok(params)
    }
}

impl RcptParams {
    /// Reads what follows the path of RCPT.
    ///
    /// # Errors
    /// [`ParamError`] for the first wrong parameter.
    pub fn parse(text: &str) -> Result<Self, ParamError> {
        let mut params = Self::default();
        let mut seen = None;
        for word in text.split_ascii_whitespace() {
            let (keyword, value) = keyword(word);
            if keyword.eq_ignore_ascii_case("NOTIFY") {
                once(&mut seen, ())?;
                params.notify = notify(value)?;
            } else if keyword.eq_ignore_ascii_case("ORCPT") {
                once(&mut params.original, original(value)?)?;
            } else {
                return Err(ParamError::Unknown);
            }
        }
        Ok(params)
    }
}

fn keyword(word: &str) -> (&str, Option<&str>) {
    match word.split_once('=') {
        Some((keyword, value)) => (keyword, Some(value)),
        None => (word, None),
    }
}

fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), ParamError> {
    if slot.replace(value).is_some() { Err(ParamError::Twice) } else { Ok(()) }
}

fn flag(slot: &mut bool, value: Option<&str>) -> Result<(), ParamError> {
    if value.is_some() {
        return Err(ParamError::Value);
    }
    if std::mem::replace(slot, true) { Err(ParamError::Twice) } else { Ok(()) }
}

/// `size-value ::= 1*20DIGIT` (RFC 1870 §4).
fn number(value: Option<&str>) -> Result<u64, ParamError> {
    value
        .filter(|digits| (1..=20).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
        .ok_or(ParamError::Value)
}

fn body(value: Option<&str>) -> Result<BodyType, ParamError> {
    match value {
        Some(v) if v.eq_ignore_ascii_case("7BIT") => Ok(BodyType::SevenBit),
        Some(v) if v.eq_ignore_ascii_case("8BITMIME") => Ok(BodyType::EightBitMime),
        Some(v) if v.eq_ignore_ascii_case("BINARYMIME") => Ok(BodyType::BinaryMime),
        _ => Err(ParamError::Value),
    }
}

fn ret(value: Option<&str>) -> Result<Return, ParamError> {
    match value {
        Some(v) if v.eq_ignore_ascii_case("FULL") => Ok(Return::Full),
        Some(v) if v.eq_ignore_ascii_case("HDRS") => Ok(Return::Headers),
        _ => Err(ParamError::Value),
    }
}

/// `NEVER`, or a list of `SUCCESS`, `FAILURE`, `DELAY` (RFC 3461 §4.1).
fn notify(value: Option<&str>) -> Result<Notify, ParamError> {
    let value = value.ok_or(ParamError::Value)?;
    let mut notify = Notify { given: true, ..Notify::default() };
    if value.eq_ignore_ascii_case("NEVER") {
        return Ok(notify);
    }
    for word in value.split(',') {
        match word {
            w if w.eq_ignore_ascii_case("SUCCESS") => notify.success = true,
            w if w.eq_ignore_ascii_case("FAILURE") => notify.failure = true,
            w if w.eq_ignore_ascii_case("DELAY") => notify.delay = true,
            _ => return Err(ParamError::Value),
        }
    }
    Ok(notify)
}

/// `addr-type ";" xtext`; after `utf-8` the address may be raw UTF-8 (RFC 6533 §3).
fn original(value: Option<&str>) -> Result<String, ParamError> {
    let value = value.filter(|v| v.len() <= MAX_ORCPT).ok_or(ParamError::Value)?;
    let (kind, address) = value.split_once(';').ok_or(ParamError::Value)?;
    let atom = !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let utf8 = kind.eq_ignore_ascii_case("utf-8") && !address.chars().any(char::is_control);
    if atom && !address.is_empty() && (utf8 || is_xtext(address)) { Ok(value.to_owned()) } else { Err(ParamError::Value) }
}

fn mailbox(value: Option<&str>) -> Result<String, ParamError> {
    if value == Some("<>") { Ok("<>".to_owned()) } else { xtext(value, MAX_ORCPT) }
}

fn xtext(value: Option<&str>, longest: usize) -> Result<String, ParamError> {
    match value {
        Some(text) if !text.is_empty() && text.len() <= longest && is_xtext(text) => Ok(text.to_owned()),
        _ => Err(ParamError::Value),
    }
}

/// `xtext` (RFC 3461 §4): visible ASCII without `+` and `=`, or `+` and two upper-case hexadecimal digits.
pub(crate) fn is_xtext(text: &str) -> bool {
    let mut bytes = text.bytes();
    let hex = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b));
    while let Some(b) = bytes.next() {
        let fine = match b {
            b'+' => hex(bytes.next()) && hex(bytes.next()),
            b'=' => false,
            b => b.is_ascii_graphic(),
        };
        if !fine {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_mail_can_say() {
        let params =
            MailParams::parse(" size=500000 BODY=8bitmime SMTPUTF8 RET=HDRS ENVID=QQ314159 AUTH=e+3Dmc2@example.com REQUIRETLS").unwrap();
        assert_eq!(params.size, Some(500_000));
        assert_eq!(params.body, Some(BodyType::EightBitMime));
        assert_eq!(params.ret, Some(Return::Headers));
        assert_eq!(params.envid.as_deref(), Some("QQ314159"));
        assert_eq!(params.auth.as_deref(), Some("e+3Dmc2@example.com"));
        assert!(params.smtputf8 && params.require_tls);
    }

    #[test]
    fn everything_that_rcpt_can_say() {
        let params = RcptParams::parse("NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Dana@Ivory.EDU").unwrap();
        assert_eq!(params.notify, Notify { given: true, success: true, failure: false, delay: true });
        assert_eq!(params.original.as_deref(), Some("rfc822;Dana@Ivory.EDU"));
        assert!(!RcptParams::parse("NOTIFY=NEVER").unwrap().notify.wants_failure());
        assert!(RcptParams::parse("ORCPT=utf-8;ünï@example.org").is_ok());
    }

    #[test]
    fn wrong_values_and_unknown_words() {
        for bad in ["SIZE=", "SIZE=x", "SIZE=999999999999999999999", "BODY=9BIT", "BODY", "SMTPUTF8=1", "RET=SOME", "ENVID=a+3d", "ENVID="]
        {
            assert_eq!(MailParams::parse(bad), Err(ParamError::Value), "{bad}");
        }
        assert_eq!(MailParams::parse("SIZE=1 SIZE=1"), Err(ParamError::Twice));
        assert_eq!(MailParams::parse("FOO=1"), Err(ParamError::Unknown));
        for bad in ["NOTIFY=NEVER,SUCCESS", "NOTIFY=", "ORCPT=rfc822", "ORCPT=rfc822;a b=", "ORCPT=;a@b"] {
            assert_eq!(RcptParams::parse(bad).ok(), None, "{bad}");
        }
    }
}
