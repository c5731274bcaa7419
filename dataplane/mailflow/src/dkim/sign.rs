//! One signature over one message (RFC 6376 §5).

use mail_auth::{
    common::{
        crypto::{Ed25519Key, RsaKey, Sha256, SigningKey},
        headers::{HeaderStream, Writable, Writer},
    },
    dkim::{Signature, canonicalize::CanonicalHeaders},
};
use postern_core::{DomainName, Timestamp, directory::DkimAlgorithm};
use postern_message::header::{self, Fields};
use postern_store::directory::DkimKey;

use super::KeyError;

/// Fields that are signed. Those named twice are oversigned (RFC 6376 §5.4.2): one that is added later breaks the signature.
const FIELDS: [&str; 27] = [
    "From",
    "From",
    "To",
    "To",
    "Cc",
    "Cc",
    "Subject",
    "Subject",
    "Date",
    "Date",
    "Message-ID",
    "Message-ID",
    "Reply-To",
    "Reply-To",
    "Sender",
    "Sender",
    "In-Reply-To",
    "In-Reply-To",
    "References",
    "References",
    "MIME-Version",
    "MIME-Version",
    "Content-Type",
    "Content-Type",
    "Content-Transfer-Encoding",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];

/// A key that is ready to sign for a domain.
pub struct Signer {
    selector: String,
    key: Key,
}

enum Key {
    Rsa(Box<RsaKey<Sha256>>),
    Ed25519(Box<Ed25519Key>),
}

impl Signer {
    /// Reads a key of the store.
    ///
    /// # Errors
    /// [`KeyError`] when it is not of its type.
    pub fn new(key: &DkimKey) -> Result<Self, KeyError> {
        let private = key.private.expose();
        let ready = match key.algorithm {
            DkimAlgorithm::Rsa2048 => {
                #[expect(deprecated, reason = "what replaces it takes a type of rustls, which only postern-net knows")]
                let key = RsaKey::from_pkcs8_der(private).map_err(KeyError::of)?;
                Key::Rsa(Box::new(key))
            }
            DkimAlgorithm::Ed25519 => Key::Ed25519(Box::new(Ed25519Key::from_pkcs8_maybe_unchecked_der(private).map_err(KeyError::of)?)),
        };
        Ok(Self { selector: key.selector.clone(), key: ready })
    }

    /// The `DKIM-Signature` field of `message` for `domain`, with its CRLF.
    ///
    /// # Errors
    /// [`KeyError`] when the key does not sign.
    pub fn sign(&self, message: &[u8], domain: &DomainName, now: Timestamp) -> Result<Vec<u8>, KeyError> {
        match &self.key {
            Key::Rsa(key) => self.sign_with(&**key, message, domain, now),
            Key::Ed25519(key) => self.sign_with(&**key, message, domain, now),
        }
    }

    fn sign_with(&self, key: &impl SigningKey, message: &[u8], domain: &DomainName, now: Timestamp) -> Result<Vec<u8>, KeyError> {
        let mut signature = Signature {
            v: 1,
            a: key.algorithm(),
            d: domain.to_string(),
            s: self.selector.clone(),
            h: FIELDS.iter().map(ToString::to_string).collect(),
            t: u64::try_from(now.secs()).unwrap_or(0),
            ..Signature::default()
        };
        let (_, headers, signed, body) = signature.canonicalize(Message { fields: header::fields(message), message });
        signature.h = signed;
        signature.bh = key.hash(body).as_ref().to_vec();
        signature.b = key.sign(Unsigned { headers, signature: &signature }).map_err(KeyError::of)?;
        let mut field = Vec::with_capacity(1024);
        signature.write(&mut field, true);
        Ok(field)
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.selector)
    }
}

/// What is signed: the fields, then the signature's own without its value (RFC 6376 §3.7).
struct Unsigned<'a> {
    headers: CanonicalHeaders<'a>,
    signature: &'a Signature,
}

impl Writable for Unsigned<'_> {
    fn write(self, writer: &mut impl Writer) {
        self.headers.write(writer);
        self.signature.write(writer, false);
    }
}

/// A message as the signature reads it.
struct Message<'a> {
    fields: Fields<'a>,
    message: &'a [u8],
}

impl<'a> HeaderStream<'a> for Message<'a> {
    fn next_header(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        // The value with its line break, as canonicalization wants it.
        let field = self.fields.next()?;
        let colon = field.raw.iter().position(|b| *b == b':')?;
        Some((field.name, field.raw.get(colon + 1..)?))
    }

    fn body(&mut self) -> &'a [u8] {
        self.message.get(header::header_end(self.message)..).unwrap_or_default()
    }
}
