//! SMTP's sender and recipients with what DSN (RFC 3461) and the body extensions say of them.

use serde::{Deserialize, Serialize};

use crate::Address;

/// The envelope sender: `None` is `<>`.
pub type ReversePath = Option<Address>;

/// When a recipient's sender wants to hear (RFC 3461 §4.1). All false is `NEVER` when `given`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notify {
    /// Whether NOTIFY was given at all; without it failures are told and delays may be.
    pub given: bool,
    /// `SUCCESS`.
    pub success: bool,
    /// `FAILURE`.
    pub failure: bool,
    /// `DELAY`.
    pub delay: bool,
}

impl Notify {
    /// Whether a failure is to be told.
    #[must_use]
    pub const fn wants_failure(self) -> bool {
        !self.given || self.failure
    }

    /// Whether a delay is to be told.
    #[must_use]
    pub const fn wants_delay(self) -> bool {
        !self.given || self.delay
    }
}

/// One `RCPT TO`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// The address as given, tags and all.
    pub address: Address,
    /// NOTIFY.
    #[serde(default)]
    pub notify: Notify,
    /// ORCPT as `type;address`, still in xtext (RFC 3461 §4.2).
    #[serde(default)]
    pub original: Option<String>,
}

impl Recipient {
    /// A recipient without parameters.
    #[must_use]
    pub fn plain(address: Address) -> Self {
        Self { address, notify: Notify::default(), original: None }
    }
}

/// How much of the message a failure notice returns (RFC 3461 §4.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Return {
    /// `FULL`.
    Full,
    /// `HDRS`, and the default.
    #[default]
    Headers,
}

/// The content's form as MAIL declared it (RFC 6152, RFC 3030).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BodyType {
    /// Nothing said, or `7BIT`.
    #[default]
    SevenBit,
    /// `8BITMIME`.
    EightBitMime,
    /// `BINARYMIME`.
    BinaryMime,
}

/// Sender, recipients and parameters of one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// MAIL FROM.
    pub sender: ReversePath,
    /// RCPT TO, in order.
    pub recipients: Vec<Recipient>,
    /// BODY=.
    #[serde(default)]
    pub body: BodyType,
    /// SMTPUTF8 was given.
    #[serde(default)]
    pub smtputf8: bool,
    /// RET=.
    #[serde(default)]
    pub ret: Option<Return>,
    /// ENVID=, still in xtext (RFC 3461 §4.4).
    #[serde(default)]
    pub envid: Option<String>,
}
