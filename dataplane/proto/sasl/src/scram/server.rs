//! The server's two steps of SCRAM (RFC 5802 §5): each state holds only what the next one needs.

use postern_core::Secret;
use subtle::ConstantTimeEq;

use super::{
    ChannelBinding, ScramVerifier,
    hash::{Key, hmac, sha256, xor},
    message::{BindingFlag, ClientFinal, ClientFirst},
};
use crate::{Failure, encoding};

/// The channel-binding type that we take (RFC 9266 §3).
const TLS_EXPORTER: &str = "tls-exporter";

/// After client-first: who it is, not yet with which keys.
#[derive(Debug)]
pub(crate) struct AwaitVerifier {
    gs2_header: String,
    bound: bool,
    identity: Proven,
    first_bare: String,
    nonce: String,
}

/// After server-first: waiting for the proof.
#[derive(Debug)]
pub(crate) struct AwaitFinal {
    gs2_header: String,
    bound: bool,
    identity: Proven,
    /// `client-first-message-bare "," server-first-message ","`.
    auth_message: String,
    nonce: String,
    verifier: ScramVerifier,
}

/// Who was proven to be there.
#[derive(Debug)]
pub(crate) struct Proven {
    pub(crate) authcid: String,
    pub(crate) authzid: Option<String>,
}

impl AwaitVerifier {
    pub(crate) fn read(message: &[u8], plus: bool, server_nonce: &str, binding: &ChannelBinding) -> Result<Self, Failure> {
        let first = ClientFirst::parse(message)?;
        let available = matches!(binding, ChannelBinding::TlsExporter(_));
        let bound = match (first.flag, plus) {
            (BindingFlag::Used(TLS_EXPORTER), true) if available => true,
            // RFC 5802 §6: a client that thinks we cannot bind, though we said we can, has been shown another list.
            (BindingFlag::ThoughtAbsent, false) if available => return Err(Failure::ChannelBinding),
            (BindingFlag::Unsupported | BindingFlag::ThoughtAbsent, false) => false,
            _ => return Err(Failure::ChannelBinding),
        };
        Ok(Self {
            gs2_header: first.gs2_header.to_owned(),
            bound,
            first_bare: first.bare.to_owned(),
            nonce: format!("{}{server_nonce}", first.nonce),
            identity: Proven { authcid: first.username, authzid: first.authzid },
        })
    }

    pub(crate) fn username(&self) -> &str {
        &self.identity.authcid
    }

    /// `server-first-message`.
    pub(crate) fn challenge(self, verifier: ScramVerifier) -> (AwaitFinal, Vec<u8>) {
        let message = format!("r={},s={},i={}", self.nonce, encoding::encode(&verifier.salt), verifier.iterations);
        let next = AwaitFinal {
            gs2_header: self.gs2_header,
            bound: self.bound,
            identity: self.identity,
            auth_message: format!("{},{message},", self.first_bare),
            nonce: self.nonce,
            verifier,
        };
        (next, message.into_bytes())
    }
}

impl AwaitFinal {
    /// Checks the proof and answers with `server-final-message`.
    pub(crate) fn check(self, message: &[u8], binding: &ChannelBinding) -> Result<(Proven, Vec<u8>), Failure> {
        let last = ClientFinal::parse(message)?;
        if last.nonce != self.nonce {
            return Err(Failure::Protocol);
        }
        let mut expected = self.gs2_header.into_bytes();
        if let (true, ChannelBinding::TlsExporter(data)) = (self.bound, binding) {
            expected.extend_from_slice(data.expose());
        }
        if !bool::from(expected.ct_eq(&last.binding)) {
            return Err(Failure::ChannelBinding);
        }
        let auth_message = format!("{}{}", self.auth_message, last.without_proof);
        if !proves(&last.proof, &self.verifier.stored_key, &auth_message) {
            return Err(Failure::Proof);
        }
        let signature = hmac(self.verifier.server_key.expose(), auth_message.as_bytes());
        Ok((self.identity, format!("v={}", encoding::encode(signature)).into_bytes()))
    }
}

/// `H(ClientProof XOR ClientSignature) == StoredKey`, in constant time.
fn proves(proof: &[u8], stored_key: &Secret<Vec<u8>>, auth_message: &str) -> bool {
    let Ok(proof) = Key::try_from(proof) else { return false };
    let client_key = xor(&proof, &hmac(stored_key.expose(), auth_message.as_bytes()));
    sha256(&client_key).ct_eq(stored_key.expose()).into()
}
