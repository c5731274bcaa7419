//! PLAIN (RFC 4616): `[authzid] NUL authcid NUL passwd`, server's and client's side.

use postern_core::Secret;

use crate::{Credentials, Failure, prep};

/// Longest part of a PLAIN message in octets: RFC 4616 §2 sets no bound for UTF-8 passwords, a long passphrase
/// fits.
const MAX_PART: usize = 1024;

/// Reads a client's message.
///
/// # Errors
/// [`Failure::Malformed`] when there are not exactly two NULs, the identity or password is empty, a part is longer than
/// 1024 octets, the text is not UTF-8, or a name cannot be prepared (RFC 4013).
pub(crate) fn parse(message: &[u8]) -> Result<Credentials, Failure> {
    let text = std::str::from_utf8(message).map_err(|_| Failure::Malformed)?;
    let mut parts = text.split('\0');
    let (Some(authzid), Some(authcid), Some(password), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(Failure::Malformed);
    };
    let fits = |part: &str| part.len() <= MAX_PART;
    if authcid.is_empty() || password.is_empty() || !fits(authzid) || !fits(authcid) || !fits(password) {
        return Err(Failure::Malformed);
    }
    Ok(Credentials {
        // RFC 4616 §2: prepared before they are looked up. The password is prepared where it is compared.
        authzid: if authzid.is_empty() { None } else { Some(prep::name(authzid)?) },
        authcid: prep::name(authcid)?,
        password: Secret::new(password.to_owned()),
    })
}

/// The client's one message, to be sent as initial response.
///
/// # Errors
/// [`Failure::Malformed`] when the name or password is empty or holds a NUL, which the format cannot carry.
pub fn client_message(authcid: &str, password: &Secret<String>) -> Result<Secret<Vec<u8>>, Failure> {
    let password = password.expose();
    if authcid.is_empty() || password.is_empty() || authcid.contains('\0') || password.contains('\0') {
        return Err(Failure::Malformed);
    }
    let mut message = Vec::with_capacity(authcid.len() + password.len() + 2);
    message.push(0);
    message.extend_from_slice(authcid.as_bytes());
    message.push(0);
    message.extend_from_slice(password.as_bytes());
    Ok(Secret::new(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_4616_examples() {
        let tim = parse(b"\0tim\0tanstaaftanstaaf").unwrap();
        assert_eq!((tim.authzid.as_deref(), tim.authcid.as_str(), tim.password.expose().as_str()), (None, "tim", "tanstaaftanstaaf"));
        let ursel = parse(b"Ursel\0Kurt\0xipj3plmq").unwrap();
        assert_eq!((ursel.authzid.as_deref(), ursel.authcid.as_str()), (Some("Ursel"), "Kurt"));
    }

    #[test]
    fn names_are_prepared() {
        let prepared = parse("I\u{ad}X\0\u{2168}\0pw".as_bytes()).unwrap();
        assert_eq!((prepared.authzid.as_deref(), prepared.authcid.as_str()), (Some("IX"), "IX"));
        assert_eq!(parse(b"\0\x07\0pw").err(), Some(Failure::Malformed));
    }

    #[test]
    fn anything_else_is_malformed() {
        for bad in [&b""[..], b"\0tim", b"\0tim\0", b"\0\0secret", b"\0tim\0a\0b", b"\0tim\0\xff", &[0, b'a', 0].repeat(2000)] {
            assert_eq!(parse(bad).err(), Some(Failure::Malformed), "{bad:?}");
        }
    }

    #[test]
    fn the_client_writes_what_the_server_reads() {
        let sent = client_message("tim", &Secret::new("p w".to_owned())).unwrap();
        assert_eq!(parse(sent.expose()).unwrap().password.expose(), "p w");
        assert!(client_message("t\0m", &Secret::new("x".to_owned())).is_err());
    }
}
