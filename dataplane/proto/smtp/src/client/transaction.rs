//! A message to send: whether this server can take it, and the command lines that say so.

use bytes::Bytes;
use memchr::memchr;
use postern_core::{
    EnhancedCode, Envelope, Recipient,
    envelope::{BodyType, Return},
};

use super::{Capabilities, ServerReply};
use crate::{params::is_xtext, reply::digits, stuffing::has_bare_newline};

/// One envelope with its message.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// Sender, recipients and their parameters.
    pub envelope: Envelope,
    /// The message, lines ending with CRLF, dots not stuffed.
    pub body: Bytes,
    /// REQUIRETLS (RFC 8689) was asked for.
    pub require_tls: bool,
}

/// How the message goes over the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) body: BodyType,
    pub(super) smtputf8: bool,
    pub(super) bdat: bool,
}

impl Transaction {
    /// Decides how to send, or why not to.
    pub(super) fn form(&self, offers: &Capabilities, prefer_bdat: bool) -> Result<Form, ServerReply> {
        let size = self.body.len() as u64;
        if offers.size.is_some_and(|limit| limit > 0 && size > limit) {
            return Err(ServerReply::ours(552, EnhancedCode::TOO_BIG, "The message is bigger than the remote server takes"));
        }
        if self.require_tls && !offers.require_tls {
            return Err(ServerReply::ours(550, EnhancedCode(7, 30), "The remote server does not offer REQUIRETLS"));
        }
        let smtputf8 = self.needs_smtputf8();
        if smtputf8 && !offers.smtputf8 {
            // RFC 6531 §3.2 and §3.5.
            return Err(ServerReply::ours(550, EnhancedCode(6, 7), "The remote server does not offer SMTPUTF8"));
        }
        let bdat = prefer_bdat && offers.chunking;
        if has_bare_newline(&self.body) || memchr(0, &self.body).is_some() {
            if self.envelope.body != BodyType::BinaryMime {
                // A lone CR or LF never leaves us where a line is expected (SMTP smuggling).
                return Err(ServerReply::ours(554, EnhancedCode(6, 0), "The message has a CR, LF or NUL that may not be sent"));
            }
            if !(offers.chunking && offers.binary_mime) {
                // RFC 3030 §3: to be converted or returned; we return.
                return Err(ServerReply::ours(554, EnhancedCode(6, 3), "The remote server does not offer BINARYMIME"));
            }
            return Ok(Form { body: BodyType::BinaryMime, smtputf8, bdat: true });
        }
        if self.body.is_ascii() {
            return Ok(Form { body: BodyType::SevenBit, smtputf8, bdat });
        }
        if !offers.eight_bit_mime {
            // RFC 6152 §3: not without the extension; converting would break signatures.
            return Err(ServerReply::ours(554, EnhancedCode(6, 3), "The remote server does not offer 8BITMIME"));
        }
        Ok(Form { body: BodyType::EightBitMime, smtputf8, bdat })
    }

    /// Whether an address or a header needs it; a sender's SMTPUTF8 alone does not.
    fn needs_smtputf8(&self) -> bool {
        let envelope = &self.envelope;
        envelope.sender.iter().chain(envelope.recipients.iter().map(|r| &r.address)).any(postern_core::Address::needs_utf8)
            || (envelope.smtputf8 && !header(&self.body).is_ascii())
    }

    pub(super) fn write_mail(&self, offers: &Capabilities, form: Form, out: &mut Vec<u8>) {
        out.extend_from_slice(b"MAIL FROM:<");
        if let Some(sender) = &self.envelope.sender {
            out.extend_from_slice(sender.to_string().as_bytes());
        }
        out.push(b'>');
        if offers.size.is_some() {
            out.extend_from_slice(b" SIZE=");
            digits(self.body.len() as u64, out);
        }
        match form.body {
            BodyType::EightBitMime => out.extend_from_slice(b" BODY=8BITMIME"),
            BodyType::BinaryMime => out.extend_from_slice(b" BODY=BINARYMIME"),
            BodyType::SevenBit => {}
        }
        if form.smtputf8 {
            out.extend_from_slice(b" SMTPUTF8");
        }
        if self.require_tls {
            out.extend_from_slice(b" REQUIRETLS");
        }
        if offers.dsn {
            match self.envelope.ret {
                Some(Return::Full) => out.extend_from_slice(b" RET=FULL"),
                Some(Return::Headers) => out.extend_from_slice(b" RET=HDRS"),
                None => {}
            }
            if let Some(envid) = self.envelope.envid.as_deref().filter(|id| !id.is_empty() && is_xtext(id)) {
                out.extend_from_slice(b" ENVID=");
                out.extend_from_slice(envid.as_bytes());
            }
        }
        out.extend_from_slice(b"\r\n");
    }
}

pub(super) fn write_rcpt(recipient: &Recipient, offers: &Capabilities, out: &mut Vec<u8>) {
    out.extend_from_slice(b"RCPT TO:<");
    out.extend_from_slice(recipient.address.to_string().as_bytes());
    out.push(b'>');
    if offers.dsn {
        write_dsn(recipient, out);
    }
    out.extend_from_slice(b"\r\n");
}

/// NOTIFY and ORCPT (RFC 3461 §4.1, §4.2).
fn write_dsn(recipient: &Recipient, out: &mut Vec<u8>) {
    let notify = recipient.notify;
    if notify.given {
        out.extend_from_slice(b" NOTIFY=");
        let mut separator: &[u8] = b"";
        for (wanted, word) in [(notify.success, "SUCCESS"), (notify.failure, "FAILURE"), (notify.delay, "DELAY")] {
            if wanted {
                out.extend_from_slice(separator);
                out.extend_from_slice(word.as_bytes());
                separator = b",";
            }
        }
        if separator.is_empty() {
            out.extend_from_slice(b"NEVER");
        }
    }
    // What came from elsewhere than our own parser must not end the line.
    if let Some(original) =
        recipient.original.as_deref().filter(|o| o.split_once(';').is_some_and(|(kind, x)| is_xtext(kind) && is_xtext(x)))
    {
        out.extend_from_slice(b" ORCPT=");
        out.extend_from_slice(original.as_bytes());
    }
}

/// The header section.
fn header(body: &[u8]) -> &[u8] {
    let mut from = 0;
    while let Some(end) = memchr(b'\n', body.get(from..).unwrap_or_default()) {
        if end <= 1 {
            return body.get(..from).unwrap_or_default();
        }
        from += end + 1;
    }
    body
}
