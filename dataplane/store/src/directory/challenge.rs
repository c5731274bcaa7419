//! Answers to an issuer's HTTP-01 challenges (RFC 8555 §8.3): the operator writes what its issuer will ask, whichever process is
//! asked reads it. They bump no position: they are asked a handful of times and are over within minutes.

use postern_core::Timestamp;

use super::{
    fence::{self, Epoch},
    handle::Directory,
};
use crate::{args, db::Column, error::Result, transaction};

/// Octets of a token at most. RFC 8555 §8.1 demands 128 bits of entropy, which are 22 characters; issuers use some 43.
const LONGEST: usize = 256;

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The last part of the path that is asked for.
    pub token: String,
    /// The key authorization: what the body is to be (RFC 8555 §8.1).
    pub answer: String,
    /// No longer given from then on.
    pub until: Timestamp,
}

impl Directory {
    /// The answer to a token. What cannot be a token costs no question.
    ///
    /// # Errors
    /// As the database says.
    pub async fn challenge(&self, token: &str) -> Result<Option<String>> {
        // RFC 8555 §8.3: characters of the base64url alphabet, and no padding.
        if token.is_empty() || token.len() > LONGEST || !token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return Ok(None);
        }
        let sql = "SELECT answer FROM acme_challenge WHERE token = $1 AND until > $2";
        self.inner.db.row(sql, args![token, self.inner.clock.now()]).await?.map(|row| row.text(0)).transpose()
    }

    /// Makes these the answers that are given; all others are forgotten.
    ///
    /// # Errors
    /// [`crate::StoreError::Refused`] when the epoch is over; else as the database says.
    pub async fn set_challenges(&self, challenges: &[Challenge], epoch: Epoch) -> Result<()> {
        let columns = [
            Column::texts(challenges.iter().map(|c| c.token.as_str())),
            Column::texts(challenges.iter().map(|c| c.answer.as_str())),
            Column::ints(challenges.iter().map(|c| c.until.0)),
        ];
        transaction!(self.inner.db, |tx| {
            fence::check(tx, epoch).await?;
            tx.execute("DELETE FROM acme_challenge", &[]).await?;
            tx.batch("INSERT INTO acme_challenge (token, answer, until) {rows}", &columns).await?;
            Ok(())
        })
    }
}
