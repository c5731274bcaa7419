//! What strangers' mail is looked at for: a list of checks, each asked at the stages that it knows.
//!
//! A check gives a [`Verdict`] and decides nothing else; the first refusal ends the list. Adding one is a file here and
//! its line in [`all`]. Our own users' mail is not checked: they are known, and limited elsewhere.

mod header;
mod hops;

use async_trait::async_trait;
use postern_core::ReversePath;
use serde::Serialize;

use super::{Client, HeaderFacts, Refused};

/// What a check says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing to say.
    Silent,
    /// Goes on; the word is kept in the trail.
    Noted(String),
    /// Not taken.
    Refuse(Refused),
}

/// What a check had to say, as the trail keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// [`Check::name`].
    pub check: &'static str,
    /// The word.
    pub result: String,
}

/// A message as checks see it.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// The whole message as it came, without our trace header.
    pub message: &'a [u8],
    /// Its header's facts.
    pub header: &'a HeaderFacts,
    /// SMTPUTF8 was given.
    pub smtputf8: bool,
}

/// One check. It is shared by all sessions.
#[async_trait]
pub trait Check: Send + Sync + std::fmt::Debug {
    /// Its name in the trail.
    fn name(&self) -> &'static str;

    /// At MAIL.
    async fn sender(&self, client: &Client, sender: &ReversePath) -> Verdict {
        let _ = (client, sender);
        Verdict::Silent
    }

    /// At the end of the message.
    async fn content(&self, client: &Client, content: Content<'_>) -> Verdict {
        let _ = (client, content);
        Verdict::Silent
    }
}

/// The checks of a mail exchanger, in order: the cheap ones first.
#[must_use]
pub fn all() -> Vec<Box<dyn Check>> {
    vec![Box::new(hops::Hops::default()), Box::new(header::Header)]
}

/// What came of a check: kept, or the refusal.
pub(super) fn settle(name: &'static str, verdict: Verdict, findings: &mut Vec<Finding>) -> Result<(), Refused> {
    match verdict {
        Verdict::Silent => Ok(()),
        Verdict::Noted(result) => {
            findings.push(Finding { check: name, result });
            Ok(())
        }
        Verdict::Refuse(refused) => {
            findings.push(Finding { check: name, result: refused.reason.to_owned() });
            Err(refused)
        }
    }
}
