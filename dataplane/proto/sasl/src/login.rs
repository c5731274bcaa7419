//! LOGIN: the server asks `Username:` and `Password:`, the client answers each. Never standardised; the prompts are the
//! ones that clients look for.

use postern_core::Secret;

use crate::{Credentials, Failure, prep};

pub(crate) const ASK_NAME: &[u8] = b"Username:";
pub(crate) const ASK_PASSWORD: &[u8] = b"Password:";

/// Longest answer in octets.
const MAX_ANSWER: usize = 1024;

/// Reads the answer to either prompt.
fn answer(bytes: &[u8]) -> Result<String, Failure> {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() && text.len() <= MAX_ANSWER && !text.contains('\0') => Ok(text.to_owned()),
        _ => Err(Failure::Malformed),
    }
}

/// Reads the answer to the first prompt, prepared as PLAIN's name is (RFC 4013).
pub(crate) fn name(bytes: &[u8]) -> Result<String, Failure> {
    prep::name(&answer(bytes)?)
}

/// The credentials of both answers.
pub(crate) fn credentials(authcid: String, password: &[u8]) -> Result<Credentials, Failure> {
    Ok(Credentials { authzid: None, authcid, password: Secret::new(answer(password)?) })
}
