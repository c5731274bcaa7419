//! One mail transaction as it grows: sender, recipients, and where each of them leads.

use std::{collections::HashSet, sync::Arc};

use postern_core::{
    AccountId, Address, DomainName, EnhancedCode, Outcome, Permanence, Recipient, ReversePath, Timestamp, TraceId,
    directory::DomainRecord,
    envelope::{BodyType, Return},
};
use postern_message::received::{self, Received};
use postern_store::directory::AccountEntry;

use super::{
    Client, HeaderFacts, Intake, Refused,
    check::{self, Finding},
};
use crate::route::{self, Door, Hop, Route};

/// What MAIL said besides the sender.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    /// BODY=.
    pub body: BodyType,
    /// SMTPUTF8 was given.
    pub smtputf8: bool,
    /// RET=.
    pub ret: Option<Return>,
    /// ENVID=, in xtext.
    pub envid: Option<String>,
    /// SIZE= in octets.
    pub size: Option<u64>,
}

/// One of our own users, proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The account.
    pub account: AccountId,
    /// Its primary address.
    pub address: Address,
    /// Its tenant.
    pub tenant: String,
}

/// A box that a recipient leads to.
#[derive(Clone, Debug)]
pub(super) struct LocalHop {
    pub account: Arc<AccountEntry>,
    /// Index of the recipient that led here first.
    pub recipient: usize,
}

/// A recipient elsewhere.
#[derive(Clone, Debug)]
pub(super) struct RemoteHop {
    pub recipient: Recipient,
    /// Index of the recipient that led there first.
    pub led_by: usize,
    /// The domain of ours in whose name it is sent on.
    pub via: DomainName,
}

/// A transaction between MAIL and the end of its message.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// Names it in replies, in `Received` and in the trail.
    pub trace: TraceId,
    /// When it began.
    pub at: Timestamp,
    /// The user, on a submission port.
    pub(crate) login: Option<Arc<Sender>>,
    /// MAIL FROM.
    pub(crate) sender: ReversePath,
    pub(crate) parameters: Parameters,
    /// Recipients taken, in order.
    pub(super) recipients: Vec<Recipient>,
    pub(super) boxes: Vec<LocalHop>,
    pub(super) elsewhere: Vec<RemoteHop>,
    /// The keys of their addresses: groups may lead to the same thousand again and again.
    going: HashSet<String>,
    pub(super) findings: Vec<Finding>,
    /// Octets of our trace header in front of the message.
    pub(super) prefix: usize,
}

impl Transaction {
    pub(crate) fn new(intake: &Intake, login: Option<Arc<Sender>>, sender: ReversePath, parameters: Parameters) -> Self {
        Self {
            trace: intake.store().ids.trace(),
            at: intake.store().now(),
            login,
            sender,
            parameters,
            recipients: Vec::new(),
            boxes: Vec::new(),
            elsewhere: Vec::new(),
            going: HashSet::new(),
            findings: Vec::new(),
            prefix: 0,
        }
    }

    /// MAIL FROM.
    #[must_use]
    pub const fn sender(&self) -> &ReversePath {
        &self.sender
    }

    /// The recipients taken, as they were written.
    #[must_use]
    pub fn recipients(&self) -> Vec<Address> {
        self.recipients.iter().map(|recipient| recipient.address.clone()).collect()
    }

    /// Drops the places whose recipient has had this message before, and the boxes that have (RFC 9228 §4). Says
    /// whether nothing is left of what there was.
    pub(super) fn stop_loops(&mut self, header: &HeaderFacts) -> bool {
        let Self { recipients, boxes, elsewhere, .. } = self;
        let before = boxes.len() + elsewhere.len();
        let again = |index: usize| recipients.get(index).is_some_and(|recipient| header.was_delivered_to(&recipient.address));
        boxes.retain(|hop| !again(hop.recipient) && !header.was_delivered_to(&hop.account.record.address));
        elsewhere.retain(|hop| !again(hop.led_by));
        before > 0 && boxes.is_empty() && elsewhere.is_empty()
    }

    /// What goes in front of the message: `Received`, and before what an alias sends on, `Delivered-To`, by which it is
    /// known when it comes back. Not where there are more recipients: none must learn of the others.
    #[must_use]
    pub fn trace_header(&mut self, client: &Client, host: &DomainName) -> Vec<u8> {
        let mut text = self.received(client, host);
        if let ([only], false) = (&self.recipients[..], self.elsewhere.is_empty()) {
            text.push_str(&received::delivered_to(&only.address));
        }
        self.prefix = text.len();
        text.into_bytes()
    }

