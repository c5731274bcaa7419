//! RCPT (RFC 5321 §4.1.1.3).

use postern_access::budget::{Exhausted, Spender};
use postern_core::{EnhancedCode, Outcome, Recipient};
use postern_mailflow::accept::{Refused, Sender};
use postern_proto_smtp::{ForwardPath, RcptParams};

use crate::Session;

impl Session {
    pub(crate) async fn rcpt(&mut self, recipient: ForwardPath, params: RcptParams) {
        // RFC 5321 §4.5.1: <Postmaster> without a domain is this host's.
        let Some(address) = recipient.resolve(self.service.host()) else {
            let refused = postern_mailflow::route::Refusal::NoSuchMailbox.into();
            return self.refuse("RCPT", &[], &refused);
        };
        let recipient = Recipient { address, notify: params.notify, original: params.original };
        match self.take(recipient.clone()).await {
            Ok(()) => self.machine.accept(),
            Err(refused) => self.refuse("RCPT", std::slice::from_ref(&recipient.address), &refused),
        }
    }

    async fn take(&mut self, recipient: Recipient) -> Result<(), Refused> {
        let Some(mut transaction) = self.transaction.take() else {
            return Err(Refused::unavailable("a recipient without transaction"));
        };
        let mut taken = self.service.intake.recipient(&mut transaction, recipient).await;
        if let (Ok(()), Some(login)) = (&taken, &self.login) {
            let from = transaction.sender().clone().unwrap_or_else(|| login.address.clone());
            taken = self.spend(login, &from).await;
        }
        self.transaction = Some(transaction);
        taken
    }

    /// Takes one recipient from what the box and its domain may send in an hour.
    async fn spend(&self, login: &Sender, from: &postern_core::Address) -> Result<(), Refused> {
        let Some(access) = &self.service.access else { return Ok(()) };
        let Some(domain) = self.service.intake.domain_of(from).await? else { return Ok(()) };
        let record = &domain.record;
        let spenders = [
            (Spender::Account(login.account), record.defaults.send_per_hour),
            (Spender::Domain(record.name.clone()), record.limits.send_per_hour),
        ];
        access.budgets.spend(&spenders, 1).map_err(|e| exhausted(&e))
    }
}

fn exhausted(error: &Exhausted) -> Refused {
    let whose = match &error.spender {
        Spender::Account(_) => "this box",
        Spender::Domain(_) => "this domain",
    };
    let text = format!("The limit of {} recipients an hour of {whose} is reached, try again later", error.limit);
    Refused::new("rate_limit", Outcome::temporary(450, EnhancedCode::POLICY, text))
}
