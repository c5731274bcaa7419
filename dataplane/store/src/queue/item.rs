//! What is queued: a message, and each of its recipients.

use std::{fmt, net::IpAddr, str::FromStr, sync::Arc};

use postern_core::{
    AccountId, Address, BlobId, QueueId, Recipient, ReversePath, Timestamp, TraceId,
    envelope::{BodyType, Notify, Return},
};

use super::{SlotId, Token};
use crate::{
    db::Row,
    error::{Result, StoreError},
};

/// A pool's key: tenant and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolKey {
    /// The namespace that owns it.
    pub tenant: String,
    /// Its name there.
    pub name: String,
}

impl fmt::Display for PoolKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tenant, self.name)
    }
}

impl FromStr for PoolKey {
    type Err = StoreError;
    /// `tenant/name`; neither may hold a slash, as no Kubernetes name does.
    fn from_str(text: &str) -> Result<Self> {
        let (tenant, name) = text.split_once('/').ok_or_else(|| StoreError::Refused("a pool is tenant/name".into()))?;
        Ok(Self { tenant: tenant.to_owned(), name: name.to_owned() })
    }
}

/// The column of an optional pool.
pub(super) fn pool_text(pool: Option<&PoolKey>) -> String {
    pool.map(ToString::to_string).unwrap_or_default()
}

pub(super) fn pool_of(text: &str) -> Result<Option<PoolKey>> {
    if text.is_empty() {
        Ok(None)
    } else {
        text.parse().map(Some).map_err(|e: StoreError| StoreError::Damaged(format!("queued pool: {e}")))
    }
}

/// A message to be queued for recipients elsewhere.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Its story.
    pub trace: TraceId,
    /// Its body.
    pub blob: BlobId,
    /// Octets of the body.
    pub size: u64,
    /// Octets of the header section, the empty line included: what RET=HDRS gives back (RFC 3461 §4.3).
    pub header_size: u64,
    /// MAIL FROM.
    pub sender: ReversePath,
    /// ENVID in xtext.
    pub envid: Option<String>,
    /// RET.
    pub ret: Option<Return>,
    /// BODY.
    pub body: BodyType,
    /// SMTPUTF8 was given.
    pub smtputf8: bool,
    /// Whose mail it is.
    pub account: Option<AccountId>,
    /// Whose mail it is.
    pub tenant: Option<String>,
    /// Where it leaves from; `None` is the host's own addresses.
    pub pool: Option<PoolKey>,
    /// When it was accepted.
    pub arrived_at: Timestamp,
    /// Not before (scheduled, or to be undone); `None` is at once.
    pub send_at: Option<Timestamp>,
    /// Waits for an operator's release.
    pub held: bool,
    /// To whom. Each becomes a row.
    pub recipients: Vec<Recipient>,
}

/// What the recipients of a queued message share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedMessage {
    /// Names it within the queue.
    pub id: i64,
    /// Its story.
    pub trace: TraceId,
    /// Its body.
    pub blob: BlobId,
    /// Octets of the body.
    pub size: u64,
    /// Octets of the header section.
    pub header_size: u64,
    /// MAIL FROM.
    pub sender: ReversePath,
    /// ENVID in xtext.
    pub envid: Option<String>,
    /// RET.
    pub ret: Option<Return>,
    /// BODY.
    pub body: BodyType,
    /// SMTPUTF8 was given.
    pub smtputf8: bool,
    /// Whose mail it is.
    pub account: Option<AccountId>,
    /// Whose mail it is.
    pub tenant: Option<String>,
    /// Where it leaves from.
    pub pool: Option<PoolKey>,
    /// When it was accepted.
    pub arrived_at: Timestamp,
    /// How many recipients it was queued for.
    pub recipients: u32,
}