    pub(crate) fn received(&self, client: &Client, host: &DomainName) -> String {
        received::received(&Received {
            helo: &client.name,
            // Where a user is, is the user's affair.
            peer: self.login.is_none().then_some(client.ip),
            peer_name: None,
            by: host,
            protocol: client.protocol(self.login.is_some(), self.parameters.smtputf8),
            tls: client.tls.as_deref(),
            id: self.trace,
            only_recipient: match &self.recipients[..] {
                [only] => Some(&only.address),
                _ => None,
            },
            at: self.at,
        })
    }
}

impl Intake {
    /// Begins a stranger's transaction at MAIL.
    ///
    /// # Errors
    /// [`Refused`] by a check, or because the database is away.
    pub async fn begin(&self, client: &Client, sender: ReversePath, parameters: Parameters) -> Result<Transaction, Refused> {
        self.ready()?;
        let mut transaction = Transaction::new(self, None, sender, parameters);
        for check in &self.checks {
            check::settle(check.name(), check.sender(client, &transaction.sender).await, &mut transaction.findings)?;
        }
        Ok(transaction)
    }

    /// Whether it is worth to begin.
    ///
    /// # Errors
    /// [`Refused`] while the database is away.
    pub fn ready(&self) -> Result<(), Refused> {
        if self.away.is_away() { Err(Refused::unavailable("the database was away a moment ago")) } else { Ok(()) }
    }

    /// Takes a recipient at RCPT. The same one twice is delivered once.
    ///
    /// # Errors
    /// [`Refused`]; the transaction stays as it was.
    pub async fn recipient(&self, transaction: &mut Transaction, recipient: Recipient) -> Result<(), Refused> {
        let door = if transaction.login.is_some() { Door::Submission } else { Door::Exchanger };
        let routed = route::route(&self.directory, &self.settings.route, door, &recipient.address).await;
        match routed.map_err(|e| self.failed(&e))? {
            Route::Refuse(refusal) => Err(refusal.into()),
            Route::Discard => {
                transaction.recipients.push(recipient);
                Ok(())
            }
            Route::To(hops) => self.admit(transaction, recipient, hops).await,
        }
    }

    async fn admit(&self, transaction: &mut Transaction, recipient: Recipient, hops: Vec<Hop>) -> Result<(), Refused> {
        let via = match (&transaction.login, &transaction.sender) {
            (Some(login), None) => login.address.domain(),
            (Some(_), Some(sender)) => sender.domain(),
            (None, _) => recipient.address.domain(),
        };
        let via = via.clone();
        let index = transaction.recipients.len();
        let alone = hops.len() == 1;
        let remote =
            |address: Address| RemoteHop { recipient: Recipient { address, ..recipient.clone() }, led_by: index, via: via.clone() };
        let (mut boxes, mut elsewhere) = (Vec::new(), Vec::new());
        for hop in hops {
            match hop {
                Hop::Elsewhere(address) => elsewhere.push(remote(address)),
                Hop::Box(account) if transaction.boxes.iter().any(|known| known.account.id == account.id) => {}
                Hop::Box(account) if self.has_room(&account, transaction.parameters.size).await? => {
                    boxes.push(LocalHop { account, recipient: index });
                }
                Hop::Box(_) if alone => return Err(full(self.settings.full_box)),
                // One full box must not stop a group, nor lose its copy in silence: the queue tries, and tells.
                Hop::Box(account) => elsewhere.push(remote(account.record.address.clone())),
            }
        }
        elsewhere.retain(|hop| transaction.going.insert(hop.recipient.address.key()));
        transaction.boxes.extend(boxes);
        transaction.elsewhere.extend(elsewhere);
        transaction.recipients.push(recipient);
        Ok(())
    }

    async fn has_room(&self, account: &AccountEntry, size: Option<u64>) -> Result<bool, Refused> {
        if account.record.quota.is_none() {
            let domain = self.directory.domain(account.record.address.domain()).await.map_err(|e| self.failed(&e))?;
            let unlimited = |domain: &DomainRecord| {
                domain.defaults.quota.is_none() && domain.limits.storage.is_none() && domain.limits.storage_per_mailbox.is_none()
            };
            if domain.is_none_or(|domain| unlimited(&domain.record)) {
                return Ok(true);
            }
        }
        self.room.fits(account.id, size.unwrap_or(0)).await.map_err(|e| self.failed(&e))
    }
}

fn full(permanence: Permanence) -> Refused {
    let outcome = match permanence {
        Permanence::Permanent => Outcome::permanent(552, EnhancedCode::MAILBOX_FULL, "Mailbox full"),
        Permanence::Temporary => Outcome::temporary(452, EnhancedCode::MAILBOX_FULL, "Mailbox full"),
    };
    Refused::new("mailbox_full", outcome)
}
