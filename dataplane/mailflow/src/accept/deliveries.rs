//! A transaction's recipients as the store takes them.
//!
//! All share one body. What only one of them may know, or what only a final delivery bears (RFC 5321 §4.4:
//! `Return-Path`), stands in the prefix of that delivery.

use postern_core::{DomainName, Recipient};
use postern_message::received;
use postern_store::{
    blob::Prepared,
    ingest::{LocalDelivery, Target},
    mail::Flags,
    queue::{NewMessage, PoolKey},
};

use super::Transaction;

/// Placements in boxes.
pub(super) fn local(transaction: &Transaction) -> Vec<LocalDelivery> {
    let return_path = received::return_path(&transaction.sender);
    let delivery = |hop: &super::transaction::LocalHop| {
        let address = &hop.account.record.address;
        let mut prefix = return_path.clone();
        prefix.push_str(&received::delivered_to(address));
        // The address that was written to, tag and all, where it is not the box's own.
        if let Some(recipient) = transaction.recipients.get(hop.recipient)
            && recipient.address != *address
        {
            prefix.push_str("X-Original-To: ");
            prefix.push_str(&recipient.address.to_string());
            prefix.push_str("\r\n");
        }
        LocalDelivery {
            body: 0,
            account: hop.account.id,
            folder: Target::Inbox,
            flags: Flags::NONE,
            keywords: None,
            prefix: prefix.into_bytes(),
            received_at: transaction.at,
        }
    };
    transaction.boxes.iter().map(delivery).collect()
}

/// Recipients elsewhere, by the domain in whose name they are sent to.
pub(super) fn by_sender(transaction: &Transaction) -> Vec<(&DomainName, Vec<Recipient>)> {
    let mut groups: Vec<(&DomainName, Vec<Recipient>)> = Vec::new();
    for hop in &transaction.elsewhere {
        match groups.iter_mut().find(|(via, _)| **via == hop.via) {
            Some((_, recipients)) => recipients.push(hop.recipient.clone()),
            None => groups.push((&hop.via, vec![hop.recipient.clone()])),
        }
    }
    groups
}

/// What the queue gets of one group.
pub(super) fn queued(
    transaction: &Transaction,
    body: &Prepared,
    header_size: usize,
    recipients: Vec<Recipient>,
    (pool, tenant): (Option<PoolKey>, Option<String>),
) -> NewMessage {
    let parameters = &transaction.parameters;
    NewMessage {
        trace: transaction.trace,
        blob: body.id,
        size: body.size as u64,
        header_size: header_size as u64,
        sender: transaction.sender.clone(),
        envid: parameters.envid.clone(),
        ret: parameters.ret,
        body: parameters.body,
        smtputf8: parameters.smtputf8,
        account: transaction.login.as_ref().map(|login| login.account),
        tenant,
        pool,
        arrived_at: transaction.at,
        send_at: None,
        held: false,
        recipients,
    }
}
