//! LOGIN: the server asks `Username:` and `Password:`, the client answers each. Never standardised; the prompts are the
//! ones that clients look for.

use postern_core::Secret;

use crate::{Credentials, Failure};

pub(crate) const ASK_NAME: &[u8] = b"Username:";
pub(crate) const ASK_PASSWORD: &[u8] = b"Password:";

/// Longest answer in octets.
const MAX_ANSWER: usize = 1024;

/// Reads the answer to either prompt.
pub(crate) fn answer(bytes: &[u8]) -> Result<String, Failure> {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() && text.len() <= MAX_ANSWER && !text.contains('\0') => Ok(text.to_owned()),
        _ => Err(Failure::Malformed),
    }
}

/// The credentials of both answers.
pub(crate) fn credentials(authcid: String, password: &[u8]) -> Result<Credentials, Failure> {
    Ok(Credentials { authzid: None, authcid, password: Secret::new(answer(password)?) })
}
