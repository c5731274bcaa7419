//! SASLprep (RFC 4013): one spelling for texts that look the same, so that a password typed on another keyboard fits.
//!
//! Tables and algorithm are the `stringprep` crate's; here stands what becomes of a text that the profile forbids.

use std::borrow::Cow;

use postern_core::Secret;

use crate::Failure;

/// Prepares a name as a *query* string, in which a character that Unicode did not know then may stand (RFC 4013 §2.5).
///
/// # Errors
/// [`Failure::Malformed`] for what the profile forbids, and when nothing is left.
pub fn name(text: &str) -> Result<String, Failure> {
    match prepared(text) {
        Some(prepared) if !prepared.is_empty() => Ok(prepared.into_owned()),
        _ => Err(Failure::Malformed),
    }
}

/// Prepares a password. One that the profile forbids stays as it is: PLAIN leaves it to the server what to make of it
/// (RFC 4616 §2), and a password that was set must go on to fit.
#[must_use]
pub fn password(password: Secret<String>) -> Secret<String> {
    match prepared(password.expose()) {
        Some(Cow::Owned(prepared)) if !prepared.is_empty() => Secret::new(prepared),
        _ => password,
    }
}

/// `None` where the profile forbids something.
fn prepared(text: &str) -> Option<Cow<'_, str>> {
    if let Ok(prepared) = stringprep::saslprep(text) {
        return Some(prepared);
    }
    // The crate prepares stored strings, in which code points unassigned in Unicode 3.2 are forbidden; RFC 4013 §2.5
    // lets queries have them. They are left where they stand, and what lies between them is prepared.
    let new = stringprep::tables::unassigned_code_point;
    if !text.contains(new) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(new) {
        let at = piece.char_indices().next_back().filter(|(_, c)| new(*c)).map_or(piece.len(), |(at, _)| at);
        let (old, unassigned) = piece.split_at(at);
        out.push_str(&stringprep::saslprep(old).ok()?);
        out.push_str(unassigned);
    }
    Some(Cow::Owned(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4013 §3, all of the table.
    #[test]
    fn examples_of_the_rfc() {
        for (input, output) in [
            ("I\u{ad}X", Ok("IX")),
            ("user", Ok("user")),
            ("USER", Ok("USER")),
            ("\u{aa}", Ok("a")),
            ("\u{2168}", Ok("IX")),
            ("\u{7}", Err(Failure::Malformed)),
            ("\u{627}1", Err(Failure::Malformed)),
        ] {
            assert_eq!(name(input).as_deref(), output.as_ref().copied(), "{input:?}");
        }
    }

    #[test]
    fn spaces_and_accents_have_one_spelling() {
        assert_eq!(name("a\u{a0}b").as_deref(), Ok("a b"));
        assert_eq!(name("e\u{301}"), name("\u{e9}"));
        assert_eq!(name("\u{ad}"), Err(Failure::Malformed), "nothing is left");
        assert_eq!(name("\u{1f600}e\u{301}").as_deref(), Ok("\u{1f600}\u{e9}"), "younger than the tables, and kept");
    }

    #[test]
    fn a_forbidden_password_stays_as_it_is() {
        let after = |text: &str| password(Secret::new(text.to_owned())).expose().clone();
        assert_eq!(after("p\u{ad}w"), "pw");
        assert_eq!(after("tab\there"), "tab\there");
        assert_eq!(after("\u{ad}"), "\u{ad}", "an empty password is none");
    }
}