/// One recipient that is due, handed to the holder of its slot.
#[derive(Clone, Debug)]
pub struct QueueItem {
    /// The row.
    pub id: QueueId,
    /// The slot it was handed out from.
    pub slot: SlotId,
    /// The lease it was handed out under.
    pub token: Token,
    /// When it became due.
    pub due_at: Timestamp,
    /// RCPT TO.
    pub recipient: Recipient,
    /// Attempts made before.
    pub attempts: u32,
    /// The source address of the last attempt: a deferred message stays with it.
    pub source: Option<IpAddr>,
    /// What the last attempt was told.
    pub reply: Option<String>,
    /// Whether its sender has been told that it is late.
    pub delay_told: bool,
    /// Whether an operator has given it up ([`super::Queue::give_up`]): it is not to be tried, only told.
    pub given_up: bool,
    /// What it shares with the message's other recipients; one value for all that were handed out together.
    pub message: Arc<QueuedMessage>,
}

/// `held` of a recipient that an operator has given up; 0 is one that waits for its turn, 1 one that is held.
pub(super) const GIVEN_UP: i64 = 2;

pub(super) const fn notify_code(notify: Notify) -> i64 {
    notify.given as i64 | (notify.success as i64) << 1 | (notify.failure as i64) << 2 | (notify.delay as i64) << 3
}

pub(super) const fn notify_of(code: i64) -> Notify {
    Notify { given: code & 1 != 0, success: code & 2 != 0, failure: code & 4 != 0, delay: code & 8 != 0 }
}

pub(super) const fn ret_code(ret: Option<Return>) -> i64 {
    match ret {
        None => 0,
        Some(Return::Full) => 1,
        Some(Return::Headers) => 2,
    }
}

const fn ret_of(code: i64) -> Option<Return> {
    match code {
        1 => Some(Return::Full),
        2 => Some(Return::Headers),
        _ => None,
    }
}

pub(super) const fn body_code(body: BodyType) -> i64 {
    match body {
        BodyType::SevenBit => 0,
        BodyType::EightBitMime => 1,
        BodyType::BinaryMime => 2,
    }
}

const fn body_of(code: i64) -> BodyType {
    match code {
        1 => BodyType::EightBitMime,
        2 => BodyType::BinaryMime,
        _ => BodyType::SevenBit,
    }
}

pub(super) fn address_of(text: &str) -> Result<Address> {
    Address::parse(text).map_err(|e| StoreError::Damaged(format!("queued address: {e}")))
}

/// Reads the fifteen columns of `queue_message` from `first` on, in the table's order.
pub(super) fn message_of(row: &Row, first: usize) -> Result<QueuedMessage> {
    let unsigned = |value: i64| u64::try_from(value).unwrap_or(0);
    Ok(QueuedMessage {
        id: row.int(first)?,
        trace: TraceId(row.int(first + 1)?),
        blob: BlobId(row.int(first + 2)?),
        size: unsigned(row.int(first + 3)?),
        header_size: unsigned(row.int(first + 4)?),
        sender: row.opt_text(first + 5)?.map(|text| address_of(&text)).transpose()?,
        envid: row.opt_text(first + 6)?,
        ret: ret_of(row.int(first + 7)?),
        body: body_of(row.int(first + 8)?),
        smtputf8: row.int(first + 9)? != 0,
        account: row.opt_int(first + 10)?.map(AccountId),
        tenant: row.opt_text(first + 11)?,
        pool: pool_of(row.str(first + 12)?)?,
        arrived_at: Timestamp(row.int(first + 13)?),
        recipients: u32::try_from(row.int(first + 14)?).unwrap_or(u32::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_come_back() {
        for code in 0..16 {
            assert_eq!(notify_code(notify_of(code)), code);
        }
        for ret in [None, Some(Return::Full), Some(Return::Headers)] {
            assert_eq!(ret_of(ret_code(ret)), ret);
        }
        for body in [BodyType::SevenBit, BodyType::EightBitMime, BodyType::BinaryMime] {
            assert_eq!(body_of(body_code(body)), body);
        }
    }

    #[test]
    fn a_pool_is_tenant_and_name() {
        let key = PoolKey { tenant: "acme".into(), name: "bulk".into() };
        assert_eq!(pool_of(&pool_text(Some(&key))).unwrap(), Some(key));
        assert_eq!(pool_of("").unwrap(), None);
        assert!(pool_of("bulk").is_err());
    }
}
