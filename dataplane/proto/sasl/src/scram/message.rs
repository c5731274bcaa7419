//! SCRAM's messages (RFC 5802 §7): comma-separated `letter=value`, order fixed.

use crate::{Failure, encoding, prep, saslname};

/// Longest message that is looked at, in octets.
const MAX_MESSAGE: usize = 4096;

/// The GS2 channel-binding flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BindingFlag<'a> {
    /// `n`: the client cannot.
    Unsupported,
    /// `y`: the client can, and thinks that the server cannot.
    ThoughtAbsent,
    /// `p=name`.
    Used(&'a str),
}

/// `client-first-message`.
#[derive(Debug)]
pub(crate) struct ClientFirst<'a> {
    /// `gs2-header` with both its commas, which client-final repeats.
    pub(crate) gs2_header: &'a str,
    pub(crate) flag: BindingFlag<'a>,
    pub(crate) authzid: Option<String>,
    pub(crate) bare: &'a str,
    pub(crate) username: String,
    pub(crate) nonce: &'a str,
}

impl<'a> ClientFirst<'a> {
    pub(crate) fn parse(message: &'a [u8]) -> Result<Self, Failure> {
        let text = text(message)?;
        let mut parts = text.splitn(3, ',');
        let (Some(flag), Some(authzid), Some(bare)) = (parts.next(), parts.next(), parts.next()) else { return Err(Failure::Malformed) };
        let gs2_header = text.strip_suffix(bare).ok_or(Failure::Malformed)?;
        let flag = match flag {
            "n" => BindingFlag::Unsupported,
            "y" => BindingFlag::ThoughtAbsent,
            flag => BindingFlag::Used(flag.strip_prefix("p=").filter(|name| !name.is_empty()).ok_or(Failure::Malformed)?),
        };
        let authzid = match authzid {
            "" => None,
            name => Some(prep::name(&saslname::unescape(name.strip_prefix("a=").ok_or(Failure::Malformed)?)?)?),
        };
        // RFC 5802 §5.1: `m=` is a mandatory extension, and we know none.
        if bare.starts_with("m=") {
            return Err(Failure::Protocol);
        }
        let mut fields = bare.split(',');
        // RFC 5802 §5.1: prepared; the proof is over the octets as they came.
        let username = prep::name(&saslname::unescape(field(fields.next(), "n=")?)?)?;
        let nonce = field(fields.next(), "r=")?;
        if !printable(nonce) {
            return Err(Failure::Protocol);
        }
        Ok(Self { gs2_header, flag, authzid, bare, username, nonce })
    }
}

/// `client-final-message`.
#[derive(Debug)]
pub(crate) struct ClientFinal<'a> {
    /// What `c=` holds, decoded: the GS2 header and the channel's data.
    pub(crate) binding: Vec<u8>,
    pub(crate) nonce: &'a str,
    pub(crate) without_proof: &'a str,
    pub(crate) proof: Vec<u8>,
}

impl<'a> ClientFinal<'a> {
    pub(crate) fn parse(message: &'a [u8]) -> Result<Self, Failure> {
        let text = text(message)?;
        let (without_proof, proof) = text.rsplit_once(",p=").ok_or(Failure::Malformed)?;
        let mut fields = without_proof.split(',');
        let binding = encoding::decode(field(fields.next(), "c=")?).map_err(|_| Failure::Malformed)?;
        let nonce = field(fields.next(), "r=")?;
        Ok(Self { binding, nonce, without_proof, proof: encoding::decode(proof).map_err(|_| Failure::Malformed)? })
    }
}

fn text(message: &[u8]) -> Result<&str, Failure> {
    match std::str::from_utf8(message) {
        Ok(text) if text.len() <= MAX_MESSAGE && !text.contains('\0') => Ok(text),
        _ => Err(Failure::Malformed),
    }
}

fn field<'a>(part: Option<&'a str>, name: &str) -> Result<&'a str, Failure> {
    part.and_then(|part| part.strip_prefix(name)).ok_or(Failure::Malformed)
}

fn printable(nonce: &str) -> bool {
    !nonce.is_empty() && nonce.bytes().all(|b| b.is_ascii_graphic() && b != b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_message_is_taken_apart() {
        let first = ClientFirst::parse(b"p=tls-exporter,a=boss,n=us=3Der,r=abc").unwrap();
        assert_eq!((first.gs2_header, first.flag), ("p=tls-exporter,a=boss,", BindingFlag::Used("tls-exporter")));
        assert_eq!((first.authzid.as_deref(), first.username.as_str(), first.bare), (Some("boss"), "us=er", "n=us=3Der,r=abc"));
    }

    #[test]
    fn mandatory_extensions_and_bad_headers_are_refused() {
        assert_eq!(ClientFirst::parse(b"n,,m=x,n=user,r=abc").err(), Some(Failure::Protocol));
        for bad in [&b"n,n=user,r=abc"[..], b"x,,n=user,r=abc", b"n,,r=abc", b"n,,n=,r=abc", b"n,,n=user", b"p=,,n=user,r=a", b"\xff"] {
            assert_eq!(ClientFirst::parse(bad).err(), Some(Failure::Malformed), "{bad:?}");
        }
    }
}
