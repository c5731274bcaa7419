//! LOGIN, AUTHENTICATE, ENABLE, COMPRESS, ID.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use postern_core::Secret;

use super::{
    ParseError,
    token::{Parser, utf8},
};
use crate::types::{Command, Extension, Mechanism};

/// Most pairs in an ID command (RFC 2971 §3.3).
const MAX_ID_PAIRS: usize = 30;

/// `login = "LOGIN" SP userid SP password`
pub(super) fn login(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    p.space()?;
    let user = p.text()?;
    p.space()?;
    let password = Secret::new(p.text()?);
    Ok(Command::Login { user, password })
}

/// `authenticate = "AUTHENTICATE" SP auth-type [SP initial-resp]`
pub(super) fn authenticate(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    p.space()?;
    let mechanism = Mechanism(p.upper_atom("Expected a SASL mechanism")?);
    let initial = if p.take(b' ') { Some(initial_response(p.take_while(|b| b > b' '))?) } else { None };
    Ok(Command::Authenticate { mechanism, initial })
}

/// `initial-resp = (base64 / "=")` (RFC 4959 §7)
fn initial_response(bytes: &[u8]) -> Result<Secret<Vec<u8>>, ParseError> {
    if bytes == b"=" { Ok(Secret::new(Vec::new())) } else { response(bytes) }
}

/// `base64`, of any line of a SASL exchange (RFC 9051 §6.2.2).
pub(crate) fn response(bytes: &[u8]) -> Result<Secret<Vec<u8>>, ParseError> {
    STANDARD.decode(bytes).map(Secret::new).map_err(|_| ParseError::Syntax("Not base64"))
}

/// `enable = "ENABLE" 1*(SP capability)`; unknown names are passed over (RFC 5161 §3.1).
pub(super) fn enable(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    let mut wanted = Vec::new();
    p.space()?;
    loop {
        let name = p.upper_atom("Expected an extension")?;
        let known = Extension::NAMES.iter().find(|(_, known)| known.eq_ignore_ascii_case(&name));
        wanted.extend(known.map(|&(extension, _)| extension).filter(|extension| !wanted.contains(extension)));
        if !p.take(b' ') {
            return Ok(Command::Enable(wanted));
        }
    }
}

/// `compress = "COMPRESS" SP algorithm`, `algorithm = "DEFLATE"` (RFC 4978 §5)
pub(super) fn compress(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    p.space()?;
    if p.upper_atom("Expected an algorithm")? == "DEFLATE" {
        Ok(Command::Compress)
    } else {
        Err(ParseError::Syntax("DEFLATE is what there is"))
    }
}

/// `id = "ID" SP id-params-list`, `id-params-list = "(" #(string SP nstring) ")" / nil` (RFC 2971 §4)
pub(super) fn id(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    p.space()?;
    let mut pairs = Vec::new();
    if p.keyword("NIL") {
        return Ok(Command::Id(pairs));
    }
    p.expect(b'(', "Expected NIL or a list of pairs")?;
    if p.take(b')') {
        return Ok(Command::Id(pairs));
    }
    loop {
        let name = utf8(p.string()?)?;
        p.space()?;
        let value = p.nstring()?.map(utf8).transpose()?;
        if pairs.len() == MAX_ID_PAIRS {
            return Err(ParseError::Syntax("ID has at most 30 pairs"));
        }
        pairs.push((name, value));
        if p.take(b')') {
            return Ok(Command::Id(pairs));
        }
        p.space()?;
    }
}
