//! MAIL (RFC 5321 §4.1.1.2).

use postern_core::{EnhancedCode, Outcome, ReversePath};
use postern_mailflow::accept::{Parameters, Refused};
use postern_proto_smtp::MailParams;

use crate::Session;

impl Session {
    pub(crate) async fn mail(&mut self, sender: ReversePath, params: MailParams) {
        if self.transactions >= self.service.settings.max_transactions {
            let outcome = Outcome::temporary(421, EnhancedCode::SECURITY, "Enough messages for one connection");
            return self.refuse("MAIL", &[], &Refused::new("too_many_transactions", outcome));
        }
        let parameters = Parameters {
            body: params.body.unwrap_or_default(),
            smtputf8: params.smtputf8,
            ret: params.ret,
            envid: params.envid,
            size: params.size,
        };
        let intake = self.service.intake.clone();
        let begun = match &self.login {
            Some(login) => intake.begin_submission(login, sender, parameters).await,
            None => intake.begin(&self.client, sender, parameters).await,
        };
        match begun {
            Ok(transaction) => {
                self.transactions += 1;
                self.transaction = Some(Box::new(transaction));
                self.machine.accept();
            }
            Err(refused) => self.refuse("MAIL", &[], &refused),
        }
    }
}
