//! The notice of success that a user asked for (NOTIFY=SUCCESS, RFC 3461 §4.1), for recipients whose mail lies in boxes
//! here: written with the message, in one commit.
//!
//! It goes into the user's own box, whichever of its addresses the message bears. Strangers are not told: their
//! addresses are not verified (see [`crate::bounce::wants`]). Where mail is handed on, the next server is asked to
//! tell, or the queue does.

use postern_message::{
    Summary,
    dsn::{self, Action, RecipientReport, Report},
    received,
};
use postern_store::{
    StoreError,
    ingest::{Accept, LocalDelivery, NewBody, Target},
    mail::Flags,
    trail::{EventRow, Key, Stage},
};
use serde_json::json;

use super::{Intake, Transaction};

impl Intake {
    /// Adds the notice to what is about to be committed, where one is due and the sender's box has room for it.
    ///
    /// # Errors
    /// As the store says.
    pub(super) async fn tell_success(&self, transaction: &Transaction, body: &[u8], accept: &mut Accept) -> Result<(), StoreError> {
        let (Some(login), Some(to)) = (&transaction.login, &transaction.sender) else { return Ok(()) };
        let wants = |hop: &super::transaction::LocalHop| {
            transaction.recipients.get(hop.recipient).filter(|recipient| recipient.notify.given && recipient.notify.success)
        };
        let mut reached: Vec<_> = transaction.boxes.iter().filter(|hop| wants(hop).is_some()).map(|hop| hop.recipient).collect();
        reached.dedup();
        let recipients: Vec<RecipientReport<'_>> = reached
            .iter()
            .filter_map(|index| transaction.recipients.get(*index))
            .map(|recipient| RecipientReport {
                address: &recipient.address,
                original: recipient.original.as_deref(),
                action: Action::Delivered,
                outcome: None,
                remote: None,
                attempts: 1,
                last_attempt: Some(transaction.at),
                retry_until: None,
            })
            .collect();
        if recipients.is_empty() {
            return Ok(());
        }
        let (now, trace) = (self.store().now(), self.store().ids.trace());
        let notice = dsn::compose(&Report {
            host: &self.settings().host,
            to,
            id: trace,
            now,
            boundary: &format!("postern{trace}"),
            arrived: transaction.at,
            envid: transaction.parameters.envid.as_deref(),
            ret: transaction.parameters.ret.unwrap_or_default(),
            smtputf8: transaction.parameters.smtputf8,
            original: body,
            recipients: &recipients,
        });
        if !self.room.fits(login.account, notice.message.len() as u64).await? {
            tracing::info!(trace = %transaction.trace, "a notice of success finds no room");
            return Ok(());
        }
        let prepared = self.store().prepare(&notice.message).await?;
        let summary = Summary::of(&notice.message).encode().into();
        accept.deliveries.push(LocalDelivery {
            body: accept.bodies.len(),
            account: login.account,
            folder: Target::Inbox,
            flags: Flags::NONE,
            keywords: None,
            prefix: format!("{}{}", received::return_path(&None), received::delivered_to(&login.address)).into_bytes(),
            received_at: now,
        });
        accept.bodies.push(NewBody { prepared, trace, summary });
        let about = json!({ "to": to, "notice": trace.to_string(), "actions": [Action::Delivered.as_str()] });
        let origin = json!({ "sender": null, "recipient": login.address, "about": transaction.trace.to_string() });
        accept.events.push(EventRow::new(transaction.trace, now, Stage::Notified, &about).of_tenant(&login.tenant));
        let own = EventRow::new(trace, now, Stage::Stored, &origin).with_keys([Key::address(&login.address)]);
        accept.events.push(own.of_tenant(&login.tenant));
        Ok(())
    }
}
